// A conversation on the desk: puts its parts together.

import { createComposer } from '../common/composer.js';
import { byId } from '../common/dom.js';
import { createFeed } from '../common/feed.js';
import { createTimeline } from '../common/timeline.js';
import { createTyping } from '../common/typing.js';
import { createActs } from './acts.js';
import { createDesk } from './desk.js';
import { createFacts } from './facts.js';
import { inPlace } from './places.js';

/** @import { Pending } from '../common/types.js' */
/** @import { Conversation, DeskSession } from './types.js' */

const element = (/** @type {string} */ id) => byId(id, HTMLElement);
const pill = byId('pill', HTMLButtonElement);
const box = byId('body', HTMLTextAreaElement);
/** @type {Conversation} */
const data = JSON.parse(element('data').textContent ?? '');
let session = data.session;
let newest = 0; // the seq of the newest message on screen
let written = ''; // when the customer's newest was written
let seen = 0;
/** @type {Pending[]} */
let known = [];

const desk = createDesk({
  attended: (moment) => inSight() && document.hasFocus() && moment === written,
  own: ({ number }) => number === session.number,
  onPending: showPending,
  onSent(clientId, answer) {
    timeline.confirm(clientId);
    known = known.filter((entry) => entry.client_id !== clientId); // this tab has delivered it
    if (mine().some((entry) => entry.client_id === clientId)) feed.apply(answer);
  },
});
const { words, outbox } = desk;
const customer = () => session.customer.name ?? words.guest;
const mine = () => outbox.entries().filter((entry) => entry.extra.number === session.number);

const timeline = createTimeline({
  scroller: element('scroller'),
  list: element('list'),
  pill,
  words,
  me: 'admin',
  who: ({ from, author }) =>
    from === 'customer'
      ? { name: author ?? customer(), badge: words.customer }
      : { name: author ?? words.team },
  again: ({ from }) => (from === 'customer' ? { badge: words.customer } : null),
  onRetry: (id) => outbox.retry(id),
  onEdit(id) {
    takeBack(id);
    composer.focus();
  },
});

const feed = createFeed({
  http: desk.http,
  url: session.links.messages,
  name: `${desk.me.username} ${session.links.messages}`,
  place: inPlace,
  pace: () => (document.hidden ? 5000 : 3000),
  onMessages(messages) {
    timeline.add(messages);
    known = known.filter((entry) => !messages.some((each) => each.client_id === entry.client_id));
    outbox.arrived(messages);
    newest = messages[messages.length - 1].seq;
    written = messages.findLast((each) => each.from === 'customer')?.created_at ?? written;
    typing.clear();
    timeline.seen(session.seen_seq);
    look();
  },
  onSession(/** @type {DeskSession} */ next) {
    session = next;
    render();
  },
  onReset() {
    timeline.clear();
    newest = seen = 0;
  },
  onOther(type, data) {
    // the messages first: they may be in sight already
    if (type === 'news') setTimeout(() => desk.tell(data), 50);
    if (type === 'typing') hearTyping(data);
  },
  onLive: desk.live,
  onGone(refusal) {
    if (!desk.refused(refusal)) desk.gone();
  },
});

if (box.value && !desk.store.get(`draft.${session.number}`)) {
  desk.store.set(`draft.${session.number}`, box.value); // typed before this script was there
}
const composer = createComposer({
  box,
  button: byId('send', HTMLButtonElement),
  counter: element('counter'),
  words,
  store: desk.store,
  draft: `draft.${session.number}`,
  onSend(text) {
    if (acts.holds()) return false;
    const { number, links } = session;
    typing.sent();
    outbox.add(text, { number, name: customer(), send: links.send, self: links.self });
    return true;
  },
});

const typing = createTyping({
  box,
  line: element('typing'),
  words,
  onType(on) {
    if (session.status !== 'closed') desk.http.post(session.links.typing, { typing: on });
  },
});
const facts = createFacts({ me: desk.me, words });
const acts = createActs({ desk, feed, composer, session: () => session, refused: mine });

/** @param {{from: string, author: string|null, typing: boolean}} event */
function hearTyping({ from, author, typing: on }) {
  if (from === 'customer') typing.hear(author ?? customer(), on);
  else if (author !== desk.me.name) typing.hear(author ?? words.team, on);
}

/** Puts what was refused back into the box, with what was typed since. @param {string} id */
function takeBack(id) {
  const entry = mine().find((each) => each.client_id === id);
  if (!entry) return;
  composer.set([entry.body, composer.text()].filter(Boolean).join('\n'));
  outbox.discard(id);
}

function showPending() {
  const entries = mine();
  const ids = new Set(entries.map((entry) => entry.client_id));
  // gone while it was on its way: another tab has delivered it, and it comes with the next reading
  const delivered = known.filter((each) => !ids.has(each.client_id) && each.state !== 'refused');
  for (const { client_id } of delivered) timeline.confirm(client_id);
  known = entries;
  timeline.pending(entries);
  if (delivered.length) feed.poke();
  acts.render();
}

/** Whether the newest message can be seen. */
const inSight = () => !document.hidden && pill.hidden;

/** Tells the server what has been on screen. */
async function look() {
  if (!inSight() || !session.unread || newest <= seen) return;
  seen = newest;
  const result = await desk.http.post(session.links.seen, { seq: newest });
  if (result.ok) feed.apply(result.data);
  else seen = 0;
}

function render() {
  facts.render(session);
  acts.render();
  timeline.seen(session.seen_seq);
  look();
}

/** Back to the list as it was filtered. */
function leadBack() {
  const list = sessionStorage.getItem('livechat.desk.list');
  const back = byId('back', HTMLAnchorElement);
  if (list?.startsWith(back.href)) back.href = list;
}

element('scroller').addEventListener('scroll', look, { passive: true });
document.addEventListener('visibilitychange', look);
if (window.visualViewport) {
  // a phone's keyboard covers the page: take what is left to see
  const view = window.visualViewport;
  const fit = () => {
    if (view.scale !== 1) return; // zoomed in with two fingers: that is no keyboard
    const { style, classList } = document.documentElement;
    style.setProperty('--seen', `${view.height}px`);
    classList.toggle('typing', view.height < innerHeight * 0.75);
  };
  view.addEventListener('resize', fit);
}

timeline.clear();
feed.apply(data);
leadBack();
render();
desk.begin(data.links.presence);
feed.start();
setTimeout(() => element('log').setAttribute('aria-live', 'polite'), 500); // the history is no news
