// What can be done with a conversation: take, assign, put back, close, reopen. The forms work without this, too.

import { byId } from '../common/dom.js';

/** @import { Acts, ActsOptions } from './types.js' */

/** @param {ActsOptions} options @returns {Acts} */
export function createActs({ desk, feed, composer, session, refused }) {
  const { words, me, outbox } = desk;
  const say = byId('refused', HTMLElement);
  const ended = byId('ended', HTMLElement);
  const endedText = byId('ended-text', HTMLElement);
  const reply = byId('reply', HTMLElement);
  const reopen = byId('reopen', HTMLButtonElement);
  const select = byId('assign-to', HTMLSelectElement);
  /** @type {Map<string, HTMLFormElement>} */
  const forms = new Map();
  let held = false; // somebody pressed "send" on a closed chat: the text goes out when it is open again
  let busy = false;
  let version = 0;

  for (const form of document.querySelectorAll('form')) {
    if (!form.dataset.act) continue;
    forms.set(form.dataset.act, form);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      act(form.dataset.act ?? '', form.action);
    });
  }
  reply.addEventListener('submit', (event) => event.preventDefault());

  /** @param {string} name @returns {object} */
  function body(name) {
    const { version } = session();
    if (name === 'take') return { admin: me.username, version };
    if (name === 'assign') return { admin: select.value, version };
    return name === 'release' ? { admin: null, version } : {};
  }

  /** @param {string} name @param {string} url */
  async function act(name, url) {
    if (busy) return; // a double click is one click
    busy = true;
    const result = await desk.http.post(url, body(name));
    const send = held; // an open chat holds nothing any more
    busy = false;
    say.textContent = '';
    if (result.ok) feed.apply(result.data);
    else if (!desk.refused(result)) say.textContent = result.message || words.not_done;
    if (result.ok) done(name, send);
    feed.poke(); // the line that tells of it
  }

  /** The button one pressed may be gone: the focus goes where one goes on. @param {string} name @param {boolean} send */
  function done(name, send) {
    if (name === 'take') composer.focus();
    else if (name === 'close') reopen.focus();
    else if (name === 'release') forms.get('take')?.querySelector('button')?.focus();
    if (name !== 'reopen') return;
    for (const { client_id } of closedOut()) outbox.retry(client_id);
    if (send) composer.submit();
    else composer.focus();
  }

  /** Answers that came too late. */
  const closedOut = () => refused().filter((entry) => entry.refused?.code === 'session_closed');

  /** @param {string} name @param {boolean} visible */
  function offer(name, visible) {
    const form = forms.get(name);
    if (form) form.hidden = !visible;
  }

  function render() {
    const { status, assignee } = session();
    const closed = status === 'closed';
    offer('take', !closed && assignee !== me.username);
    offer('assign', !closed);
    offer('release', !closed && assignee !== null);
    offer('close', !closed);
    const typed = composer.text().trim() !== '';
    const kept = typed || closedOut().length > 0;
    ended.hidden = !closed;
    reply.hidden = closed && !typed && document.activeElement !== byId('body', HTMLElement);
    if (!closed) held = false;
    const text = kept ? words.closed_kept : words.closed;
    if (endedText.textContent !== text) endedText.textContent = text;
    reopen.textContent = held || closedOut().length ? words.reopen_send : words.reopen;
    if (version !== session().version && assignee) select.value = assignee;
    version = session().version;
  }

  return {
    render,
    holds() {
      if (session().status !== 'closed') return false;
      held = true;
      render();
      reopen.focus();
      return true;
    },
  };
}
