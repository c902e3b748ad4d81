// The customer's identity from page to page, when our own storage has lost it: when to use the resume ticket that the host
// page keeps.

/** @import { Identity, IdentityOptions } from './types.js' */

const WEEK = 7 * 24 * 3600 * 1000; // milliseconds after which a ticket, which lasts 30 days, is renewed
const GREETING = 3000; // milliseconds that the host page has to say whether it keeps a ticket
const PAUSE = 60000; // milliseconds before a ticket is tried again

/** @param {IdentityOptions} options @returns {Identity} */
export function createIdentity(options) {
  const { chat, store, host } = options;
  /** @type {number|null|undefined} since when the page has a ticket; 0: it has none, null: it cannot keep one */
  let kept = options.embedded ? undefined : null;
  let tried = 0;
  /** @type {Promise<boolean>|null} */
  let back = null;
  /** @type {() => void} */
  let tell = () => {};
  /** Resolves when the host page has said whether it keeps a ticket, or will not. @type {Promise<void>} */
  const known = new Promise((done) => {
    tell = done;
    setTimeout(done, options.embedded ? GREETING : 0);
  });
  const stale = () => kept != null && Date.now() - kept > WEEK;

  async function load() {
    const { createTicket } = await import('./ticket.js');
    return createTicket({ ...options, http: chat.http });
  }

  async function exchange() {
    const ticket = await load().catch(() => null);
    const found = (await ticket?.exchange(store.get('token'), options.onSlow)) ?? null;
    if (ticket) kept = found ? Date.now() : 0;
    else tried = 0; // the ticket is still there
    back = null;
    return found;
  }

  function start() {
    if (!back && kept && Date.now() - tried > PAUSE) {
      tried = Date.now();
      back = chat.comeBack(exchange());
    }
    return back ?? false;
  }

  return {
    known,
    async comeBack() {
      await known;
      return start();
    },
    greeted(since) {
      kept = since ?? null;
      if (!store.get('token')) start();
      tell();
    },
    wanted: () => (stale() ? host.site() : undefined),
    take(ticket) {
      kept = Date.now();
      host.tell('ticket', { used: '', ticket });
    },
    async look() {
      const ticket = (!store.keeps() && kept !== undefined) || stale() ? await load().catch(() => null) : null;
      if (kept !== undefined && !store.keeps()) ticket?.warn(kept !== null);
      if (!ticket || !stale() || !chat.session() || chat.coming()) return;
      kept = Date.now();
      ticket.renew();
    },
  };
}
