// The inbox: the list, one conversation at a time next to it, and navigation between conversations without a reload.

import { byId } from '../common/dom.js';
import { fill } from '../common/words.js';
import { createBulkActions } from './bulk.js';
import { createConversation } from './conversation.js';
import { createDesk } from './desk.js';
import { createList } from './list.js';
import { loadConversation, numberIn, provisional } from './loading.js';
import { createSavedViews } from './saved_views.js';
import { createShell } from './shell.js';

/** @import { Result } from '../common/types.js' */
/** @import { Live, LoadingOptions } from './conversation_types.js' */
/** @import { Conversation, DeskSession } from './json_types.js' */

const TEXTS = ['draft', 'note']; // typed texts, by their names in the store

const pane = byId('pane');
/** @type {{list: any, chat: Conversation|null, query: Record<string, string>}} */
const data = JSON.parse(byId('data').textContent ?? '');
const search = new URLSearchParams(data.query).toString();
const tail = search && `?${search}`; // the list's filters stay in the address of every conversation
/** @type {Live|null} */
let current = null;
let coming = new AbortController(); // the request under way
const site = document.title.split(' – ').at(-1);
let titled = document.title;
let path = location.pathname; // of the page shown

const desk = createDesk({
  attended: (moment) => current?.attended(moment) ?? false,
  own: (extra) => current?.number === extra.number,
  open: (href) => (numberIn(new URL(href)) ? open(href) : desk.go(href)),
  onPending: () => current?.pending(),
  onSent: (clientId, answer) => current?.sent(clientId, answer),
  describe: (moment) => list.describe(moment),
});

// The pane's other state is in a template; the current one is copied before anybody changes it.
const spare = byId('spare', HTMLTemplateElement).content;
const shown = document.createDocumentFragment();
shown.append(...[...pane.childNodes].map((node) => node.cloneNode(true)));
// texts and menus from before this script ran belong to that conversation alone
for (const box of /** @type {NodeListOf<HTMLTextAreaElement>} */ (shown.querySelectorAll('textarea'))) box.value = '';
for (const menu of shown.querySelectorAll('details.menu')) menu.removeAttribute('open');
const blanks = data.chat ? { chat: shown, nothing: spare } : { chat: spare, nothing: shown };

const list = createList({ desk, list: data.list, tail, onGone: () => location.reload() });
const bulk = createBulkActions({ desk, list });
createShell({ desk, list, current: () => (current?.ready() ? current : null), open, close, next });

/** @param {string} href @returns {string} the address of a conversation with the list as it is chosen */
const withList = (href) => new URL(href, location.href).pathname + tail;

/**
 * Opens a conversation. From now on typed text belongs to it, and the previous one accepts no actions.
 * @param {string} href
 * @param {{push?: boolean, name?: string}} [how]
 */
async function open(href, { push = true, name: called } = {}) {
  const url = new URL(href, location.href);
  const number = numberIn(url);
  if (push && withList(href) + url.hash !== location.pathname + location.search + location.hash) {
    history.pushState({}, '', withList(href) + url.hash);
  }
  if (current?.number === number && !url.hash && !pane.querySelector('.failed')) {
    current.again();
    return current.focus();
  }
  const row = list.sessions().find((each) => each.number === number);
  const title = row ? (row.customer.name ?? desk.words.guest) : (called ?? fill(desk.words.chat_number, { number }));
  const self = url.origin + url.pathname;
  const chat = await arrive(provisional(self, title, row), title, (patience, signal) =>
    desk.http.get(self, patience, signal),
  );
  if (chat) put(chat, true);
}

/** Takes the next waiting chat. The server chooses it; text typed until then goes into its box. */
async function next() {
  const title = desk.words.do_take_next;
  const took = await arrive(provisional('', title), title, take, (refusal) => {
    if (refusal.retry || refusal.status === 0 || TEXTS.some((kind) => desk.store.get(`${kind}.0`))) return false; // the text stays where it is
    if (!desk.refused(refusal)) desk.say(refusal.message || desk.words.not_done);
    if (numberIn(location)) open(location.href, { push: false });
    else showNothing(true);
    return true;
  });
  if (!took) return;
  const { customer, links } = took.session;
  open(links.self, { name: customer.name ?? desk.words.guest });
}

/** Asks for the next chat. @param {number} patience @param {AbortSignal} signal @returns {Promise<Result>} */
async function take(patience, signal) {
  const result = await desk.http.post(desk.places.take, {}, patience);
  // its answer may be lost: to ask once more would take another chat
  if (!result.ok) return result.status === 0 ? { ...result, retry: false } : result;
  const { number, customer } = result.data.session;
  for (const kind of TEXTS) {
    const text = desk.store.get(`${kind}.0`);
    desk.store.remove(`${kind}.0`);
    if (text)
      desk.store.set(`${kind}.${number}`, [desk.store.get(`${kind}.${number}`), text].filter(Boolean).join('\n'));
  }
  // the admin has opened another chat since, but this one is assigned to them
  if (signal.aborted) desk.say(fill(desk.words.did_take, { name: customer.name ?? desk.words.guest }));
  return result;
}

/**
 * Puts a conversation into the pane of which only the name is known yet, with the focus in its box.
 * @param {DeskSession} session @param {string} title
 * @param {LoadingOptions['ask']} ask @param {LoadingOptions['onRefused']} [onRefused]
 */
function arrive(session, title, ask, onRefused) {
  leave();
  const { signal } = (coming = new AbortController());
  pane.replaceChildren(blanks.chat.cloneNode(true));
  const wait = loadConversation({ desk, pane, name: title, signal, ask, focus: () => current?.focus(), onRefused });
  current = converse(session);
  current.focus();
  settle(title);
  return wait;
}

/** What is shown goes, with all that could be done with it. */
function leave() {
  coming.abort();
  current?.end();
  current = null;
  /** @type {HTMLDialogElement|null} */ (document.querySelector('dialog.palette'))?.close();
  pane.removeAttribute('aria-busy');
}

/** @param {DeskSession} session */
function converse(session) {
  return createConversation({
    desk,
    session,
    onSession(told) {
      list.learn(told);
      name(told.customer.name ?? desk.words.guest);
    },
    tail,
  });
}

/** The conversation has come. @param {Conversation} chat @param {boolean} passing */
function put(chat, passing) {
  current?.fill(chat, { passing, at: Number(/^#m(\d+)$/.exec(location.hash)?.[1] ?? 0) || null });
}

/** Nothing is open. @param {boolean} focus */
function showNothing(focus) {
  leave();
  pane.replaceChildren(blanks.nothing.cloneNode(true));
  settle(desk.words.inbox);
  if (focus) list.focus();
}

/** Updates every part of the page for the conversation that is open. @param {string} title */
function settle(title) {
  document.body.classList.toggle('chosen', current !== null);
  path = location.pathname;
  name(title);
  list.mark(current?.number ?? null);
  desk.changed();
  // another view keeps the conversation that is open
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('#views a'))) {
    link.pathname = location.pathname;
  }
}

/** Shows what is open in the page's title. @param {string} text */
function name(text) {
  const next = `${text} – ${site}`;
  if (next === titled) return;
  document.title = titled = next;
  desk.retell();
}

/** Back to the list alone. */
function close() {
  if (!current) return;
  history.pushState({}, '', desk.url + tail);
  showNothing(true);
}

addEventListener('popstate', () => {
  if (location.pathname === path) return; // another place in the same page
  if (numberIn(location)) open(location.href, { push: false });
  else showNothing(false);
});

if (data.chat) {
  current = converse(data.chat.session);
  put(data.chat, false);
}
settle(data.chat ? (data.chat.session.customer.name ?? desk.words.guest) : desk.words.inbox);
bulk.render();
desk.tell(data.chat?.news ?? data.list.news);
desk.begin();
list.start();
createSavedViews({ desk, query: data.query });
