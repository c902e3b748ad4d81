// Signing out: stores drafts on the server, asks about unsent text, and removes all typed text from this browser.

/** @import { SignOut, SignOutOptions } from './types.js' */

const TEXTS = ['draft.', 'note.']; // keys of the store with unsent text
const TYPED = [...TEXTS, 'stored.', 'place.', 'outbox.'];

/** @param {SignOutOptions} options @returns {SignOut} */
export function createSignOut({ username, store, http, words, loginUrl, say }) {
  const form = /** @type {HTMLFormElement|null} */ (document.querySelector('form.leave'));
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('livechat.desk.left');
  /** @type {Set<() => Promise<void>>} */
  const works = new Set();
  let leaves = false;

  function leave() {
    for (const box of document.querySelectorAll('textarea')) {
      box.disabled = true; // a key in the last moment must not bring it back
      box.value = '';
    }
    for (const start of TYPED) for (const key of store.keys(start)) store.remove(key);
    location.replace(loginUrl.replace(/\?.*/, ''));
  }

  /** Texts of any chat that are in this browser alone, open or not. */
  const alone = () =>
    TEXTS.flatMap((start) => store.keys(start)).filter((key) => {
      const text = store.get(key);
      return typeof text === 'string' && text.trim() && text !== store.get(`stored.${key}`);
    });

  /** Stores a text on the server, which keeps one of the two texts of a chat. @param {string} key */
  async function bring(key) {
    const [kind, number] = key.split('.');
    const place = store.get(`place.${number}`);
    const other = store.get(`${kind === 'note' ? 'draft' : 'note'}.${number}`);
    if (!place || (typeof other === 'string' && other.trim())) return;
    const body = store.get(key);
    const result = await http.post(place, { body, note: kind === 'note' });
    if (result.ok) store.set(`stored.${key}`, body);
  }

  form?.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (leaves) return;
    leaves = true;
    await Promise.all([...works].map((work) => work().catch(() => {})));
    await Promise.all(alone().map(bring));
    const unsent = alone().length > 0 || store.keys('outbox.').length > 0;
    if (!unsent || confirm(words.leave_unsent)) {
      const result = await http.post(form.action, {});
      if (result.ok || result.code === 'forbidden') {
        // or the login has ended already
        channel?.postMessage(username);
        return leave();
      }
      say(words.not_done);
    }
    leaves = false;
  });
  // the tabs of one browser share the login
  if (channel) channel.onmessage = ({ data }) => data === username && leave();

  return {
    before(work, signal) {
      works.add(work);
      signal.addEventListener('abort', () => works.delete(work));
    },
  };
}
