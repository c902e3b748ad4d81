// The command palette: one field that finds actions, views, people and conversations. It opens synchronously: a key
// pressed before the field exists would trigger a shortcut.

import { h } from '../common/dom.js';
import { fill } from '../common/words.js';
import { createListbox } from './listbox.js';

/** @import { Choice, PaletteOptions } from './types.js' */

const PAUSE = 180; // milliseconds after a key before the server searches
const MOST = 8; // of each kind

/** @param {PaletteOptions} options */
export function openPalette({ desk, list, open, commands, current }) {
  const { words } = desk;
  const back = /** @type {HTMLElement|null} */ (document.activeElement);
  const box = h('input', {
    type: 'text',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'palette-list',
    'aria-autocomplete': 'list',
    'aria-label': words.palette,
    placeholder: words.palette,
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
  });
  const results = h('div', { id: 'palette-list', role: 'listbox', 'aria-label': words.palette_results });
  const listbox = createListbox(box, results);
  const status = h('p', { class: 'hint', role: 'status' });
  const dialog = h('dialog', { class: 'palette', 'aria-label': words.palette }, box, results, status);
  /** @type {Choice[]} */
  let shown = [];
  /** @type {Choice[]} */
  let people = [];
  /** @type {Choice[]} */
  let hits = [];
  let timer = 0;
  let asked = 0;

  /** @type {Choice[]} */
  const actions = commands.map(({ text, shown: key, run }) => ({ group: words.group_acts, text, key, run }));
  /** @type {Choice[]} */
  const views = [...document.querySelectorAll('#views a')].map((link) => ({
    group: words.group_views,
    text: link.firstChild?.textContent?.trim() ?? '',
    run: () => desk.go(/** @type {HTMLAnchorElement} */ (link).href),
  }));
  /** @type {Choice[]} */
  const chats = (list?.sessions() ?? []).map((session) => ({
    group: words.group_chats,
    text: session.customer.name ?? words.guest,
    more: session.last_message?.body.slice(0, 80) ?? '',
    run: () => open(session.links.self),
  }));

  desk.colleagues().then((admins) => {
    const chat = current();
    const session = chat?.session();
    people = admins.flatMap(({ username, name, presence, may_answer }) => {
      const more = words[`colleague_${presence}`] ?? '';
      const all = {
        group: words.group_people,
        text: fill(words.chats_of, { name }),
        more,
        run: () => desk.go(`${desk.url}?assignee=${encodeURIComponent(username)}`),
      };
      if (!chat || !session || session.status === 'closed' || !desk.me.may.has('answer') || !may_answer) return [all];
      const give = {
        group: words.group_people,
        text: fill(words.give_to, { name }),
        more,
        run: () => void chat.actions()?.post(session.links.assign, { admin: username, version: session.version }),
      };
      return session.assignee === username ? [all] : [give, all];
    });
    show();
  });

  const fold = (/** @type {string} */ text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

  function show() {
    const parts = fold(box.value).split(/\s+/).filter(Boolean);
    const fits = (/** @type {Choice} */ { text, more = '' }) =>
      parts.every((part) => fold(`${text} ${more}`).includes(part));
    const groups = parts.length ? [chats, actions, views, people] : [actions, views, people, chats];
    shown = groups.flatMap((each) => each.filter(fits).slice(0, parts.length ? MOST : 40));
    shown.push(...hits.filter((hit) => !shown.some(({ text, more }) => text === hit.text && more === hit.more)));
    draw();
  }

  function draw() {
    let group = '';
    const items = shown.flatMap((choice, i) => {
      const item = h(
        'div',
        {
          role: 'option',
          id: `choice-${i}`,
          onclick: () => choose(choice),
          onpointermove: () => i !== listbox.at() && listbox.mark(i),
        },
        h('bdi', {}, choice.text),
        choice.more ? h('span', { class: 'soft', dir: 'auto' }, choice.more) : null,
        choice.key ? h('kbd', {}, choice.key) : null,
      );
      const head = choice.group !== group ? [h('p', { class: 'group', role: 'presentation' }, choice.group)] : [];
      group = choice.group;
      return [...head, item];
    });
    results.replaceChildren(...items);
    status.textContent = shown.length ? '' : words.palette_none;
    listbox.mark(listbox.at());
  }

  /** @param {Choice} choice */
  function choose(choice) {
    dialog.close();
    choice.run();
  }

  async function search() {
    const q = box.value.trim();
    const mine = ++asked;
    if (q.length < 2) return;
    const url = new URL(desk.places.search);
    url.searchParams.set('q', q);
    const result = await desk.http.get(url.href);
    if (mine !== asked) return;
    /** @type {any[]} */
    const found = result.ok ? result.data.hits : [];
    hits = found.slice(0, MOST).map(({ name, number, snippet, link }) => ({
      group: words.group_found,
      text: name ?? fill(words.chat_number, { number }),
      more: snippet.map((/** @type {{text: string}} */ each) => each.text).join(''),
      run: () => open(link, { name }),
    }));
    show();
  }

  box.addEventListener('input', () => {
    hits = [];
    show();
    listbox.mark(0);
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || !shown.length) return;
    if (event.key === 'Enter') choose(shown[listbox.at()]);
    else if (!listbox.move(event.key)) return;
    event.preventDefault();
  });
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => {
    clearTimeout(timer);
    asked += 1;
    dialog.remove();
    if (document.activeElement === document.body) back?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  show();
}
