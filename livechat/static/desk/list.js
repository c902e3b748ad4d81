// The list pane: takes over the rows that the server rendered, follows changes, loads older pages.

import { byId } from '../common/dom.js';
import { createStream } from '../common/stream.js';
import { createRows, difference } from './rows.js';
import { inStreamSlot } from './stream_slots.js';
import { waitText } from './time_format.js';

/** @import { DeskSession, List } from './json_types.js' */
/** @import { ListOptions, ListPane } from './types.js' */

const SOON = 1000; // milliseconds in which changes beyond this page are read together
const MOST = 200; // rows before the list is reloaded, unless older rows were requested

/** @param {ListOptions} options @returns {ListPane} */
export function createList({ desk, list: given, tail, onGone }) {
  const { words } = desk;
  const rows = createRows({
    list: byId('chats'),
    roll: byId('roll'),
    template: byId('row', HTMLTemplateElement),
    me: desk.me,
    words,
    tail,
  });
  const older = document.getElementById('older');
  const first = !new URL(location.href).searchParams.has('before');
  /** @type {List} */
  let list = given;
  /** Changes received while the list is being loaded: the list may be older than they are. @type {[string, any][]|null} */
  let received = null;
  let paged = false; // older rows were requested
  let fetching = false; // and are being loaded
  let soon = 0;

  function show() {
    const { waiting, active, closed } = list.counts;
    const counts = { ...list.counts, all: waiting + active + closed };
    for (const [status, count] of Object.entries(counts)) {
      const number = document.querySelector(`[data-count="${status}"]`);
      if (number && number.textContent !== String(count)) number.textContent = String(count);
    }
    showLongest(list.longest);
    rows.show(list.sessions, list.longest?.number);
    byId('empty').hidden = list.sessions.length > 0;
    if (older) older.hidden = list.next === null;
  }

  /** @param {List} next */
  function take(next) {
    const said = first ? difference(list.sessions, next.sessions, words) : '';
    if (said) byId('said').textContent = said;
    list = next;
    show();
  }

  /** Joins the reloaded first page with the older rows. @param {List} page */
  function merge(page) {
    const last = page.sessions.at(-1);
    if (!paged || !page.next || !last) return page;
    const numbers = new Set(page.sessions.map(({ number }) => number));
    const rest = list.sessions.filter((each) => !numbers.has(each.number) && newestFirst(last, each) < 0);
    return rest.length ? { ...page, sessions: [...page.sessions, ...rest], next: list.next } : page;
  }

  /** @param {string} type @param {any} data */
  function hear(type, data) {
    received?.push([type, data]);
    if (type === 'news') desk.tell(data);
    else if (type === 'reset') stream.renew();
    else if (type === 'open')
      stream.ask(); // catch up with changes from before the stream
    else if (!change(type, data)) {
      if (soon) return;
      soon = setTimeout(() => {
        soon = 0;
        stream.ask();
      }, SOON);
    }
  }

  /** Applies a change; returns false when it needs a reload of the list. @param {string} type @param {any} data */
  function change(type, data) {
    const others = list.sessions.filter(({ number }) => number !== data?.number);
    if (type === 'counts') take({ ...list, ...data });
    else if (type === 'gone') take({ ...list, sessions: others });
    else if (type === 'session' && first && (paged || others.length < MOST)) {
      take({ ...list, sessions: [...others, newer(data)].sort(newestFirst) });
    } else return false;
    return true;
  }

  /** The received session, or the list's if that is newer. @param {DeskSession} session */
  function newer(session) {
    const had = list.sessions.find(({ number }) => number === session.number);
    return had && had.last_activity_at > session.last_activity_at ? had : session;
  }

  /** @param {DeskSession|null} longest */
  function showLongest(longest) {
    byId('longest').hidden = longest === null;
    byId('nobody-waits').hidden = longest !== null;
    if (!longest?.waiting_since) return;
    const link = byId('longest-name', HTMLAnchorElement);
    const name = longest.customer.name ?? words.guest;
    if (link.textContent !== name) link.textContent = name;
    link.href = longest.links.self + tail;
    const since = byId('longest-since', HTMLTimeElement);
    since.dateTime = longest.waiting_since;
    since.textContent = waitText(longest.waiting_since, words);
  }

  older?.querySelector('a')?.addEventListener('click', async (event) => {
    event.preventDefault();
    if (!list.next || fetching) return;
    fetching = true;
    const url = new URL(list.links.stream);
    url.searchParams.set('before', list.next);
    const result = await desk.http.get(url.href);
    fetching = false;
    if (!result.ok) return void desk.refused(result);
    paged = true;
    const known = new Set(list.sessions.map(({ number }) => number));
    /** @type {DeskSession[]} */
    const more = result.data.sessions.filter((/** @type {DeskSession} */ each) => !known.has(each.number));
    list = { ...list, sessions: [...list.sessions, ...more], next: result.data.next };
    show();
    if (more.length) rows.focus(more[0].number);
  });

  const stream = createStream({
    http: desk.http,
    name: `${desk.me.username} ${list.links.stream}`,
    url: list.links.stream,
    cursor: () => list.cursor,
    place: inStreamSlot,
    async read() {
      /** @type {[string, any][]} */
      const told = (received = []);
      const url = new URL(list.links.stream);
      const before = new URL(location.href).searchParams.get('before');
      if (before) url.searchParams.set('before', before);
      const result = await desk.http.get(url.href);
      if (!result.ok && received === told) received = null;
      return result;
    },
    pace: () => (document.hidden ? 5000 : 3000),
    onData(/** @type {List} */ next) {
      const told = received ?? [];
      received = null;
      take(merge(next));
      desk.tell(next.news);
      for (const [type, data] of told) change(type, data);
    },
    onEvent: hear,
    onLive: desk.live,
    onGone(refusal) {
      if (!desk.refused(refusal)) onGone();
    },
  });

  return {
    start() {
      show();
      setInterval(show, 15000); // waits grow
      stream.start();
    },
    refresh: stream.ask,
    sessions: () => list.sessions,
    learn(session) {
      const before = list.sessions.find(({ number }) => number === session.number);
      if (!before || newer(session) === before) return;
      take({ ...list, sessions: list.sessions.map((each) => (each === before ? session : each)) });
    },
    describe(moment) {
      const found = list.sessions.find((each) => each.last_message?.created_at === moment);
      if (!found) return null;
      return { name: found.customer.name ?? words.guest, body: found.last_message?.body ?? '', url: found.links.self };
    },
    mark: rows.mark,
    move: rows.move,
    focus: () => rows.focus(),
    picked: rows.picked,
    unpick: rows.unpick,
    onPick: rows.onPick,
  };
}

/** @param {DeskSession} a @param {DeskSession} b */
const newestFirst = (a, b) => b.last_activity_at.localeCompare(a.last_activity_at) || b.number - a.number;
