// Follows one conversation: hands every message on once, in order, whatever way it comes.

import { createStream } from './stream.js';

/** @import { Feed, FeedOptions, News } from './types.js' */

/** @param {FeedOptions} options @returns {Feed} */
export function createFeed({ http, url, name = url, onMessages, onSession, onReset, onOther, ...rest }) {
  /** @type {string|null} */
  let cursor = null;
  let last = 0; // the seq up to which everything was handed on
  let acts = 0; // counts what came by another way: a question asked before knows an older session
  let before = 0; // what it was when the last question was asked
  let whole = false; // the last question was for all messages from the beginning
  let stale = false; // what we have is not the server's any more: it comes anew
  let first = true;

  const stream = createStream({
    ...rest,
    http,
    name,
    url,
    cursor: () => cursor,
    read() {
      before = acts;
      whole = cursor === null;
      const link = new URL(url);
      if (cursor) link.searchParams.set('after', cursor);
      return http.get(link.href, cursor ? 8000 : 20000);
    },
    onData(data) {
      take(data, before === acts, whole);
      if (data.news) onOther('news', data.news);
    },
    onEvent(type, data, id) {
      if (type === 'message') apply({ message: data, cursor: id });
      else if (type === 'session') apply({ session: data });
      else if (type !== 'reset') onOther(type, data);
      else {
        cursor = null;
        stale = true;
        stream.renew();
      }
    },
  });

  /**
   * @param {News} news
   * @param {boolean} current  the session in it is the newest we know
   * @param {boolean} whole  these are all messages from the beginning
   */
  function take(news, current, whole) {
    if (news.reset || (whole && stale)) {
      last = 0;
      first = true;
      stale = false;
      onReset();
    }
    const list = news.messages ?? (news.message ? [news.message] : []);
    const fresh = list.filter((each) => each.seq > last).sort((a, b) => a.seq - b.seq);
    if (stale || (fresh.length && fresh[0].seq > last + 1 && !whole)) {
      // something is missing in between: take nothing, read again from where we are sure
      if (list === news.messages) cursor = null;
      stream.ask();
    } else {
      // the cursor of a repeated send may lie behind or ahead of us: only what moved us counts
      if (news.cursor && (news.messages || fresh.length)) cursor = news.cursor;
      if (fresh.length) last = fresh[fresh.length - 1].seq;
      if (fresh.length) onMessages(fresh, first);
      first = false;
    }
    if (news.session && current) onSession(news.session);
  }

  /** @param {News} news */
  function apply(news) {
    acts += 1;
    take(news, true, false);
  }

  return { start: stream.start, stop: stream.stop, poke: stream.ask, apply };
}
