// A conversation that is being loaded: its name and the box appear with the click, the rest when the server has
// answered. Until then neither it nor the previous one accepts actions.

import { byId, h } from '../common/dom.js';
import { backOff } from '../common/http.js';

/** @import { Result } from '../common/types.js' */
/** @import { LoadingOptions } from './conversation_types.js' */
/** @import { DeskSession } from './json_types.js' */

const PATIENCE = 10000; // milliseconds for one attempt
const LINES = 3; // grey placeholders for the messages

/** Reads the number of a conversation from its address, or 0. @param {URL|HTMLAnchorElement|Location} url */
export const numberIn = (url) => Number(/\/(\d+)\/$/.exec(url.pathname)?.[1] ?? 0);

/**
 * Makes a conversation from what the page knows: the list's row, or the name alone.
 * @param {string} self  its address; '' when it is not known yet which it is
 * @param {string} name
 * @param {DeskSession} [row]
 * @returns {DeskSession}
 */
export function provisional(self, name, row) {
  const links = self ? { self, send: `${self}send/`, note: `${self}note/` } : { self };
  const number = self ? numberIn(new URL(self)) : 0;
  const blank = { number, status: 'active', customer: { name }, seen_seq: 0, unread: 0, last_message: null };
  return /** @type {any} */ ({ ...blank, ...row, links: { ...row?.links, ...links } });
}

/**
 * Shows that the conversation in the pane is on its way, and asks for it until it is here or not wanted any more.
 * @param {LoadingOptions} options
 * @returns {Promise<any>}  the server's answer; null when the signal has ended it
 */
export async function loadConversation({ desk, pane, name, signal, ask, focus, onRefused }) {
  const { words } = desk;
  const later = [...pane.querySelectorAll('.actions, .facts, #ended')].map((part) => /** @type {HTMLElement} */ (part));
  const middle = /** @type {HTMLElement} */ (pane.querySelector('.middle'));
  pane.setAttribute('aria-busy', 'true');
  for (const part of later) part.inert = true;
  byId('facts', HTMLDetailsElement).open = false;
  byId('customer').textContent = name;
  byId('list').replaceChildren(
    ...Array.from({ length: LINES }, (_, i) =>
      h('li', { class: `line first ${i % 2 ? 'mine' : 'theirs'} coming`, 'aria-hidden': 'true' }),
    ),
  );
  const failed = h('div', { class: 'failed', role: 'alert' });
  const trouble = h('p');
  let again = () => {};
  for (let tries = 1; ; tries += 1) {
    const result = await ask(PATIENCE, signal);
    if (signal.aborted) return null;
    if (result.ok) {
      if (failed.contains(document.activeElement)) focus();
      failed.remove();
      pane.removeAttribute('aria-busy');
      for (const part of later) part.inert = false;
      return result.data;
    }
    if (onRefused?.(result)) return null;
    await another(result, tries);
    if (signal.aborted) return null;
  }

  /** Shows the problem and waits until it is time to try again. @param {Result} result @param {number} tries */
  function another(result, tries) {
    if (result.ok) return;
    const ended = desk.refused(result);
    const text = ended ? words.signed_out : result.message || words.not_opened;
    /** @type {Promise<void>} */
    const time = new Promise((go) => {
      again = () => {
        focus();
        go();
      };
      if (trouble.textContent !== text) trouble.textContent = text; // it is read out once, not with each try
      if (!failed.isConnected) {
        failed.replaceChildren(
          trouble,
          h('button', { type: 'button', class: 'plain', onclick: () => again() }, words.try_again),
        );
        middle.after(failed);
      }
      signal.addEventListener('abort', () => go(), { once: true });
      if (!result.retry) return;
      addEventListener('online', () => go(), { once: true, signal });
      setTimeout(go, Math.max(backOff(tries, 10000), result.after));
    });
    return time;
  }
}
