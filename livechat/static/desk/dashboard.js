// The dashboard: takes over the list that the server drew and keeps it up to date.

import { byId } from '../common/dom.js';
import { createStream } from '../common/stream.js';
import { createDesk } from './desk.js';
import { inPlace } from './places.js';
import { createRows, difference } from './rows.js';
import { waitText } from './telling.js';

/** @import { DeskSession, List } from './types.js' */

const element = (/** @type {string} */ id) => byId(id, HTMLElement);
const desk = createDesk({ attended: () => false });
const { words } = desk;
const rows = createRows({
  list: element('chats'),
  template: byId('row', HTMLTemplateElement),
  me: desk.me,
  words,
});
const older = document.getElementById('older');
const firstPage = !new URL(location.href).searchParams.has('before');
const SOON = 1000; // milliseconds in which changes beyond this page are read together
const MOST = 100; // rows before the list is read anew, page by page
/** @type {List} */
let list = JSON.parse(element('data').textContent ?? '');
let reading = false;
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
  element('empty').hidden = list.sessions.length > 0;
  showOlder(list.next);
}

/** @param {List} next */
function take(next) {
  const said = firstPage ? difference(list.sessions, next.sessions, words) : '';
  if (said) element('said').textContent = said;
  list = next;
  show();
}

/** @param {string} type @param {any} data */
function hear(type, data) {
  if (reading) stream.ask(); // that answer may be older than this
  const others = list.sessions.filter(({ number }) => number !== data?.number);
  if (type === 'news') desk.tell(data);
  else if (type === 'counts') take({ ...list, ...data });
  else if (type === 'gone') take({ ...list, sessions: others });
  else if (type === 'session' && firstPage && others.length < MOST) {
    take({ ...list, sessions: [...others, data].sort(newestFirst) });
  } else if (type === 'reset') stream.renew();
  else if (type === 'open') stream.ask(); // what happened while nobody told
  else {
    soon ||= setTimeout(() => {
      soon = 0;
      stream.ask();
    }, SOON);
  }
}

/** @param {DeskSession} a @param {DeskSession} b */
const newestFirst = (a, b) =>
  b.last_activity_at.localeCompare(a.last_activity_at) || b.number - a.number;

/** @param {DeskSession|null} longest */
function showLongest(longest) {
  element('longest').hidden = longest === null;
  element('nobody-waits').hidden = longest !== null;
  if (!longest?.waiting_since) return;
  const link = byId('longest-name', HTMLAnchorElement);
  const name = longest.customer.name ?? words.guest;
  if (link.textContent !== name) link.textContent = name;
  link.href = longest.links.self;
  const since = byId('longest-since', HTMLTimeElement);
  since.dateTime = longest.waiting_since;
  since.textContent = waitText(longest.waiting_since, words);
}

/** @param {string|null} next */
function showOlder(next) {
  const link = older?.querySelector('a');
  if (!older || !link) return;
  older.hidden = next === null;
  if (!next) return;
  const url = new URL(location.href);
  url.searchParams.set('before', next);
  link.href = url.href;
}

const stream = createStream({
  http: desk.http,
  name: `${desk.me.username} ${list.links.stream}`,
  url: list.links.stream,
  cursor: () => list.cursor,
  place: inPlace,
  async read() {
    reading = true;
    const result = await desk.http.get(location.href);
    reading = false;
    return result;
  },
  pace: () => (document.hidden ? 5000 : 3000),
  onData(/** @type {List} */ next) {
    take(next);
    desk.tell(next.news);
  },
  onEvent: hear,
  onLive: desk.live,
  onGone(refusal) {
    if (!desk.refused(refusal)) location.reload(); // the page of the error says more
  },
});

show();
desk.tell(list.news);
setInterval(show, 15000); // waits grow
sessionStorage.setItem('livechat.desk.list', location.href); // where "All chats" leads back to
desk.begin(list.links.presence);
stream.start();
