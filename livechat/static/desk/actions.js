// The actions on a conversation: take, assign, unassign, close, reopen, snooze, priority, block, mark unread. The forms
// work without this script, too.

import { byId } from '../common/dom.js';
import { fill } from '../common/words.js';
import { untilText } from './time_format.js';

/** @import { Actions, ActionsOptions } from './conversation_types.js' */

/** @param {ActionsOptions} options @returns {Actions} */
export function createActions({ desk, feed, editor, session, refused, signal, onUnread }) {
  const { words, me, outbox } = desk;
  const say = byId('refused');
  const ended = byId('ended');
  const endedText = byId('ended-text');
  const pane = byId('pane');
  const find = (/** @type {string} */ id) => document.getElementById(id);
  const reopen = find('reopen');
  const select = /** @type {HTMLSelectElement|null} */ (find('assign-to'));
  const noteFor = /** @type {HTMLTextAreaElement|null} */ (find('assign-note'));
  const priority = /** @type {HTMLSelectElement|null} */ (find('priority'));
  const block = find('block');
  /** @type {Map<string, HTMLFormElement>} */
  const forms = new Map();
  let held = false; // "Send" was pressed in a closed chat: the text is sent once it is reopened
  let busy = false;
  let version = -1;

  for (const form of pane.querySelectorAll('form')) {
    if (!form.dataset.act) continue;
    forms.set(form.dataset.act, form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      act(form.dataset.act ?? '');
    });
  }
  for (const button of pane.querySelectorAll('[data-snooze]')) {
    button.addEventListener('click', () => snooze(/** @type {HTMLElement} */ (button).dataset.snooze ?? ''));
  }
  const until = /** @type {HTMLInputElement|null} */ (find('snooze-until'));
  pane.querySelector('[data-snooze-form]')?.addEventListener('submit', (event) => {
    event.preventDefault();
    if (until?.value) set('snooze', { until: new Date(until.value).toISOString() });
  });
  pane.querySelector('[data-menu="snooze"]')?.addEventListener('toggle', () => {
    for (const when of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll('[data-when]'))) {
      when.textContent = untilText(moment(when.dataset.when ?? '').toISOString(), words);
    }
  });
  priority?.addEventListener('change', () => set('priority', { priority: priority.value }));
  block?.addEventListener('click', () => set('block', { blocked: !session().blocked }));
  pane.querySelector('[data-do="mark-unread"]')?.addEventListener('click', () => unread());

  /** @param {string} name @returns {[string, object]} */
  function request(name) {
    const { version, links } = session();
    if (name === 'take') return [links.assign, { admin: me.username, version }];
    if (name === 'unassign') return [links.assign, { admin: null, version }];
    if (name !== 'assign') return [links[/** @type {'close'|'reopen'} */ (name)], {}];
    const admin = select?.value ?? null;
    const note = noteFor?.value.trim();
    return note ? [links.transfer, { admin, version, note }] : [links.assign, { admin, version }];
  }

  /** Offers to undo an action if the server allows it, even when another chat is on screen by then. @param {string} url @param {any} data */
  function offerUndo(url, { undo, session: now }) {
    if (!undo) return;
    const { close, block: bar } = now.links;
    const did = url === close ? words.did_close : url === bar ? words.did_block : words.did_unassign;
    const onDone = (/** @type {any} */ data) => {
      if (signal.aborted) return;
      feed.apply(data);
      feed.poke();
    };
    desk.undo.offer(fill(did, { name: now.customer.name ?? words.guest }), {
      url: now.links.undo,
      body: { seq: undo },
      onDone,
    });
  }

  /** @param {string} url @param {object} body @returns {Promise<boolean>} whether it was done */
  async function post(url, body) {
    const result = await desk.http.post(url, body);
    if (result.ok) offerUndo(url, result.data);
    if (signal.aborted) return result.ok;
    say.textContent = '';
    if (result.ok) feed.apply(result.data);
    else if (!desk.refused(result)) say.textContent = result.message || words.not_done;
    feed.poke(); // fetches the system message about it
    return result.ok;
  }

  /** @param {string} name */
  async function act(name) {
    if (busy) return; // a double click is one click
    busy = true;
    const send = held; // reopening clears it
    const [url, body] = request(name);
    // after taking a chat, an admin writes: text typed at once must not trigger shortcuts
    if (name === 'take' || (name === 'reopen' && !send)) editor.focus();
    const ok = await post(url, body);
    busy = false;
    if (ok && !signal.aborted) done(name, send);
  }

  /** @param {'snooze'|'priority'|'block'|'tags'} name @param {object} body */
  async function set(name, body) {
    shut();
    return post(session().links[name], body);
  }

  /** @param {string} when */
  const snooze = (when) => set('snooze', { until: when ? moment(when).toISOString() : null });

  async function unread() {
    shut();
    onUnread();
    await post(session().links.unread, {});
  }

  /** Closes the menus; the focus returns to the summary. */
  function shut() {
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (pane.querySelectorAll('details.menu[open]'))) {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector('summary')?.focus();
    }
  }

  /** Moves the focus to the next step, because the pressed button may be gone. @param {string} name @param {boolean} send */
  function done(name, send) {
    shut();
    if (noteFor) noteFor.value = '';
    if (name === 'close') reopen?.focus();
    else if (name === 'unassign') forms.get('take')?.querySelector('button')?.focus();
    if (name !== 'reopen') return;
    for (const { client_id } of closedOut()) outbox.retry(client_id);
    if (!send) return;
    editor.submit();
    editor.focus();
  }

  /** Answers that were refused because the chat was closed. */
  const closedOut = () => refused().filter((entry) => entry.refused?.code === 'session_closed');

  /** @param {string} name @param {boolean} visible */
  function offer(name, visible) {
    const form = forms.get(name);
    if (form) form.hidden = !visible;
  }

  function render() {
    const { status, assignee, priority: urgency = 'normal', blocked, snoozed_until: snoozed } = session();
    const closed = status === 'closed';
    offer('take', !closed && assignee !== me.username);
    offer('unassign', !closed && assignee !== null);
    offer('close', !closed);
    for (const name of ['assign', 'snooze']) {
      const menu = /** @type {HTMLElement|null} */ (pane.querySelector(`[data-menu="${name}"]`));
      if (menu) menu.hidden = closed;
    }
    const wake = /** @type {HTMLElement|null} */ (pane.querySelector('[data-snooze=""]'));
    if (wake) wake.hidden = !snoozed;
    if (priority && document.activeElement !== priority) priority.value = urgency;
    if (block) block.textContent = blocked ? words.unblock : words.block;
    const kept = editor.text().trim() !== '' || closedOut().length > 0;
    ended.hidden = !closed;
    editor.render();
    if (!closed) held = false;
    const text = kept ? words.closed_kept : words.closed;
    if (endedText.textContent !== text) endedText.textContent = text;
    if (reopen) reopen.textContent = held || closedOut().length ? words.reopen_send : words.reopen;
    if (version !== session().version && assignee && select) select.value = assignee;
    version = session().version;
  }

  return {
    render,
    post,
    act,
    set,
    unread,
    /** Opens a menu of the head. @param {string} name */
    menu(name) {
      const menu = /** @type {HTMLDetailsElement|null} */ (pane.querySelector(`[data-menu="${name}"]`));
      if (!menu || menu.hidden) return;
      menu.open = true;
      /** @type {HTMLElement|null} */ (
        menu.querySelector('.sheet :is(select, button, input:not([type="hidden"]))')
      )?.focus();
    },
    busy: () => busy,
    can: (name) => Boolean(forms.get(name) && !forms.get(name)?.hidden),
    holds() {
      if (session().status !== 'closed') return false;
      held = true;
      render();
      reopen?.focus();
      return true;
    },
  };
}

/** @param {string} when  later, tomorrow, week */
function moment(when) {
  const date = new Date();
  if (when === 'later') date.setHours(date.getHours() + 3);
  else {
    date.setDate(date.getDate() + (when === 'tomorrow' ? 1 : (8 - date.getDay()) % 7 || 7));
    date.setHours(9, 0, 0, 0);
  }
  return date;
}
