// The rows of the list: each session keeps its element, so that focus, pointer and scroll position stay.

import { h } from '../common/dom.js';
import { fill } from '../common/words.js';
import { activityText, momentText, untilText, urgencyOf, waitText } from './time_format.js';

/** @import { Words } from '../common/json_types.js' */
/** @import { DeskSession } from './json_types.js' */
/** @import { Rows, RowsOptions } from './types.js' */

const POINTED = 1500; // milliseconds after a pointer movement in which rows do not move
const SHOWN = 200; // characters of the last line

/** @param {RowsOptions} options @returns {Rows} */
export function createRows({ list, roll, template, me, words, tail }) {
  /** @type {Map<string, HTMLElement>} by number */
  const rows = new Map();
  /** @type {DeskSession[]} in the order to show */
  let wanted = [];
  let pointed = 0;
  let timer = 0;
  /** @type {number|null} */
  let chosen = null; // the conversation that is open
  let onPick = () => {};

  for (const row of list.querySelectorAll('li')) rows.set(row.dataset.number ?? '', row);
  for (const event of ['pointermove', 'pointerdown']) {
    list.addEventListener(event, () => (pointed = Date.now()), { passive: true });
  }
  list.addEventListener('change', () => onPick());

  /** @param {DeskSession} session */
  function rowOf({ number }) {
    const kept = rows.get(String(number));
    if (kept) return kept;
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild;
    const row = /** @type {HTMLElement} */ (copy);
    row.dataset.number = String(number);
    rows.set(String(number), row);
    return row;
  }

  /** @param {HTMLElement} row @param {string} name */
  const part = (row, name) => /** @type {HTMLElement} */ (row.querySelector(`[data-is="${name}"]`));

  /** Changes only text that differs, so that a selection is not lost. */
  function put(/** @type {HTMLElement} */ element, /** @type {string} */ text, shown = true) {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !shown;
  }

  /** @param {DeskSession} session @param {boolean} longest */
  function show(session, longest) {
    const row = rowOf(session);
    row.dataset.status = session.status;
    const elsewhere = session.assignee !== null && session.assignee !== me.username;
    const closed = session.status === 'closed';
    const calls = session.unread > 0 && !closed && !elsewhere; // a colleague's chat does not call
    row.classList.toggle('fresh', calls);
    row.classList.toggle('longest', longest);
    const link = part(row, 'name');
    const name = session.customer.name ?? words.guest;
    put(link, name);
    if (link instanceof HTMLAnchorElement) link.href = session.links.self + tail;
    showChosen(row, link);
    part(row, 'pick').setAttribute('aria-label', fill(words.pick, { name }));
    part(row, 'here').hidden = session.presence !== 'here';
    const unread = part(row, 'unread');
    unread.hidden = session.unread === 0 || (closed && elsewhere);
    unread.classList.toggle('quiet', !calls);
    if (unread.firstElementChild) unread.firstElementChild.textContent = String(session.unread);
    const { last_message: last, product } = session;
    const author = last?.from === 'customer' ? words.customer_said : `${last?.author ?? words.team}:`;
    put(part(row, 'author'), last ? author : '', last !== null);
    put(part(row, 'last'), last ? cut(last.body) : words.no_message);
    put(part(row, 'product'), product?.name ?? product?.id ?? '', product !== null);
    put(part(row, 'status'), words[`status_${session.status}`]);
    const mine = session.assignee === me.username;
    put(part(row, 'assignee'), mine ? words.yours : (session.admin?.name ?? words.nobody));
    showMarks(row, session);
    showTimes(row, session, longest);
  }

  /** @param {HTMLElement} row @param {HTMLElement} link */
  function showChosen(row, link) {
    const own = chosen !== null && row.dataset.number === String(chosen);
    row.classList.toggle('chosen', own);
    if (own) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }

  /** @param {HTMLElement} row @param {DeskSession} session */
  function showMarks(row, { priority = 'normal', snoozed_until: until = null, tags = [], blocked = false }) {
    row.dataset.priority = priority;
    put(part(row, 'priority'), priority === 'normal' ? '' : words[`priority_${priority}`], priority !== 'normal');
    put(part(row, 'snoozed'), until ? fill(words.sleeps, { time: untilText(until, words) }) : '', until !== null);
    part(row, 'blocked').hidden = !blocked;
    const labels = part(row, 'tags');
    if (labels.dataset.all === tags.join(' ')) return;
    labels.dataset.all = tags.join(' ');
    labels.replaceChildren(...tags.map((tag) => h('bdi', { class: 'tag' }, tag)));
  }

  /** @param {HTMLElement} row @param {DeskSession} session @param {boolean} longest */
  function showTimes(row, session, longest) {
    const { waiting_since: since, last_activity_at: activity } = session;
    part(row, 'wait').hidden = since === null;
    if (since) part(row, 'wait').dataset.urgency = urgencyOf(since);
    part(row, 'most').hidden = !longest;
    const waits = part(row, 'since');
    put(waits, since ? waitText(since, words) : '');
    waits.setAttribute('datetime', since ?? 'PT0S');
    const when = part(row, 'activity');
    put(when, activityText(activity, words));
    when.title = momentText(activity);
    when.setAttribute('datetime', activity);
  }

  /** Sorts the rows around the focused one and keeps the visible rows in place. */
  function arrange() {
    clearTimeout(timer);
    const order = wanted.map(rowOf);
    if (order.length === list.childElementCount && order.every((row, i) => row === list.children[i])) return;
    const rest = POINTED - (Date.now() - pointed);
    if (rest > 0) {
      timer = setTimeout(arrange, rest);
      return;
    }
    const scrolled = roll.scrollTop > 0 ? roll : (document.scrollingElement ?? roll);
    const anchor = scrolled.scrollTop > 0 ? order.find((row) => row.isConnected && inSight(row)) : undefined;
    const before = anchor?.getBoundingClientRect().top ?? 0;
    const stay = new Set(order);
    for (const row of [...list.children]) if (!stay.has(/** @type {HTMLElement} */ (row))) row.remove();
    const focused = order.findIndex((row) => row.contains(document.activeElement));
    // from the focused row upwards, then downwards: an element that is moved loses the focus
    for (let i = focused - 1; i >= 0; i--) place(order[i], order[i + 1]);
    for (let i = order.length - 1; i > focused; i--) place(order[i], order[i + 1] ?? null);
    if (anchor) scrolled.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** @param {HTMLElement} row @param {Element|null} next */
  function place(row, next) {
    if (row.parentNode !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
  }

  /** @param {HTMLElement} row */
  function inSight(row) {
    const { top } = row.getBoundingClientRect();
    const moved = part(row, 'activity').dataset.before !== part(row, 'activity').getAttribute('datetime');
    return top >= roll.getBoundingClientRect().top && top < innerHeight && !moved;
  }

  /** @param {HTMLElement|undefined} row */
  function focus(row) {
    const link = row && part(row, 'name');
    link?.focus();
    row?.scrollIntoView({ block: 'nearest' });
  }

  const boxes = () => /** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll('[data-is="pick"]'));

  return {
    show(sessions, longest) {
      wanted = sessions;
      for (const row of rows.values()) {
        const activity = part(row, 'activity');
        activity.dataset.before = activity.getAttribute('datetime') ?? '';
      }
      for (const session of sessions) show(session, session.number === longest);
      arrange();
      const numbers = new Set(sessions.map(({ number }) => String(number)));
      for (const [number, row] of rows) if (!numbers.has(number) && !row.isConnected) rows.delete(number);
    },
    mark(number) {
      chosen = number;
      for (const row of rows.values()) showChosen(row, part(row, 'name'));
      const row = rows.get(String(number));
      if (row?.isConnected) row.scrollIntoView({ block: 'nearest' });
    },
    move(step) {
      const all = /** @type {HTMLElement[]} */ ([...list.children]);
      const at = all.findIndex((row) => row.contains(document.activeElement));
      const from = at >= 0 ? at : all.findIndex((row) => row.dataset.number === String(chosen));
      focus(all[Math.min(Math.max(from < 0 ? 0 : from + step, 0), all.length - 1)]);
    },
    focus(number = chosen ?? undefined) {
      const row = rows.get(String(number));
      focus(row?.isConnected ? row : /** @type {HTMLElement|undefined} */ (list.children[0]));
    },
    picked: () => [...boxes()].filter((box) => box.checked).map((box) => Number(box.closest('li')?.dataset.number)),
    unpick() {
      for (const box of boxes()) box.checked = false;
      onPick();
    },
    onPick: (listener) => void (onPick = listener),
  };
}

/** @param {string} text */
const cut = (text) => (text.length > SHOWN ? `${[...text].slice(0, SHOWN).join('')}…` : text);

/**
 * The announcement of the difference between two lists for screen readers: one short sentence, or nothing.
 * @param {DeskSession[]} before @param {DeskSession[]} after @param {Words} words
 */
export function difference(before, after, words) {
  const known = new Map(before.map((session) => [session.number, session]));
  const louder = after.filter(({ number, unread }) => unread > (known.get(number)?.unread ?? 0));
  if (louder.length > 1) return fill(words.said_several, { n: louder.length });
  if (!louder.length) return '';
  const [session] = louder;
  const name = session.customer.name ?? words.guest;
  return fill(known.has(session.number) ? words.said_message : words.said_chat, { name });
}
