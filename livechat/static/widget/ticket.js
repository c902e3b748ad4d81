// The resume ticket: it keeps the conversation in the storage of the host page when our own storage does not. Loaded only
// when it is needed.

import { byId } from '../common/dom.js';
import { backOff } from '../common/http.js';

/** @import { Found, Ticket, TicketOptions } from './types.js' */

const PATIENCE = 45000; // milliseconds: another tab may have its turn first
const SLOW = 4000;

/** @param {TicketOptions} options @returns {Ticket} */
export function createTicket({ http, store, host, urls, words }) {
  /**
   * @param {string} used  the ticket that was lent, or ""
   * @param {string|null} ticket  the ticket to keep from now on; "": none, null: the current one
   */
  const giveBack = (used, ticket) => host.tell('ticket', { used, ticket });

  /** @returns {Promise<{ticket: string, key?: string}|null>}  no ticket: ""; null: no answer */
  function borrow() {
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

  /** The identity that another tab has found in the meantime. @param {string|null} dead @returns {Found|null} */
  function had(dead) {
    const token = store.get('token');
    return token && token !== dead ? { token, session: store.get('session') } : null;
  }

  return {
    async exchange(dead, onSlow) {
      const slow = setTimeout(onSlow, SLOW, true);
      try {
        for (let tries = 1; ; tries++) {
          const lent = await borrow();
          const found = had(dead);
          if (found || lent?.ticket === '') {
            giveBack('', null);
            return found;
          }
          let after = 0;
          if (lent) {
            const { ticket, key } = lent;
            // the same ticket under the same key is the same exchange, however often it is sent
            const result = await http.post(urls.resume, { ticket, exchange_key: key, site: host.site() });
            giveBack(ticket, result.ok ? result.data.ticket : result.status === 404 ? '' : null);
            if (result.ok) return result.data;
            if (!result.retry) return null;
            after = result.after;
          }
          await new Promise((done) => setTimeout(done, Math.max(backOff(tries), after)));
        }
      } finally {
        clearTimeout(slow);
        onSlow(false);
      }
    },
    async renew() {
      const result = await http.post(urls.ticket, { site: host.site() });
      if (result.ok) giveBack('', result.data.ticket);
    },
    warn(ticket) {
      const text = words[ticket ? 'keeps_sent' : 'keeps_nothing'];
      if (byId('keeping').textContent !== text) byId('keeping').textContent = text;
      byId('promise').hidden = true;
    },
  };
}
