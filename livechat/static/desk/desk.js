// The services of every page of the desk: the signed-in admin, requests, unsent answers, sound, title, notices.

import { byId } from '../common/dom.js';
import { createHttp } from '../common/http.js';
import { createOutbox } from '../common/outbox.js';
import { createStore } from '../common/store.js';
import { createTitle } from '../common/title.js';
import { readWords } from '../common/words.js';
import { createBadge } from './badge.js';
import { createNotices } from './notices.js';
import { createNotifications } from './notifications.js';
import { createPreferences } from './preferences.js';
import { watchPresence } from './presence.js';
import { createSignOut } from './sign_out.js';
import { createUndo } from './undo.js';

/** @import { Colleague, News, Preferences } from './json_types.js' */
/** @import { Desk, DeskOptions } from './types.js' */

const PATIENCE = 5000; // milliseconds for a check that the server answers
const SEND = 10000; // milliseconds for one attempt to send
const AGAIN = new Set(['forbidden', 'csrf_failed']); // refusals that end with a new login

/** @param {DeskOptions} options @returns {Desk} */
export function createDesk({ attended, own = () => false, onPending, onSent, describe = () => null, open }) {
  document.documentElement.classList.add('scripted');
  const {
    username = '',
    name = '',
    role = '',
    may = '',
    csrfToken = '',
    loginUrl = '',
    deskUrl = '',
  } = byId('desk').dataset;
  const words = readWords();
  /** @type {{places: Record<string, string>, preferences: Preferences}} */
  const given = JSON.parse(byId('desk-data').textContent ?? '');
  // each admin's own: a browser may be shared
  const store = createStore(`livechat.desk.${username}.`);
  const http = createHttp({
    credentials: 'same-origin',
    headers: () => ({ 'X-CSRF-Token': csrfToken }),
  });
  const notifications = createNotifications({
    store,
    words,
    button: byId('sound', HTMLButtonElement),
    describe,
    open: open ?? go,
    deskUrl,
  });
  const countInTitle = createTitle();
  const countInBadge = createBadge();
  const preferences = createPreferences({ given: given.preferences, url: given.places.preferences, http });
  /** @type {News|null} */
  let last = null;
  /** @type {Promise<Colleague[]>|null} */
  let asked = null;
  const notices = createNotices({ words, loginUrl, http });

  const signOut = createSignOut({ username, store, http, words, loginUrl, say: notices.say });

  const outbox = createOutbox({
    store,
    name: 'outbox',
    async deliver({ body, client_id, extra }, signal) {
      const seen = extra.seen_seq === undefined ? {} : { seen_seq: extra.seen_seq };
      const result = await http.post(extra.send, { body, client_id, ...seen }, SEND, signal);
      if (result.ok) return result;
      if (refused(result)) return { ...result, message: words.signed_out_unsent };
      return result.code === 'session_closed' ? { ...result, message: words.closed } : result;
    },
    onChange: changed,
    onSent: (entry, data) => onSent?.(entry.client_id, data),
  });

  function changed() {
    const elsewhere = outbox.entries().filter((entry) => !own(entry.extra));
    notices.unsent(elsewhere.filter((entry) => entry.state !== 'sending'));
    onPending?.();
  }

  /** @param {import('../common/types.js').Refusal} refusal */
  function refused(refusal) {
    // a missing permission does not mean that the login has ended
    const ended = refusal.status === 403 && AGAIN.has(refusal.code) && refusal.field !== 'role';
    if (ended) notices.signedOut();
    return ended;
  }

  /** Whether the server answers; if not, the page shows a notice. @param {string} href */
  async function reachable(href) {
    const there = !notices.lost() || (await http.get(href, PATIENCE)).status > 0;
    if (!there) notices.say(words.stays);
    return there;
  }

  /** Goes to another page. @param {string} href */
  async function go(href) {
    if (await reachable(href)) location.assign(href);
  }

  /** @param {News} news */
  function tell(news) {
    last = news;
    countInTitle(news.unread);
    countInBadge(news.unread);
    byId('calls').hidden = news.unread === 0;
    byId('calls-number').textContent = String(news.unread);
    const mentions = document.querySelector('[data-count="mentions"]');
    if (mentions) mentions.textContent = news.mentions ? String(news.mentions) : '';
    if (news.role !== role) notices.otherRole();
    notifications.tell(news, !news.newest || attended(news.newest));
  }

  const undo = createUndo({ words, http, say: notices.say, refused });

  return {
    me: { username, name, role, may: new Set(may.split(' ')) },
    url: deskUrl,
    places: given.places,
    preferences,
    words,
    http,
    store,
    outbox,
    refused,
    beforeSignOut: signOut.before,
    live: notices.live,
    gone: notices.gone,
    say: notices.say,
    lost: notices.lost,
    undo,
    reachable,
    go,
    tell,
    retell: () => void (last && tell(last)),
    changed,
    colleagues() {
      asked ??= http.get(given.places.colleagues).then((result) => {
        setTimeout(() => (asked = null), 20000); // presence changes
        return result.ok ? result.data.admins : [];
      });
      return asked;
    },
    begin() {
      watchPresence({ store, http, url: `${deskUrl}presence/` });
      // retry answers that failed because the last login had ended
      for (const entry of outbox.entries()) {
        if (AGAIN.has(entry.refused?.code ?? '')) outbox.retry(entry.client_id);
      }
      changed();
      outbox.flush();
    },
  };
}
