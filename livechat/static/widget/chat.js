// The customer's conversation: the token, the session, and the actions on it.

import { uuid } from '../common/dom.js';
import { createFeed } from '../common/feed.js';
import { createHttp } from '../common/http.js';
import { createOutbox } from '../common/outbox.js';

/** @import { Session } from '../common/json_types.js' */
/** @import { Entry, Feed, Result } from '../common/types.js' */
/** @import { Chat, ChatOptions, Found } from './types.js' */

const LATER = 3000; // milliseconds before a failed request is retried

/** @param {ChatOptions} options @returns {Chat} */
export function createChat(options) {
  const { store, urls } = options;
  const http = createHttp({
    headers: () => {
      /** @type {Record<string, string>} */
      const headers = {};
      const token = store.get('token');
      if (token) headers.Authorization = `Bearer ${token}`;
      return headers;
    },
  });
  /** @type {Session|null} */
  let session = store.get('session');
  /** @type {Feed|null} */
  let feed = null;
  let seenSeq = 0;
  /** @type {Promise<Found|null>|null} */
  let search = null;

  const outbox = createOutbox({
    store,
    name: 'outbox',
    deliver,
    onChange: options.onPending,
    onSent(entry, data) {
      options.onSent(entry.client_id);
      if (data.session) adopt(data);
      else feed?.apply(data);
    },
  });

  /** The first message starts the session; one about another product tells the server of it. */
  async function deliver(/** @type {Entry} */ entry) {
    await options.identity().known;
    await search;
    const { client_id, body, extra } = entry;
    const elsewhere = extra.product && extra.product.id !== session?.product?.id;
    if (session && (!elsewhere || session.status === 'closed')) {
      const token = store.get('token');
      const result = await http.post(session.links.send, { body, client_id });
      const lost = result.status === 404;
      // our token is no longer known, or was not when this went out
      if (lost && (token !== store.get('token') || (await options.identity().comeBack()))) return deliver(entry);
      return result;
    }
    // without a token this secret identifies a repeated start: nobody else ever sees it
    if (!store.get('token') && !store.get('start')) store.set('start', uuid() + uuid());
    const start_key = store.get('start') ?? undefined;
    /** @type {Record<string, unknown>} */
    const letter = { message: body, client_id, start_key, site: options.identity().wanted(), ...extra };
    for (;;) {
      const result = await http.post(urls.start, letter);
      const field = result.ok ? '' : (result.field ?? '');
      const part = /^(page|product|customer)\b/.exec(field)?.[0];
      if (!part || !(part in letter) || result.status !== 422) return result;
      // the shop's page is wrong, not the customer: leave that out
      console.warn(`livechat: the server refuses this page's ${field}`);
      delete letter[part];
    }
  }

  /** @param {{session: Session, token?: string, ticket?: string}} data  the answer to a start */
  function adopt(data) {
    if (data.token) know(data.token);
    if (data.ticket) options.identity().take(data.ticket);
    if (data.session.id !== session?.id) follow(data.session);
    feed?.apply(data);
  }

  /** @param {string} token */
  function know(token) {
    store.set('token', token);
    store.remove('start');
  }

  /** @param {Session|null} next */
  function follow(next) {
    feed?.stop();
    feed = null;
    if (next?.id !== session?.id) options.onReset();
    session = next;
    seenSeq = 0;
    options.onSession();
    if (!next) return;
    feed = createFeed({
      ...options,
      http,
      url: next.links.messages,
      onSession(news) {
        const changed = JSON.stringify(news) !== JSON.stringify(session);
        session = news;
        if (changed) {
          store.set('session', news);
          options.onSession();
        }
      },
    });
    store.set('session', next);
    feed.start();
  }

  /** @param {'close'|'reopen'} verb @returns {Promise<Result|null>} */
  async function act(verb) {
    if (!session) return null;
    const result = await http.post(session.links[verb], {});
    if (result.ok) feed?.apply(result.data);
    feed?.poke();
    return result;
  }

  /** Reports to the desk, best effort: failures are ignored. @param {'typing'|'page'} verb @param {object} body */
  function report(verb, body) {
    const url = session?.status !== 'closed' && session?.links[verb];
    if (url) http.post(url, body);
  }

  store.onChange((key) => {
    if (key !== 'session' && key !== null) return;
    const other = /** @type {Session|null} */ (store.get('session'));
    if (other?.id !== session?.id) follow(other); // another tab began or left a conversation
  });

  return {
    session: () => session,
    http,
    outbox,
    coming: () => search !== null,
    async comeBack(begun) {
      search = begun;
      const found = await begun;
      search = null;
      if (found) {
        know(found.token);
        session = null; // reload it even if it is the same one
        options.onReset();
        follow(found.session);
      }
      options.onSession();
      return found !== null;
    },
    begin() {
      if (session) follow(session);
      outbox.flush();
    },
    poke: () => feed?.poke(),
    typing: (typing) => report('typing', { typing }),
    page: (page) => report('page', { page }),
    close: () => act('close'),
    reopen: () => act('reopen'),
    startOver(forget) {
      store.remove('session');
      if (forget) store.remove('token');
      follow(null);
    },
    async seen(seq) {
      if (!session?.unread || seq <= seenSeq) return;
      seenSeq = seq;
      const result = await http.post(session.links.seen, { seq });
      if (result.ok) feed?.apply(result.data);
      else setTimeout(() => (seenSeq = 0), result.after || LATER); // not with each movement of the page
    },
  };
}
