// Follows one conversation: delivers every message once and in order, from the stream, a poll or a send.

import { createStream } from './stream.js';

const MOST_PAGES = 3; // that are read one after the other to catch up

/** @import { Message, News } from './json_types.js' */
/** @import { Feed, FeedOptions } from './types.js' */

/** @param {FeedOptions} options @returns {Feed} */
export function createFeed({ http, url, name = url, onMessages, onBefore, onSession, onReset, onOther, ...rest }) {
  /** @type {string|null} */
  let cursor = null;
  let last = 0; // the seq up to which everything was handed on
  let acts = 0; // counts other answers that arrived: a poll sent before them knows an older session
  let before = 0; // its value when the last poll was sent
  let newest = false; // the last question was for the newest page
  let pages = 0; // that did not reach the newest message, in a row
  let stale = false; // our messages no longer match the server's: load them again
  let first = true;
  /** @type {Message[]} received from the stream, not delivered yet */
  let heard = [];
  /** @type {string|undefined} the cursor behind it */
  let heardTo;

  const stream = createStream({
    ...rest,
    http,
    name,
    url,
    cursor: () => cursor,
    read() {
      before = acts;
      newest = cursor === null;
      const link = new URL(url);
      link.searchParams.set(newest ? 'before' : 'after', cursor ?? '');
      return http.get(link.href, cursor ? 8000 : 20000);
    },
    onData(data) {
      const ends = { cursor: data.after, before: data.more ? data.cursor : null, more: false };
      take(newest ? { ...data, ...ends } : data, before === acts, newest);
      if (data.news) onOther('news', data.news);
    },
    onEvent(type, data, id) {
      if (type === 'message') return hear(data, id);
      settle(); // in the order in which they came
      if (type === 'session') apply({ session: data });
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
   * @param {boolean} whole  these messages contain or follow everything we have
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
    const begins = last === 0 && (whole || Boolean(news.before)); // the newest page is where we begin
    if (stale || (fresh.length && fresh[0].seq > last + 1 && !begins)) {
      // something is missing in between: take nothing, read again from where we are sure
      if (whole) [cursor, stale] = [null, true];
      stream.ask();
    } else {
      // the cursor of a repeated send may lie behind or ahead of ours: use it only if its messages moved us
      if (news.cursor && ((news.messages && !news.streamed) || fresh.length)) cursor = news.cursor;
      if (fresh.length) last = fresh[fresh.length - 1].seq;
      if (fresh.length) onMessages(fresh, first);
      if (begins && news.before) onBefore?.(news.before);
      first = false;
      goOn(Boolean(news.more));
    }
    if (news.session && current) onSession(news.session);
  }

  /** A backlog arrives message by message: deliver messages that arrive together in one call. @param {Message} message @param {string} [id] */
  function hear(message, id) {
    if (!heard.length) queueMicrotask(settle);
    heard.push(message);
    heardTo = id;
  }

  function settle() {
    const messages = heard;
    heard = [];
    if (messages.length) apply({ messages, cursor: heardTo, streamed: true });
  }

  /** There is more: asks for it, or, when that is much, for the newest page instead. @param {boolean} more */
  function goOn(more) {
    pages = more ? pages + 1 : 0;
    if (pages > MOST_PAGES) [cursor, stale, pages] = [null, true, 0];
    if (more) stream.ask();
  }

  /** @param {News} news */
  function apply(news) {
    acts += 1;
    take(news, true, false);
  }

  return { start: stream.start, stop: stream.stop, poke: stream.ask, apply };
}
