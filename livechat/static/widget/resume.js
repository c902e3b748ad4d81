// Resume tickets: the page around the frame keeps one in its own storage, in case the frame loses its token. Loaded
// only when one is exchanged or renewed.

import { backOff } from '../common/http.js';

/** @import { Http } from '../common/types.js' */
/** @import { Found, Host } from './types.js' */

const PATIENCE = 45000; // milliseconds: another tab may have its turn first

/**
 * Exchanges the page's ticket, for as long as it takes to get an answer. Null: there is none, or it does not hold.
 * @param {{http: Http, host: Host, url: string, had: () => Found|null}} options  `had`: what another tab has found
 * @returns {Promise<Found|null>}
 */
export async function exchange({ http, host, url, had }) {
  for (let tries = 1; ; tries++) {
    const lent = await borrow(host);
    const found = had();
    if (found || lent?.ticket === '') giveBack(host, '', null);
    if (found) return found;
    if (lent?.ticket === '') return null;
    let wait = 0;
    if (lent) {
      const { ticket, key } = lent;
      // the same ticket under the same key is the same exchange, however often it is sent
      const result = await http.post(url, { ticket, exchange_key: key, site: host.site() });
      if (result.ok) {
        giveBack(host, ticket, result.data.ticket);
        return result.data;
      }
      giveBack(host, ticket, result.status === 404 ? '' : null);
      if (!result.retry) return null;
      wait = result.after;
    }
    await new Promise((done) => setTimeout(done, Math.max(backOff(tries), wait)));
  }
}

/**
 * Gets a ticket for the page, with our token. Returns whether it has one now.
 * @param {{http: Http, host: Host, url: string}} options
 */
export async function renew({ http, host, url }) {
  const result = await http.post(url, { site: host.site() });
  if (result.ok) giveBack(host, '', result.data.ticket);
  return result.ok;
}

/** @param {Host} host @returns {Promise<{ticket: string, key?: string}|null>}  no ticket: "" */
function borrow(host) {
  return new Promise((done) => {
    /** @param {MessageEvent} event */
    const hear = ({ source, origin, data }) => {
      if (source !== parent || origin !== host.site() || data?.livechat !== 'ticket') return;
      const [, ticket, key] = data.lent ?? [];
      end({ ticket: String(ticket ?? ''), key });
    };
    /** @param {{ticket: string, key?: string}|null} lent */
    const end = (lent) => {
      removeEventListener('message', hear);
      clearTimeout(timer);
      done(lent);
    };
    const timer = setTimeout(end, PATIENCE, null);
    addEventListener('message', hear);
    host.tell('lend');
  });
}

/**
 * @param {Host} host
 * @param {string} used  the ticket that was lent, or ""
 * @param {string|null} ticket  the one to keep from now on; "": none, null: what there is
 */
const giveBack = (host, used, ticket) => host.tell('ticket', { used, ticket });
