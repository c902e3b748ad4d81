// The end of a conversation: asking before one ends it, and what to do with a closed one.

import { byId } from '../shared/dom.js';

/**
 * @param {object} options
 * @param {ReturnType<typeof import('./chat.js').createChat>} options.chat
 * @param {import('../shared/words.js').Words} options.words
 * @param {import('../shared/composer.js').Composer} options.composer
 * @param {() => void} options.onChange
 */
export function createEnding({ chat, words, composer, onChange }) {
  const push = (/** @type {string} */ id) => byId(id, HTMLButtonElement);
  const confirm = byId('confirm', HTMLElement);
  const choices = byId('closed', HTMLElement);
  const text = byId('closed-text', HTMLElement);
  const error = byId('closed-error', HTMLElement);
  let lost = false; // the server does not know the session any more
  let held = false; // the text in the box was sent already: it goes out with the choice

  const over = () => lost || chat.session()?.status === 'closed';

  /** @param {boolean} asking */
  function ask(asking) {
    confirm.hidden = !asking;
    push(asking ? 'confirm-yes' : 'end').focus();
  }

  function goOn() {
    lost = false;
    error.textContent = '';
    const send = held;
    held = false;
    onChange();
    composer.focus();
    if (send) composer.submit();
  }

  push('end').addEventListener('click', () => ask(confirm.hidden));
  push('confirm-no').addEventListener('click', () => ask(false));
  push('confirm-yes').addEventListener('click', async () => {
    const result = await chat.close();
    ask(false);
    error.textContent = result?.ok ? '' : result?.message || words.not_done;
    onChange();
    if (result?.ok) push('anew').focus();
  });
  push('reopen').addEventListener('click', async () => {
    const result = await chat.reopen();
    if (result?.ok) goOn();
    else error.textContent = result?.message || words.not_done;
  });
  push('anew').addEventListener('click', () => {
    chat.anew(lost);
    goOn();
  });

  return {
    /** Whether a send has to wait for a choice; then its text is held. */
    holds() {
      if (!over()) return false;
      held = true;
      onChange();
      return true;
    },
    /** The server refused a message for this. @param {boolean} gone */
    hold(gone) {
      held = true;
      lost = lost || gone;
      chat.poke();
    },
    gone() {
      lost = true;
      onChange();
    },
    /** Escape: whether there was something to leave. */
    escape() {
      if (confirm.hidden) return false;
      ask(false);
      return true;
    },
    render() {
      if (chat.session()?.status !== 'closed' && !lost && choices.hidden === false) held = false;
      const kept = held && composer.text().trim() !== '';
      const words_ = lost ? words.gone : kept ? words.closed_kept : words.closed;
      choices.hidden = !over();
      if (!over()) text.textContent = '';
      else if (text.textContent !== words_) text.textContent = words_;
      push('reopen').hidden = lost;
      push('end').hidden = over() || chat.session() === null;
      if (over()) confirm.hidden = true;
    },
  };
}
