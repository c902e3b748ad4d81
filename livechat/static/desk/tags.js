// The tags of a conversation: shows, adds and removes them.

import { byId, h } from '../common/dom.js';
import { fill } from '../common/words.js';

/** @import { TagsOptions } from './conversation_types.js' */
/** @import { DeskSession } from './json_types.js' */
/** @import { Desk } from './types.js' */

/** Suggests the existing tags in a field, once it is first focused. @param {Desk} desk @param {HTMLElement} box @param {AbortSignal} [signal] */
export function offerTags(desk, box, signal) {
  const offer = async () => {
    const result = await desk.http.get(desk.places['tag-names']);
    if (!result.ok || signal?.aborted) return;
    const names = result.data.tags.map((/** @type {string} */ value) => h('option', { value }));
    byId('tag-names').replaceChildren(...names);
  };
  box.addEventListener('focus', offer, { once: true });
}

/** @param {TagsOptions} options */
export function createTags({ desk, act, signal }) {
  const { words } = desk;
  const list = byId('tags');
  const form = document.getElementById('tag-form');
  const box = /** @type {HTMLInputElement|null} */ (document.getElementById('tag-new'));
  let url = '';

  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const tag = box?.value.trim();
    if (!box || !tag) return;
    if (await act(url, { add: [tag], remove: [] })) box.value = '';
  });
  if (box) offerTags(desk, box, signal);

  return {
    /** @param {DeskSession} session */
    render({ tags = [], links }) {
      url = links.tags;
      list.replaceChildren(...(tags.length ? tags.map(item) : [h('li', { class: 'none' }, words.none)]));
    },
  };

  /** @param {string} tag */
  function item(tag) {
    const onclick = () => {
      box?.focus();
      act(url, { add: [], remove: [tag] });
    };
    const remove = h('button', { type: 'button', 'aria-label': fill(words.remove_tag, { tag }), onclick }, '×');
    return h('li', { class: 'tag' }, h('bdi', {}, tag), form ? remove : null);
  }
}
