// Actions on several chats at once: assign, close, tag.

import { byId, h } from '../common/dom.js';
import { plural } from '../common/words.js';
import { offerTags } from './tags.js';

/** @import { Desk, ListPane } from './types.js' */

/** @param {{desk: Desk, list: ListPane}} options */
export function createBulkActions({ desk, list }) {
  const { words } = desk;
  const bar = byId('bulk');
  const count = h('p', { class: 'picked', role: 'status' });
  const select = h('select', { 'aria-label': words.assign_to });
  const tag = h('input', { maxlength: 50, placeholder: words.add_tag, 'aria-label': words.add_tag, list: 'tag-names' });
  const outcome = h('p', { class: 'result', role: 'alert' });
  const button = (/** @type {string} */ text, /** @type {() => void} */ onclick, kind = 'plain') =>
    h('button', { type: 'button', class: kind, onclick }, text);
  let busy = false;
  let filled = false;

  bar.append(
    count,
    h(
      'div',
      { class: 'pair' },
      select,
      button(words.assign, () => act({ act: 'assign', admin: select.value || null })),
    ),
    h(
      'div',
      { class: 'pair' },
      tag,
      button(words.tag, () => tag.value.trim() && act({ act: 'tag', tag: tag.value.trim() })),
    ),
    h(
      'div',
      { class: 'pair' },
      button(words.close_all, () => act({ act: 'close' })),
      button(words.unpick, list.unpick, 'quiet'),
    ),
    outcome,
  );
  offerTags(desk, tag);
  bar.addEventListener('submit', (event) => event.preventDefault());

  /** @param {object} what */
  async function act(what) {
    if (busy) return;
    busy = true;
    const result = await desk.http.post(desk.places.bulk, { ...what, numbers: list.picked().slice(0, 100) });
    busy = false;
    outcome.textContent = '';
    if (!result.ok) {
      if (!desk.refused(result)) outcome.textContent = result.message || words.not_done;
      return;
    }
    const { done, refused, undo } = result.data;
    if (undo?.length) {
      const text = plural(
        words,
        /** @type {any} */ (what).act === 'close' ? 'did_close_several' : 'did_unassign_several',
        done.length,
      );
      desk.undo.offer(text, {
        url: desk.places.bulk,
        body: { act: 'undo', numbers: undo.map((/** @type {any} */ each) => each.number), undo },
        onDone: list.refresh,
      });
    }
    outcome.textContent = refused.map((/** @type {any} */ each) => `${each.number}: ${each.message}`).join(' ');
    tag.value = '';
    if (!refused.length) list.unpick();
    list.refresh();
  }

  function render() {
    const n = list.picked().length;
    bar.hidden = n === 0;
    if (n) count.textContent = plural(words, 'picked', n);
    if (!n || filled) return;
    filled = true;
    desk.colleagues().then((admins) => {
      select.replaceChildren(
        ...admins
          .filter(({ may_answer }) => may_answer)
          .map(({ username, name }) => h('option', { value: username }, name)),
      );
      select.value = desk.me.username;
    });
  }

  list.onPick(render);
  return { render };
}
