// The conversation page: puts its parts together, in the widget's frame or as a page of its own.

import { createComposer } from '../common/composer.js';
import { byId } from '../common/dom.js';
import { drawIcons } from '../common/icons.js';
import { createSound } from '../common/sound.js';
import { createStore } from '../common/store.js';
import { createTimeline } from '../common/timeline.js';
import { createTyping } from '../common/typing.js';
import { readWords } from '../common/words.js';
import { createChat } from './chat.js';
import { createGuest } from './guest.js';
import { cleaned, connectHost } from './host.js';
import { createIdentity } from './identity.js';
import { createOlder } from './older.js';
import { createStatus } from './status.js';

/** @import { Closing } from './types.js' */

const page = byId('chat').dataset;
const urls = JSON.parse(page.urls ?? '{}');
const words = readWords();
const store = createStore('livechat.');
const embedded = parent !== window;
const RETRY = 3000; // milliseconds before a part that failed to load is requested again

let open = !embedded; // whether the shop's page shows us
let newest = 0; // the seq of the newest message
let looked = 0; // and of the newest that was looked at
let notMentioned = ''; // the product whose mention was declined
/** The end of a conversation: loaded once there is a conversation. @type {Closing|null} */
let closing = null;
/** @type {Promise<Closing|null>|null} */
let loading = null;
let failures = 0; // of loading it
/** @type {((count: number) => void)|null} */
let countInTitle = null;
let topic = false; // whether a product was ever shown
let context = cleaned({
  page: { url: location.href, title: document.title },
  product: page.productId ? { id: page.productId } : null,
});

drawIcons();
const sound = createSound({ store, words, button: byId('sound', HTMLButtonElement) });
document.documentElement.classList.toggle('embedded', embedded);
byId('minimise').hidden = !embedded;

const timeline = createTimeline({
  scroller: byId('scroller'),
  list: byId('list'),
  pill: byId('pill', HTMLButtonElement),
  words,
  me: 'customer',
  who: (message) => (message.from === 'admin' && message.author ? { name: message.author } : null),
  onRetry: (id) => chat.outbox.retry(id),
  onEdit(id) {
    closing?.takeBack(id, false);
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
    // announce new messages, not the history
    setTimeout(() => byId('log').setAttribute('aria-live', 'polite'), 500);
  },
  onBefore: (cursor) => older.begin(cursor),
  onSession: render,
  onReset() {
    timeline.clear();
    older.clear();
    timeline.pending(chat.outbox.entries());
    byId('log').setAttribute('aria-live', 'off');
    newest = looked = 0;
  },
  onLive: showConnection,
  onGone: async () => (await identity.comeBack()) || (await loadClosing())?.gone(),
  onOther(type, { from, author, typing: on }) {
    if (type === 'typing' && from !== 'customer') typing.hear(author ?? words.somebody, on);
  },
  onPending: render,
  onSent: (id) => timeline.confirm(id),
});

const older = createOlder({
  chat,
  scroller: byId('scroller'),
  list: byId('list'),
  words,
  insert(messages, before) {
    timeline.insert(messages, before);
    timeline.seen(chat.session()?.seen_seq ?? 0);
  },
});

const guest = createGuest({
  form: byId('guest'),
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
  button: byId('send', HTMLButtonElement),
  counter: byId('counter'),
  words,
  store,
  draft: 'draft',
  onSend(text) {
    if (closing?.holds()) return false;
    if (!chat.session() && !chat.coming() && !guest.complete()) return false;
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
  line: byId('typing'),
  words,
  onType: (on) => chat.typing(on),
});
const status = createStatus({ words, team: JSON.parse(page.team ?? 'null') });

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

const onSlow = (/** @type {boolean} */ slow) => showConnection(!slow);
const identity = createIdentity({ chat, store, host, urls, words, embedded, onSlow });

function loadClosing() {
  // browsers may keep a failure for this address as long as the page lives
  loading ??= import(/** @type {any} */ (`./closing.js${failures ? `?${failures}` : ''}`)).then(
    ({ createClosing }) => {
      closing = createClosing({ chat, words, composer, guest, visible, onChange: render });
      render();
      return closing;
    },
    () => {
      loading = null;
      failures += 1;
      setTimeout(render, RETRY);
      return null;
    },
  );
  return loading;
}

/** @param {boolean} live  whether the server can be reached */
function showConnection(live) {
  const text = live ? '' : words[navigator.onLine ? 'reconnecting' : 'offline'];
  if (byId('offline').textContent !== text) byId('offline').textContent = text;
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

/** Tells the desk the customer's page; only the visible tab does, when it has changed. */
function tellPage() {
  const { page } = context;
  if (!page?.url || !chat.session() || document.hidden || store.get('page') === page.url) return;
  store.set('page', page.url);
  chat.page(page);
}

/** Marks the newest message as seen, unless the reader is scrolled up. */
function look() {
  if (!visible() || !byId('pill').hidden) return;
  looked = newest;
  chat.seen(newest);
}

function render() {
  closing?.settle();
  const session = chat.session();
  const entries = chat.outbox.entries();
  timeline.pending(entries);
  if (!closing && (session || entries.length)) loadClosing();
  byId('welcome').hidden = session !== null || entries.length > 0 || chat.coming();
  identity.look();
  status.render(session, closing?.over() ?? session?.status === 'closed');
  timeline.seen(session?.seen_seq ?? 0);
  closing?.render();
  renderProduct();
  count();
}

/** Shows the number of unread messages; a stream delivers the number first, then the messages. */
function count() {
  look();
  const session = chat.session();
  const unread = visible() || looked === newest ? 0 : (session?.unread ?? 0);
  countInTitle?.(unread);
  if (!chat.coming()) host.tell('state', { unread, session: session !== null });
}

/** Loaded where there is a product to show. */
async function renderProduct() {
  const product = () => chat.session()?.product ?? null;
  if (!topic && !mentioned() && !product()) return;
  topic = true;
  const { showProduct } = await import('./product.js').catch(() => ({ showProduct: null }));
  showProduct?.(words, mentioned(), product());
}

// Before it can be needed: the connection may be gone by then.
byId('box').addEventListener('input', loadClosing, { once: true });
byId('about-remove').addEventListener('click', () => {
  notMentioned = context.product?.id ?? '';
  render();
  composer.focus();
});
byId('minimise').addEventListener('click', () => host.tell('close'));
const form = byId('composer', HTMLFormElement);
form.addEventListener('submit', (event) => event.preventDefault());
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.isComposing && !closing?.escape()) host.tell('close');
});
document.addEventListener('visibilitychange', () => {
  render();
  tellPage();
});
byId('scroller').addEventListener('scroll', look, { passive: true });

if (!embedded) {
  // where it cannot be loaded, the chat goes without
  import('./standalone.js').then(
    ({ standAlone }) => {
      countInTitle = standAlone();
      count();
    },
    () => {},
  );
}
chat.begin();
render();
tellPage();
form.removeAttribute('data-early'); // this script takes over from early_input.js
if (form.hasAttribute('data-pressed')) composer.submit();
