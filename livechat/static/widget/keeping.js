// What keeps the conversation from page to page: our own storage, else a ticket in the storage of the page around us.
// Where neither works, the customer is told before anything is lost.

import { byId } from '../common/dom.js';

/** @import { Found, Keeping, KeepingOptions } from './types.js' */

const WEEK = 7 * 24 * 3600 * 1000; // milliseconds after which a ticket, which lasts 30 days, is renewed
const PAUSE = 60000; // milliseconds before a ticket is tried again

/** @param {KeepingOptions} options @returns {Keeping} */
export function createKeeping({ chat, store, host, urls, words, embedded, onSlow }) {
  /** @type {number|null|undefined} since when the page has a ticket; 0: it has none, null: it cannot keep one */
  let kept = embedded ? undefined : null;
  let tried = 0;
  /** @type {Promise<boolean>|null} */
  let back = null;
  const load = () => import('./resume.js').catch(() => null);
  const stale = () => kept != null && Date.now() - kept > WEEK;

  async function exchange() {
    const dead = store.get('token');
    const slow = setTimeout(onSlow, 4000);
    const resume = await load();
    const found = await resume?.exchange({
      http: chat.http,
      host: host(),
      url: urls.resume,
      had() {
        const token = store.get('token');
        return token && token !== dead ? { token, session: store.get('session') } : null;
      },
    });
    clearTimeout(slow);
    kept = found ? Date.now() : 0;
    back = null;
    return found ?? null;
  }

  function comeBack() {
    if (back) return back;
    if (!kept || Date.now() - tried < PAUSE) return Promise.resolve(false);
    tried = Date.now();
    back = chat.comeBack(exchange());
    return back;
  }

  return {
    comeBack,
    greeted(since) {
      kept = since ?? null;
      if (!store.get('token')) comeBack();
    },
    wanted: () => (stale() ? host().site() : undefined),
    take(ticket) {
      kept = Date.now();
      host().tell('ticket', { used: '', ticket });
    },
    async look() {
      const text = store.keeps() || kept === undefined ? '' : words[kept === null ? 'keeps_nothing' : 'keeps_sent'];
      if (byId('keeping', HTMLElement).textContent !== text) byId('keeping', HTMLElement).textContent = text;
      byId('promise', HTMLElement).hidden = text !== '';
      if (!stale() || !chat.session() || chat.coming()) return;
      kept = Date.now();
      (await load())?.renew({ http: chat.http, host: host(), url: urls.ticket });
    },
  };
}
