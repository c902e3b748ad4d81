// The end of a conversation: asking before one ends it, and what to do with a closed one.

import { byId } from '../common/dom.js';

/** @import { Ending, EndingOptions } from './types.js' */

/** @param {EndingOptions} options @returns {Ending} */
export function createEnding({ chat, words, composer, onChange }) {
  const push = (/** @type {string} */ id) => byId(id, HTMLButtonElement);
  const confirm = byId('confirm', HTMLElement);
  const choices = byId('closed', HTMLElement);
  const text = byId('closed-text', HTMLElement);
  const error = byId('box-error', HTMLElement);
  let lost = false; // the server does not know the session any more
  let held = false; // the text in the box was sent already: it goes out with the choice

  const over = () => lost || chat.session()?.status === 'closed';

  /** @param {boolean} asking */
  function ask(asking) {
    confirm.hidden = !asking;
    push(asking ? 'confirm-yes' : 'end').focus();
  }

  /** @param {boolean} send  the text that was held */
  function goOn(send) {
    lost = held = false;
    error.textContent = '';
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
    const send = held;
    const result = await chat.reopen();
    if (result?.ok) goOn(send);
    else error.textContent = result?.message || words.not_done;
  });
  push('anew').addEventListener('click', () => {
    const send = held;
    chat.anew(lost);
    goOn(send);
  });

  return {
    holds() {
      if (!over()) return false;
      held = true;
      onChange();
      return true;
    },
    hold(gone) {
      held = true;
      lost = lost || gone;
      chat.poke();
    },
    over,
    holding: () => held,
    gone() {
      lost = true;
      onChange();
    },
    escape() {
      if (confirm.hidden) return false;
      ask(false);
      return true;
    },
    render() {
      // opened again by the other side: the box sends as ever
      if (!over() && !choices.hidden) held = false;
      const kept = held && composer.text().trim() !== '';
      const why = lost ? words.gone : kept ? words.closed_kept : words.closed;
      choices.hidden = !over();
      if (!over()) text.textContent = '';
      else if (text.textContent !== why) text.textContent = why;
      push('reopen').hidden = lost;
      push('end').hidden = over() || chat.session() === null;
      if (over()) confirm.hidden = true;
    },
  };
}
