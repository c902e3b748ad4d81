// The dashboard: takes over the list that the server drew and keeps it up to date.

import { byId } from '../common/dom.js';
import { createDesk } from './desk.js';
import { createPoll } from './poll.js';
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
/** @type {DeskSession[]} */
let sessions = [];

/** @param {List} list */
function show(list) {
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
  desk.tell(list.news);
  sessions = list.sessions;
}

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

const poll = createPoll({
  read: () => desk.http.get(location.href),
  pace: () => (document.hidden ? 5000 : 3000),
  onData(/** @type {List} */ list) {
    const said = firstPage ? difference(sessions, list.sessions, words) : '';
    if (said) element('said').textContent = said;
    show(list);
  },
  onLive: desk.live,
  onGone(refusal) {
    if (!desk.refused(refusal)) location.reload(); // the page of the error says more
  },
});

show(JSON.parse(element('data').textContent ?? ''));
sessionStorage.setItem('livechat.desk.list', location.href); // where "All chats" leads back to
desk.begin();
poll.start();
