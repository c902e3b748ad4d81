// The conversation page: puts its parts together, in the widget's frame or as a page of its own.

import { createComposer } from '../common/composer.js';
import { byId, h } from '../common/dom.js';
import { drawIcons, icon } from '../common/icons.js';
import { createSound } from '../common/sound.js';
import { createStore } from '../common/store.js';
import { createTimeline } from '../common/timeline.js';
import { createTitle } from '../common/title.js';
import { createTyping } from '../common/typing.js';
import { fill, readWords } from '../common/words.js';
import { createChat } from './chat.js';
import { createEnding } from './ending.js';
import { createGuest } from './guest.js';
import { cleaned, connectHost } from './host.js';
import { createIdentity } from './identity.js';
import { createStanding } from './standing.js';

const page = byId('chat', HTMLElement).dataset;
const urls = JSON.parse(page.urls ?? '{}');
const words = readWords();
const store = createStore('livechat.');
const sound = createSound(store);
const countInTitle = createTitle();
const embedded = parent !== window;
const element = (/** @type {string} */ id) => byId(id, HTMLElement);
const push = (/** @type {string} */ id) => byId(id, HTMLButtonElement);

let open = !embedded; // whether the shop's page shows us
let newest = 0; // the seq of the newest message
let looked = 0; // and of the newest that was looked at
let notMentioned = ''; // the product whose mention was declined
let context = cleaned({
  page: { url: location.href, title: document.title },
  product: page.productId ? { id: page.productId } : null,
});

drawIcons();
document.documentElement.classList.toggle('embedded', embedded);
push('minimise').hidden = !embedded;

const timeline = createTimeline({
  scroller: element('scroller'),
  list: element('list'),
  pill: push('pill'),
  words,
  me: 'customer',
  who: (message) => (message.from === 'admin' && message.author ? { name: message.author } : null),
  onRetry: (id) => chat.outbox.retry(id),
  onEdit(id) {
    takeBack(id, false);
    composer.focus();
  },
});

const chat = createChat({
  store,
  urls,
  identity: () => identity,
  pace() {
    if (chat.session()?.status === 'closed' || document.hidden) return 20000;
    return open ? 3000 : 8000;
  },
  onMessages(messages, first) {
    timeline.add(messages);
    chat.outbox.arrived(messages);
    newest = messages[messages.length - 1].seq;
    const theirs = messages.findLast((each) => each.from === 'admin');
    if (theirs) typing.clear();
    if (theirs || first) sound.once(theirs?.created_at ?? '', first || visible());
    timeline.seen(chat.session()?.seen_seq ?? 0);
    count();
    // the history was no news; what comes from now on is
    setTimeout(() => element('log').setAttribute('aria-live', 'polite'), 500);
  },
  onSession: render,
  onReset() {
    timeline.clear();
    timeline.pending(chat.outbox.entries());
    element('log').setAttribute('aria-live', 'off');
    newest = looked = 0;
  },
  onLive: tellLine,
  onGone: async () => (await identity.comeBack()) || ending.gone(),
  onOther(type, { from, author, typing: on }) {
    if (type === 'typing' && from !== 'customer') typing.hear(author ?? words.somebody, on);
  },
  onPending: render,
  onSent: (id) => timeline.confirm(id),
});

const guest = createGuest({
  form: element('guest'),
  asked: {
    name: page.guestName ?? 'optional',
    email: page.guestEmail ?? 'optional',
  },
  words,
  store,
  onDone: () => composer.submit(),
});

const composer = createComposer({
  box: byId('box', HTMLTextAreaElement),
  button: push('send'),
  counter: element('counter'),
  words,
  store,
  draft: 'draft',
  onSend(text) {
    if (ending.holds()) return false;
    if (!chat.session() && !guest.complete()) return false;
    typing.sent();
    const { signature } = context.customer;
    chat.outbox.add(text, {
      ...guest.values(),
      customer: signature ? { signature } : undefined,
      page: context.page,
      product: mentioned() ?? undefined,
    });
    return true;
  },
});

const typing = createTyping({
  box: byId('box', HTMLTextAreaElement),
  line: element('typing'),
  words,
  onType: (on) => chat.typing(on),
});
const standing = createStanding({ words, team: JSON.parse(page.team ?? 'null') });
const ending = createEnding({ chat, words, composer, onChange: render });

const host = connectHost({
  alone: !embedded,
  sites: JSON.parse(page.allowedSites ?? '[]'),
  onMessage(type, greeting) {
    context = cleaned({ customer: context.customer, ...greeting });
    if (type === 'hello') {
      guest.know(context.customer);
      identity.greeted(greeting.kept);
      show(greeting.open === true);
    }
    if (type === 'open') show(true);
    if (type === 'close') show(false);
    render();
    tellPage();
    if (greeting.focus) composer.focus();
  },
});

const onSlow = () => tellLine(false);
const identity = createIdentity({ chat, store, host, urls, words, embedded, onSlow });

/** @param {boolean} live  whether the server can be reached */
function tellLine(live) {
  const text = live ? '' : words[navigator.onLine ? 'reconnecting' : 'offline'];
  if (element('offline').textContent !== text) element('offline').textContent = text;
}

/** @param {boolean} now */
function show(now) {
  open = now;
  chat.poke();
}

/** Whether somebody can see the conversation. */
const visible = () => open && !document.hidden;

/** The product to speak of with the next message, if the session is not about it already. */
function mentioned() {
  const { product } = context;
  if (!product || product.id === notMentioned) return null;
  return product.id === chat.session()?.product?.id ? null : product;
}

/** Tells the desk the page one is on: the tab one looks at does, when that has changed. */
function tellPage() {
  const { page } = context;
  if (!page?.url || !chat.session() || document.hidden || store.get('page') === page.url) return;
  store.set('page', page.url);
  chat.page(page);
}

/** Puts what was refused back into the box. @param {string} id @param {boolean} behind */
function takeBack(id, behind) {
  const entry = chat.outbox.entries().find((each) => each.client_id === id);
  if (!entry) return;
  const texts = behind ? [composer.text(), entry.body] : [entry.body, composer.text()];
  composer.set(texts.filter(Boolean).join('\n'));
  chat.outbox.discard(id);
}

/** Refusals that are about more than the one message. */
function settle() {
  if (!visible()) return; // the tab one looks at does it
  for (const { client_id, refused } of chat.outbox.entries()) {
    if (!refused) continue;
    const { code, field, message } = refused;
    if (code === 'session_closed' || code === 'not_found') {
      // the first goes in front of what was typed since, the next behind the first
      takeBack(client_id, ending.holding());
      ending.hold(code === 'not_found');
    } else if (field === 'name' || field === 'email') {
      takeBack(client_id, false);
      guest.refuse(field, message);
    }
  }
}

/** What came while one reads further up is not seen yet. */
function look() {
  if (!visible() || !element('pill').hidden) return;
  looked = newest;
  chat.seen(newest);
}

function render() {
  settle();
  const session = chat.session();
  const entries = chat.outbox.entries();
  timeline.pending(entries);
  element('welcome').hidden = session !== null || entries.length > 0 || chat.coming();
  identity.look();
  standing.render(session, ending.over());
  timeline.seen(session?.seen_seq ?? 0);
  ending.render();
  renderProduct();
  count();
}

/** What is unread: a stream tells first how many, then brings the messages. */
function count() {
  look();
  const session = chat.session();
  const unread = visible() || looked === newest ? 0 : (session?.unread ?? 0);
  if (!embedded) countInTitle(unread);
  if (!chat.coming()) host.tell('state', { unread, session: session !== null });
}

function renderProduct() {
  const next = mentioned();
  element('about').hidden = next === null;
  if (next) {
    const text = next.name ? words.about : words.about_number;
    element('about-text').textContent = fill(text, { name: next.name ?? '', id: next.id });
  }
  const product = chat.session()?.product;
  element('topic').hidden = !product?.name;
  if (!product?.name) return;
  const { name, url, price } = product;
  const link = url
    ? h('a', { href: url, target: '_blank', rel: 'noopener', dir: 'auto' }, name)
    : h('bdi', {}, name);
  element('topic').replaceChildren(icon('tag'), link, price ? h('bdi', {}, price) : '');
}

function renderSound() {
  const button = push('sound');
  button.setAttribute('aria-pressed', String(sound.on()));
  button.title = sound.on() ? words.sound_on : words.sound_off;
  button.replaceChildren(icon(sound.on() ? 'sound' : 'mute'));
}

push('sound').addEventListener('click', () => {
  sound.set(!sound.on());
  sound.ring(); // so one hears what one has switched on
});
sound.onChange(renderSound);
push('about-remove').addEventListener('click', () => {
  notMentioned = context.product?.id ?? '';
  render();
  composer.focus();
});
push('minimise').addEventListener('click', () => host.tell('close'));
const form = byId('composer', HTMLFormElement);
form.addEventListener('submit', (event) => event.preventDefault());
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.isComposing && !ending.escape()) host.tell('close');
});
document.addEventListener('visibilitychange', () => {
  render();
  tellPage();
});
element('scroller').addEventListener('scroll', look, { passive: true });
if (!embedded) {
  // a phone's keyboard covers the page: take what is left to see
  const view = window.visualViewport;
  const fit = () => document.documentElement.style.setProperty('--seen', `${view?.height}px`);
  view?.addEventListener('resize', fit);
  if (view) fit();
}

renderSound();
chat.begin();
render();
tellPage();
form.removeAttribute('data-early'); // what early.js has kept is ours now
if (form.hasAttribute('data-pressed')) composer.submit();
