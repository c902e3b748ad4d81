// Follows one conversation: asks for what is new and hands every message on once, in order.

import { backOff } from './http.js';

/** @import { Feed, FeedOptions, News } from './types.js' */

/** @param {FeedOptions} options @returns {Feed} */
export function createFeed({ read, pace, onMessages, onSession, onReset, onLive, onGone }) {
  /** @type {string|null} */
  let cursor = null;
  let last = 0; // the seq up to which everything was handed on
  let acts = 0; // counts what came by another way: a read that began before knows an older session
  let failures = 0;
  let first = true;
  let running = false;
  let busy = false;
  let again = false;
  let timer = 0;

  async function ask() {
    if (!running) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    clearTimeout(timer);
    const before = acts;
    const result = await read(cursor);
    busy = false;
    if (!running) return;
    if (result.ok) {
      failures = 0;
      take(result.data, before === acts, cursor === null);
    } else if (!result.retry) {
      stop();
      onGone(result);
      return;
    } else {
      failures += 1;
    }
    onLive(failures < 2);
    const wait = failures && !result.ok ? Math.max(backOff(failures), result.after) : pace();
    timer = setTimeout(ask, again ? 0 : wait);
  }

  /**
   * @param {News} news
   * @param {boolean} current  the session in it is the newest we know
   * @param {boolean} whole  these are all messages from the beginning
   */
  function take(news, current, whole) {
    if (news.reset) {
      last = 0;
      first = true;
      onReset();
    }
    const list = news.messages ?? (news.message ? [news.message] : []);
    const fresh = list.filter((each) => each.seq > last).sort((a, b) => a.seq - b.seq);
    if (fresh.length && fresh[0].seq > last + 1 && !whole) {
      // something is missing in between: take nothing, read again from where we are sure
      if (running) {
        if (list === news.messages) cursor = null;
        ask();
      }
    } else {
      // the cursor of a repeated send may lie behind or ahead of us: only what moved us counts
      if (news.cursor && (news.messages || fresh.length)) cursor = news.cursor;
      if (fresh.length) last = fresh[fresh.length - 1].seq;
      if (fresh.length) onMessages(fresh, first);
      first = false;
    }
    if (news.session && current) onSession(news.session);
  }

  function stop() {
    running = false;
    clearTimeout(timer);
    removeEventListener('online', ask);
    removeEventListener('pageshow', ask);
    document.removeEventListener('visibilitychange', ask);
  }

  return {
    start() {
      running = true;
      // hidden pages read too when they change: the pace they keep from then on is another
      addEventListener('online', ask);
      addEventListener('pageshow', ask);
      document.addEventListener('visibilitychange', ask);
      ask();
    },
    stop,
    poke: ask,
    apply(news) {
      acts += 1;
      take(news, true, false);
    },
  };
}
