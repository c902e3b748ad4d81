// The admin's saved views, after the standard views, with a button to remove each.

import { h } from '../common/dom.js';
import { fill } from '../common/words.js';

/** @import { Desk } from './types.js' */

/** @param {{desk: Desk, query: Record<string, string>}} options */
export async function createSavedViews({ desk, query }) {
  const { words, http, places } = desk;
  const bar = document.getElementById('views');
  const form = /** @type {HTMLFormElement|null} */ (document.getElementById('save-view'));
  const box = /** @type {HTMLInputElement|null} */ (document.getElementById('view-name'));

  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const name = box?.value.trim();
    if (!box || !name) return;
    const result = await http.post(places.views, { name, query });
    if (result.ok) {
      box.value = '';
      form.hidden = true;
      load();
    } else if (!desk.refused(result)) desk.say(result.message || words.not_done);
  });

  async function load() {
    const result = await http.get(places.views);
    if (!result.ok || !bar) return;
    for (const old of bar.querySelectorAll('.saved')) old.remove();
    bar.append(...result.data.views.map(item));
  }

  /** @param {{name: string, query: Record<string, string>, links: {remove: string}}} view */
  function item({ name, query: wanted, links }) {
    const search = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
    const same = search.toString() === new URLSearchParams(query).toString();
    const link = h(
      'a',
      {
        class: 'view',
        href: `${location.pathname}?${search}`,
        'data-view': 'saved',
        'aria-current': same ? 'true' : null,
      },
      h('bdi', {}, name),
    );
    link.addEventListener('click', () => (link.href = `${location.pathname}?${search}`));
    const remove = h(
      'button',
      {
        type: 'button',
        class: 'drop',
        'aria-label': fill(words.remove_view, { name }),
        async onclick() {
          const done = await http.post(links.remove, {});
          if (done.ok) load();
        },
      },
      '×',
    );
    if (same && form) form.hidden = true;
    return h('li', { class: 'saved' }, link, remove);
  }

  await load();
}
