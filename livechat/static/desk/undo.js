// Undo: for some seconds after a chat was closed or unassigned, or its customer blocked, a bar offers to undo that. The
// server does so only while nobody has acted since.

import { byId, h } from '../common/dom.js';

/** @import { Undo, UndoOptions, Undoing } from './types.js' */

const STAYS = 8000; // milliseconds; longer while the pointer or the focus is in the bar

/** @param {UndoOptions} options @returns {Undo} */
export function createUndo({ words, http, say, refused }) {
  const place = byId('undo');
  /** @type {Undoing|null} */
  let offered = null;
  /** @type {HTMLElement|null} where the focus was before it moved here */
  let before = null;
  let timer = 0;

  function withdraw() {
    clearTimeout(timer);
    const focused = place.contains(document.activeElement);
    offered = null;
    place.replaceChildren();
    if (focused && before?.isConnected) before.focus();
    else if (focused) byId('main').focus();
    before = null;
  }

  function wait() {
    clearTimeout(timer);
    if (offered && !place.matches(':hover') && !place.contains(document.activeElement))
      timer = setTimeout(withdraw, STAYS);
  }

  async function run() {
    if (!offered) return;
    const { url, body, onDone } = offered;
    withdraw();
    const result = await http.post(url, body);
    if (!result.ok) {
      if (!refused(result)) say(result.message || words.not_done);
      return;
    }
    const trouble = (result.data.refused ?? []).map((/** @type {any} */ each) => `${each.number}: ${each.message}`);
    say(trouble.join(' ') || words.undone);
    onDone(result.data);
  }

  place.addEventListener('focusin', ({ relatedTarget }) => {
    before = relatedTarget instanceof HTMLElement && !place.contains(relatedTarget) ? relatedTarget : before;
    wait();
  });
  for (const event of ['focusout', 'pointerenter', 'pointerleave'])
    place.addEventListener(event, () => setTimeout(wait));

  return {
    offer(text, undoing) {
      withdraw();
      offered = undoing;
      const button = h(
        'button',
        { type: 'button', class: 'quiet', 'aria-keyshortcuts': 'Z', onclick: run },
        words.undo,
      );
      place.replaceChildren(h('span', { dir: 'auto' }, text), button);
      wait();
    },
    can: () => offered !== null,
    run,
  };
}
