// The notices above every page of the desk: no connection, login ended, unsent answers.

import { byId, h } from '../common/dom.js';
import { fill, plural } from '../common/words.js';

/** @import { Notices, NoticesOptions } from './types.js' */

const BACK = 5000; // milliseconds for which the good news stays

/** @param {NoticesOptions} options @returns {Notices} */
export function createNotices({ words, loginUrl, http }) {
  const connection = byId('connection');
  const login = byId('signed-out');
  const unsent = byId('unsent');
  let lost = false;
  let waiting = false;
  let timer = 0;
  let shown = '';

  /** After a new sign-in, here or in another tab: reloads the page with the new login's token. */
  async function look() {
    if (document.hidden || !(await http.get(location.href)).ok) return;
    const key = 'livechat.desk.reloaded';
    const last = Number(sessionStorage.getItem(key));
    if (Date.now() - last < 30000) return; // it did not help a moment ago
    sessionStorage.setItem(key, String(Date.now()));
    location.reload();
  }

  return {
    lost: () => lost || !navigator.onLine,
    live(live) {
      const text = live ? words.connection_back : words[navigator.onLine ? 'reconnecting' : 'offline'];
      if (live !== lost && (live || text === connection.textContent)) return;
      lost = !live;
      clearTimeout(timer);
      connection.textContent = text;
      connection.classList.toggle('strong', lost);
      connection.classList.toggle('good', live);
      if (live) timer = setTimeout(() => (connection.textContent = ''), BACK);
    },
    signedOut() {
      if (waiting) return;
      waiting = true;
      connection.textContent = '';
      login.replaceChildren(h('span', {}, words.signed_out), h('a', { href: loginUrl }, words.sign_in));
      document.addEventListener('visibilitychange', look);
      addEventListener('focus', look);
      setInterval(look, 10000);
    },
    otherRole() {
      if (waiting || login.hasChildNodes()) return;
      const reload = h('a', { href: location.href, target: '_self' }, words.reload);
      login.replaceChildren(h('span', {}, words.role_changed), reload);
    },
    gone() {
      login.replaceChildren(words.gone);
    },
    say(text) {
      clearTimeout(timer);
      connection.classList.remove('good', 'strong');
      connection.textContent = text;
      timer = setTimeout(() => (connection.textContent = ''), BACK);
    },
    unsent(entries) {
      const chats = new Map(entries.map(({ extra }) => [extra.number, extra]));
      const key = `${entries.length} ${[...chats.keys()]}`;
      if (key === shown) return; // said already
      shown = key;
      const links = [...chats.values()].map(({ self, number, name }) =>
        h('a', { href: self, dir: 'auto' }, fill(words.unsent_chat, { number, name })),
      );
      const text = h('span', {}, plural(words, 'unsent', entries.length));
      unsent.replaceChildren(...(links.length ? [text, ...links] : []));
    },
  };
}
