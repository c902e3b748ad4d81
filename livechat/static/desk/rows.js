// The rows of the list: each session keeps its element, so focus, pointer and scroll stay where they are.

import { fill } from '../common/words.js';
import { activityText, momentText, waitText } from './telling.js';

/** @import { Words } from '../common/types.js' */
/** @import { DeskSession, Rows, RowsOptions } from './types.js' */

const POINTED = 1500; // milliseconds after a movement in which nothing slips away under the pointer
const SHOWN = 200; // characters of the last line

/** @param {RowsOptions} options @returns {Rows} */
export function createRows({ list, template, me, words }) {
  /** @type {Map<string, HTMLElement>} by number */
  const rows = new Map();
  /** @type {DeskSession[]} as they should stand */
  let wanted = [];
  let pointed = 0;
  let timer = 0;

  for (const row of list.querySelectorAll('li')) rows.set(row.dataset.number ?? '', row);
  for (const event of ['pointermove', 'pointerdown']) {
    list.addEventListener(event, () => (pointed = Date.now()), { passive: true });
  }

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

  /** Changes only what differs, so that nobody's selection is lost. */
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
    const calls = session.unread > 0 && !closed && !elsewhere; // a colleague's do not call
    row.classList.toggle('fresh', calls);
    row.classList.toggle('longest', longest);
    const link = part(row, 'name');
    put(link, session.customer.name ?? words.guest);
    if (link instanceof HTMLAnchorElement) link.href = session.links.self;
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
    showTimes(row, session, longest);
  }

  /** @param {HTMLElement} row @param {DeskSession} session @param {boolean} longest */
  function showTimes(row, session, longest) {
    const { waiting_since: since, last_activity_at: activity } = session;
    part(row, 'wait').hidden = since === null;
    part(row, 'most').hidden = !longest;
    const waits = part(row, 'since');
    put(waits, since ? waitText(since, words) : '');
    waits.setAttribute('datetime', since ?? '');
    const when = part(row, 'activity');
    put(when, activityText(activity, words));
    when.title = momentText(activity);
    when.setAttribute('datetime', activity);
  }

  /** Puts the rows in order around the one that has the focus, and keeps what is in sight in its place. */
  function arrange() {
    clearTimeout(timer);
    const order = wanted.map(rowOf);
    if (order.length === list.childElementCount && order.every((row, i) => row === list.children[i])) return;
    const rest = POINTED - (Date.now() - pointed);
    if (rest > 0) {
      timer = setTimeout(arrange, rest);
      return;
    }
    const anchor = scrollY > 0 ? order.find((row) => row.isConnected && inSight(row)) : undefined;
    const before = anchor?.getBoundingClientRect().top ?? 0;
    const stay = new Set(order);
    for (const row of [...list.children]) if (!stay.has(/** @type {HTMLElement} */ (row))) row.remove();
    const focused = order.findIndex((row) => row.contains(document.activeElement));
    // from the focused row upwards, then downwards: an element that is moved loses the focus
    for (let i = focused - 1; i >= 0; i--) place(order[i], order[i + 1]);
    for (let i = order.length - 1; i > focused; i--) place(order[i], order[i + 1] ?? null);
    if (anchor) scrollBy(0, anchor.getBoundingClientRect().top - before);
  }

  /** @param {HTMLElement} row @param {Element|null} next */
  function place(row, next) {
    if (row.parentNode !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
  }

  /** @param {HTMLElement} row */
  function inSight(row) {
    const { top } = row.getBoundingClientRect();
    const moved = part(row, 'activity').dataset.before !== part(row, 'activity').getAttribute('datetime');
    return top >= 0 && top < innerHeight && !moved;
  }

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
  };
}

/** @param {string} text */
const cut = (text) => (text.length > SHOWN ? `${[...text].slice(0, SHOWN).join('')}…` : text);

/**
 * What a screen reader hears of the difference between two lists: one short sentence, or nothing.
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

