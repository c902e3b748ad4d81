// Loads common/older.js, the history of a long conversation, on demand: few customers need it.

/** @import { Older, OlderOptions } from '../common/older.js' */
/** @import { Chat } from './types.js' */

const RETRY = 3000; // milliseconds before a failed import is retried

/**
 * @param {Omit<OlderOptions, 'http'|'url'> & {chat: Chat}} options
 * @returns {Pick<Older, 'begin'|'clear'>}
 */
export function createOlder({ chat, ...rest }) {
  /** @type {Older|null} */
  let older = null;
  let histories = 0; // counts those that were begun or left

  return {
    async begin(cursor) {
      const mine = ++histories;
      const module = await import('../common/older.js').catch(() => null);
      if (mine !== histories) return;
      if (!module) return void setTimeout(() => mine === histories && this.begin(cursor), RETRY);
      const { createOlder } = module;
      older ??= createOlder({ ...rest, http: chat.http, url: () => chat.session()?.links.messages });
      older.begin(cursor);
    },
    clear() {
      histories += 1;
      older?.clear();
    },
  };
}
