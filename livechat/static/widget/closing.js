// Closing a conversation: the confirmation, the choices in a closed one, and messages that it refused.

import { byId } from '../common/dom.js';

/** @import { Closing, ClosingOptions } from './types.js' */

/** @param {ClosingOptions} options @returns {Closing} */
export function createClosing({ chat, words, composer, guest, visible, onChange }) {
  const confirm = byId('confirm');
  const choices = byId('closed');
  const text = byId('closed-text');
  const error = byId('box-error');
  let lostId = ''; // the session that the server does not know any more
  let held = false; // "Send" was pressed already: the text is sent with the choice

  const lost = () => lostId !== '' && chat.session()?.id === lostId;
  const over = () => lost() || chat.session()?.status === 'closed';

  /** @param {boolean} asking */
  function ask(asking) {
    confirm.hidden = !asking;
    byId(asking ? 'confirm-yes' : 'end').focus();
  }

  /** @param {boolean} send  the text that was held */
  function goOn(send) {
    held = false;
    lostId = '';
    error.textContent = '';
    onChange();
    composer.focus();
    if (send) composer.submit();
  }

  /** Puts a refused message back into the box. @param {string} id @param {boolean} behind */
  function takeBack(id, behind) {
    const entry = chat.outbox.entries().find((each) => each.client_id === id);
    if (!entry) return;
    const texts = behind ? [composer.text(), entry.body] : [entry.body, composer.text()];
    composer.set(texts.filter(Boolean).join('\n'));
    chat.outbox.discard(id);
  }

  byId('end').addEventListener('click', () => ask(confirm.hidden === true));
  byId('confirm-no').addEventListener('click', () => ask(false));
  byId('confirm-yes').addEventListener('click', async () => {
    const result = await chat.close();
    ask(false);
    error.textContent = result?.ok ? '' : result?.message || words.not_done;
    onChange();
    if (result?.ok) byId('new-chat').focus();
  });
  byId('reopen').addEventListener('click', async () => {
    const send = held;
    const result = await chat.reopen();
    if (result?.ok) goOn(send);
    else error.textContent = result?.message || words.not_done;
  });
  byId('new-chat').addEventListener('click', () => {
    const send = held;
    chat.startOver(lost());
    goOn(send);
  });

  return {
    holds() {
      if (!over()) return false;
      held = true;
      onChange();
      return true;
    },
    over,
    takeBack,
    settle() {
      if (!visible()) return; // the visible tab does it
      for (const { client_id, refused } of chat.outbox.entries()) {
        if (!refused) continue;
        const { code, field, message } = refused;
        if (code === 'session_closed' || code === 'not_found') {
          // the first goes in front of the text typed since, the next after the first
          const behind = held;
          held = true; // first: taking one back settles the next
          if (code === 'not_found') lostId = chat.session()?.id ?? '';
          takeBack(client_id, behind);
          chat.poke();
        } else if (field === 'name' || field === 'email') {
          takeBack(client_id, false);
          guest.refuse(field, message);
        }
      }
    },
    gone() {
      lostId = chat.session()?.id ?? '';
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
      const why = lost() ? words.gone : kept ? words.closed_kept : words.closed;
      choices.hidden = !over();
      if (!over()) text.textContent = '';
      else if (text.textContent !== why) text.textContent = why;
      byId('reopen').hidden = lost();
      byId('end').hidden = over() || chat.session() === null;
      if (over()) confirm.hidden = true;
    },
  };
}
