// Canned replies: "/" at the start of a reply opens a list that follows what is typed.

import { h } from '../common/dom.js';
import { createListbox } from './listbox.js';

/** @import { ReplyPicker, ReplyPickerOptions } from './conversation_types.js' */
/** @import { CannedReply } from './json_types.js' */

const PAUSE = 120; // milliseconds after a key before the server is asked

/** @param {ReplyPickerOptions} options @returns {ReplyPicker} */
export function createReplyPicker({ desk, box, place, session, put, signal }) {
  const { words } = desk;
  const list = h('ul', { id: 'picker-list', role: 'listbox', 'aria-label': words.canned });
  const listbox = createListbox(box, list);
  const empty = h('p', { class: 'hint', role: 'status' });
  /** @type {CannedReply[]} */
  let found = [];
  let timer = 0;
  let asked = 0;

  place.replaceChildren(list, empty);
  box.setAttribute('aria-controls', 'picker-list');

  const query = () => /^\/([^\n]{0,60})$/.exec(box.value)?.[1];
  const open = () => !place.hidden && found.length > 0;

  function close() {
    asked += 1;
    clearTimeout(timer);
    place.hidden = true;
    box.removeAttribute('aria-activedescendant');
  }

  async function look() {
    const q = query();
    if (q === undefined) return;
    const mine = ++asked;
    if (!session().links.self) return; // it is not known yet whose chat it is
    const url = new URL(`${session().links.self}replies/`);
    url.searchParams.set('q', q);
    const result = await desk.http.get(url.href);
    if (mine !== asked || signal.aborted || query() === undefined) return;
    found = result.ok ? result.data.replies : [];
    list.replaceChildren(...found.map(option));
    list.hidden = found.length === 0;
    empty.textContent = found.length ? '' : words.no_canned;
    place.hidden = false;
    listbox.mark(0);
  }

  /** @param {CannedReply} reply @param {number} i */
  function option(reply, i) {
    /** @param {Event} event */
    const onpointerdown = (event) => {
      event.preventDefault(); // the box keeps the focus
      choose(reply);
    };
    return h(
      'li',
      { id: `canned-${i}`, role: 'option', onpointerdown },
      h('kbd', {}, `/${reply.code}`),
      h('b', { dir: 'auto' }, reply.title),
      h('span', { dir: 'auto' }, reply.text),
    );
  }

  /** @param {CannedReply} reply */
  function choose(reply) {
    close();
    put(reply.text);
    box.focus();
    box.dispatchEvent(new Event('input', { bubbles: true }));
    desk.http.post(`${desk.places.replies}${reply.id}/used/`, {});
  }

  box.addEventListener('input', () => {
    if (query() === undefined) return close();
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  // before the composer hears the key
  box.addEventListener('keydown', (event) => {
    if (place.hidden || event.isComposing) return;
    const { key } = event;
    if (key === 'Escape') close();
    else if (!found.length) return;
    else if ((key === 'Enter' && !event.shiftKey) || key === 'Tab') choose(found[listbox.at()]);
    else if (!listbox.move(key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  box.addEventListener('blur', close);

  return { open, close };
}
