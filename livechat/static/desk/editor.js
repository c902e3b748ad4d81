// The admin's editor: reply and note, drafts shared between devices, canned replies, and who else views the chat.

import { createComposer } from '../common/composer.js';
import { h } from '../common/dom.js';
import { createTyping } from '../common/typing.js';
import { plural } from '../common/words.js';
import { openDialog } from './dialog.js';
import { createReplyPicker } from './reply_picker.js';

/** @import { Editor, EditorOptions } from './conversation_types.js' */

const PAUSE = 1000; // milliseconds after the last key before a draft is stored on the server
const WORTH_SAVING = 12; // characters from which a reply can be saved as a canned reply
const TOUCH = matchMedia('(hover: none)');

/** @param {EditorOptions} options @returns {Editor} */
export function createEditor({ desk, signal, session, onSend }) {
  const { words, me } = desk;
  const byName = (/** @type {string} */ id) => document.getElementById(id);
  const heading = byName('heading');
  const viewers = byName('viewers');
  const box = /** @type {HTMLTextAreaElement|null} */ (byName('body'));
  if (!box) return silent(() => heading?.focus());
  const noteBox = /** @type {HTMLTextAreaElement} */ (byName('note-body'));
  const { number } = session();
  const saveButton = /** @type {HTMLButtonElement} */ (byName('save-reply'));
  const forms = {
    reply: /** @type {HTMLElement} */ (byName('reply')),
    note: /** @type {HTMLElement} */ (byName('note')),
  };
  const tabs = {
    reply: /** @type {HTMLElement} */ (byName('tab-reply')),
    note: /** @type {HTMLElement} */ (byName('tab-note')),
  };
  const keys = { reply: `draft.${number}`, note: `note.${number}` };
  /** @type {'reply'|'note'} */
  let mode = 'reply';
  let timer = 0;
  let onServer = false; // a draft to delete when the text is gone
  let typed = false;

  // the store's own listeners would outlive this conversation
  const store = { ...desk.store, onChange: scoped };
  /** @param {(key: string|null) => void} listener */
  function scoped(listener) {
    addEventListener(
      'storage',
      (event) => {
        if (event.key === null) listener(null);
        for (const key of Object.values(keys)) if (event.key?.endsWith(`.${me.username}.${key}`)) listener(key);
      },
      { signal },
    );
  }

  for (const name of /** @type {const} */ (['reply', 'note'])) {
    const area = name === 'reply' ? box : noteBox;
    if (area.value && !desk.store.get(keys[name])) desk.store.set(keys[name], area.value); // before this script
    forms[name].addEventListener('submit', (event) => event.preventDefault());
    tabs[name].addEventListener('click', () => choose(name, true));
    area.addEventListener('input', later);
  }
  tabs.reply.parentElement?.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft' || key === 'ArrowRight') choose(mode === 'reply' ? 'note' : 'reply', false, true);
  });

  const picker = createReplyPicker({
    desk,
    box,
    place: /** @type {HTMLElement} */ (byName('picker')),
    session,
    put: (text) => reply.set(text),
    signal,
  });
  /** @param {'reply'|'note'} name */
  const composer = (name) =>
    createComposer({
      box: name === 'reply' ? /** @type {HTMLTextAreaElement} */ (box) : noteBox,
      button: /** @type {HTMLButtonElement} */ (byName(name === 'reply' ? 'send' : 'note-send')),
      counter: /** @type {HTMLElement} */ (byName(name === 'reply' ? 'counter' : 'note-counter')),
      words,
      store,
      draft: keys[name],
      onSend(text) {
        if (name === 'reply' && picker.open()) return false; // Enter chooses
        if (!onSend(text, name === 'note')) return false;
        if (name === 'reply') typing.sent();
        clearTimeout(timer);
        typed = false;
        if (onServer) post('');
        saveButton.hidden = true;
        return true;
      },
    });
  const reply = composer('reply');
  const note = composer('note');
  const typing = createTyping({
    box,
    line: /** @type {HTMLElement} */ (byName('typing')),
    words,
    onType(on) {
      const { status, links } = session();
      if (links.typing && status !== 'closed') desk.http.post(links.typing, { typing: on });
    },
  });

  const text = () => (mode === 'reply' ? reply : note).text();

  /** Stores the draft; the server keeps one of the two texts. @param {string} body @returns {Promise<boolean>} whether it has it */
  async function post(body) {
    const { draft } = session().links;
    const mine = mode;
    onServer = body !== '';
    const result = draft ? await desk.http.post(draft, { body, note: mine === 'note' }) : null;
    if (!result?.ok) return false;
    for (const key of Object.values(keys)) desk.store.remove(`stored.${key}`);
    if (body) desk.store.set(`stored.${keys[mine]}`, body); // sign_out.js need not ask about it
    return true;
  }

  function showSaveButton() {
    saveButton.hidden = reply.text().trim().length < WORTH_SAVING;
  }

  function later() {
    typed = true;
    const { draft } = session().links;
    if (draft) desk.store.set(`place.${number}`, draft); // where sign_out.js can still bring it
    clearTimeout(timer);
    timer = setTimeout(flush, PAUSE);
    showSaveButton();
  }

  function flush() {
    clearTimeout(timer);
    if (!typed || !session().links.draft) return; // the browser's storage has it
    typed = false;
    if (text().trim() || onServer) post(text()).then((stored) => (typed = typed || !stored));
  }

  /** Stores the draft before signing out. */
  async function storeDraft() {
    clearTimeout(timer);
    typed = false;
    if (text().trim()) await post(text());
  }

  /** Loads a draft that was begun on another device. */
  async function load() {
    const { links } = session();
    if (!links.draft || reply.text() || note.text()) return;
    const result = await desk.http.get(links.draft);
    const draft = result.ok && result.data.draft;
    if (!draft || signal.aborted || reply.text() || note.text()) return;
    onServer = true;
    (draft.note ? note : reply).set(draft.body);
    desk.store.set(`stored.${keys[draft.note ? 'note' : 'reply']}`, draft.body);
    choose(draft.note ? 'note' : 'reply', false);
  }

  /** @param {'reply'|'note'} name @param {boolean} focus @param {boolean} [tab]  the tab gets the focus */
  function choose(name, focus, tab = false) {
    if (name !== mode) flush();
    mode = name;
    picker.close();
    for (const each of /** @type {const} */ (['reply', 'note'])) {
      tabs[each].setAttribute('aria-selected', String(each === mode));
      tabs[each].tabIndex = each === mode ? 0 : -1;
    }
    render();
    if (focus) write();
    else if (tab) tabs[mode].focus();
  }

  /** Focuses the box, in a closed chat, too: text typed next must not trigger shortcuts. */
  function write() {
    forms[mode].hidden = false;
    if (mode === 'reply') tabs.reply.hidden = false;
    area().focus();
  }

  function render() {
    const closed = session().status === 'closed';
    const typedHere = reply.text().trim() !== '';
    const nothing = closed && !typedHere && document.activeElement !== box;
    showSaveButton();
    tabs.reply.hidden = nothing; // there is nothing to switch to
    forms.note.hidden = mode !== 'note';
    forms.reply.hidden = mode !== 'reply' || nothing;
  }

  const area = () => (mode === 'reply' ? reply : note);
  saveButton.addEventListener('click', saveReply);

  function saveReply() {
    openDialog({
      title: words.keep_reply,
      words,
      fields: [
        { name: 'code', label: words.reply_code, value: '', maxlength: 40 },
        { name: 'title', label: words.reply_title, value: reply.text().trim().slice(0, 60), maxlength: 100 },
        { name: 'body', label: words.reply_text, value: reply.text().trim(), long: true, maxlength: 4000 },
        {
          name: 'scope',
          label: words.reply_scope,
          value: 'mine',
          choices: { mine: words.scope_mine, all: words.scope_all },
        },
      ],
      button: words.save,
      submit: (values) => desk.http.post(desk.places.replies, values),
    });
  }

  choose(note.text() && !reply.text() ? 'note' : 'reply', false);
  showSaveButton();
  addEventListener('pagehide', flush, { signal });
  desk.beforeSignOut(storeDraft, signal);

  return {
    enter() {
      if (TOUCH.matches) heading?.focus();
      else write();
    },
    /** The conversation is on screen, and its links are known. */
    start() {
      if (typed) later();
      else load();
    },
    focus: () => choose('reply', true),
    note: () => choose('note', true),
    text: reply.text,
    submit: reply.submit,
    add(body, asNote) {
      const target = asNote ? note : reply;
      target.set([body, target.text()].filter(Boolean).join('\n'));
      choose(asNote ? 'note' : 'reply', true);
    },
    render,
    arrived: typing.clear,
    showTyping({ from, author, typing: on }, customer) {
      if (from === 'customer') typing.hear(author ?? customer, on);
      else if (author !== me.name) typing.hear(author ?? words.team, on);
    },
    showViewers(admins) {
      const others = admins.filter(({ username }) => username !== me.username);
      const names = others.map(({ name }) => name).join(', ');
      const parts = plural(words, 'looking', others.length).split('{names}');
      const shown = others.length ? [parts[0], h('bdi', {}, names), parts[1] ?? ''] : [];
      if (viewers && viewers.dataset.names !== names) viewers.replaceChildren(...shown);
      if (viewers) viewers.dataset.names = names;
    },
    end() {
      flush();
      picker.close();
    },
  };
}

/** The editor of an admin without the right to answer. @param {() => void} focus @returns {Editor} */
function silent(focus) {
  const nothing = () => {};
  return {
    enter: focus,
    focus,
    note: focus,
    text: () => '',
    submit: nothing,
    start: nothing,
    add: nothing,
    render: nothing,
    arrived: nothing,
    showTyping: nothing,
    showViewers: nothing,
    end: nothing,
  };
}
