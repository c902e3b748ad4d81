// The inbox: the list, one conversation at a time beside it, and the way from one to the next without a reload.

import { byId } from '../common/dom.js';
import { createConversation } from './conversation.js';
import { createDesk } from './desk.js';
import { createFrame } from './frame.js';
import { createList } from './list.js';
import { createSavedViews } from './saved.js';
import { createSelection } from './selection.js';

/** @import { Conversation, Live } from './types.js' */

const element = (/** @type {string} */ id) => byId(id, HTMLElement);
const pane = element('pane');
/** @type {{list: any, chat: Conversation|null, query: Record<string, string>}} */
const data = JSON.parse(element('data').textContent ?? '');
const search = new URLSearchParams(data.query).toString();
const tail = search && `?${search}`; // what chooses the list goes along from one conversation to the next
/** @type {Live|null} */
let current = null;
let going = 0; // counts ways: only the last one's answer is wanted
const site = document.title.split(' – ').at(-1);
let titled = document.title;
let path = location.pathname; // of what is shown

const desk = createDesk({
  attended: (moment) => current?.attended(moment) ?? false,
  own: (extra) => current?.number === extra.number,
  onPending: () => current?.pending(),
  onSent: (clientId, answer) => current?.sent(clientId, answer),
  describe: (moment) => list.describe(moment),
});

// The state of the pane that is not shown waits in a template; the shown one is copied before anybody touches it.
const spare = byId('spare', HTMLTemplateElement).content;
const shown = document.createDocumentFragment();
shown.append(...[...pane.childNodes].map((node) => node.cloneNode(true)));
const blanks = data.chat ? { chat: shown, nothing: spare } : { chat: spare, nothing: shown };

const list = createList({ desk, list: data.list, tail, onGone: () => location.reload() });
const selection = createSelection({ desk, list });
createFrame({ desk, list, current: () => current, open, close });

/** @param {string} href @returns {string} the address of a conversation with the list as it is chosen */
const withList = (href) => new URL(href, location.href).pathname + tail;

/**
 * Goes to a conversation.
 * @param {string} href
 * @param {{push?: boolean, focus?: boolean}} [how]
 */
async function open(href, { push = true, focus = true } = {}) {
  const mine = ++going;
  const url = new URL(href, location.href);
  pane.setAttribute('aria-busy', 'true');
  const result = await desk.http.get(url.origin + url.pathname);
  if (mine !== going) return;
  pane.removeAttribute('aria-busy');
  if (!result.ok) {
    if (!desk.refused(result)) location.assign(url); // the page of the error says more
    return;
  }
  if (push && withList(href) + url.hash !== location.pathname + location.search + location.hash) {
    history.pushState({}, '', withList(href) + url.hash);
  }
  show(result.data, focus);
}

/** @param {Conversation|null} chat @param {boolean} focus */
function show(chat, focus) {
  current?.end();
  current = null;
  pane.replaceChildren((chat ? blanks.chat : blanks.nothing).cloneNode(true));
  begin(chat, focus);
}

/** @param {Conversation|null} chat @param {boolean} focus */
function begin(chat, focus) {
  document.body.classList.toggle('chosen', chat !== null);
  path = location.pathname;
  if (chat) {
    current = createConversation({
      desk,
      data: chat,
      onSession(session) {
        list.learn(session);
        name(session.customer.name ?? desk.words.guest);
      },
      tail,
      passing: focus,
      at: Number(/^#m(\d+)$/.exec(location.hash)?.[1] ?? 0) || null,
    });
    if (focus) current.focus();
  } else {
    name(desk.words.inbox);
    if (focus) list.focus();
  }
  list.mark(chat?.session.number ?? null);
  desk.changed();
  // another view keeps the conversation that is open
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('#views a'))) {
    link.pathname = location.pathname;
  }
}

/** The page's title says what is open. @param {string} text */
function name(text) {
  const next = `${text} – ${site}`;
  if (next === titled) return;
  document.title = titled = next;
  desk.retell();
}

/** Back to the list alone. */
function close() {
  going += 1;
  if (!current) return;
  history.pushState({}, '', desk.url + tail);
  show(null, true);
}

addEventListener('popstate', () => {
  if (location.pathname === path) return; // another place in the same page
  if (location.pathname === new URL(desk.url).pathname) {
    going += 1;
    show(null, false);
  } else {
    open(location.href, { push: false });
  }
});

// links to conversations, wherever they stand
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = /** @type {Element} */ (event.target).closest('a');
  if (!link || link.target || link.origin !== location.origin) return;
  if (link.id === 'back') {
    event.preventDefault();
    close();
  } else if (link.pathname.startsWith(new URL(desk.url).pathname) && /\/\d+\/$/.test(link.pathname)) {
    if (link.dataset.view) return;
    event.preventDefault();
    open(link.href);
  }
});

begin(data.chat, false);
selection.render();
desk.tell(data.chat?.news ?? data.list.news);
desk.begin();
list.start();
createSavedViews({ desk, query: data.query });
