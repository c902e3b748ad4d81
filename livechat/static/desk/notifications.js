// What calls an admin who looks elsewhere: one sound and one notification for a message, however many tabs are open.

import { icon } from '../common/icons.js';
import { createSound } from '../common/sound.js';
import { oneTab } from '../common/tabs.js';
import { fill } from '../common/words.js';

/** @import { Bell, BellOptions } from './types.js' */

const FIRST = 300; // milliseconds that a tab in which the message is looked at has to say so
const SETTLE = 150; // milliseconds after which other tabs read what this one has stored

/** @param {BellOptions} options @returns {Bell} */
export function createBell({ store, words, button, describe, open, deskUrl }) {
  const sound = createSound(store);
  const ask = document.getElementById('notify');
  const hint = document.getElementById('notify-hint');
  const able = 'Notification' in window && isSecureContext;
  /** @type {string|null} */
  let done = null;

  function show() {
    const on = sound.on();
    button.setAttribute('aria-pressed', String(on));
    button.title = on ? words.sound_on : words.sound_off;
    button.replaceChildren(icon(on ? 'sound' : 'mute'));
  }

  function offer() {
    if (!ask || !hint || !able) return;
    const { permission } = Notification;
    const on = permission === 'granted' && store.get('notify') === true;
    ask.hidden = permission === 'denied';
    ask.textContent = on ? words.notify_stop : words.notify_start;
    hint.hidden = permission !== 'denied';
    hint.textContent = words.notify_denied;
  }

  button.addEventListener('click', () => {
    sound.set(!sound.on());
    sound.ring(); // so one hears what one has switched on
  });
  ask?.addEventListener('click', async () => {
    const on = Notification.permission === 'granted' && store.get('notify') === true;
    store.set('notify', !on);
    if (!on && Notification.permission === 'default') await Notification.requestPermission();
    offer();
  });
  sound.onChange(show);
  button.hidden = false;
  show();
  offer();

  /** @param {string} title @param {string} body @param {string} url @param {string} tag */
  function notify(title, body, url, tag) {
    if (!able || Notification.permission !== 'granted' || store.get('notify') !== true) return;
    try {
      const note = new Notification(title, { body, tag });
      note.onclick = () => {
        window.focus();
        open(url);
        note.close();
      };
    } catch {
      // a phone's browser wants a service worker for it
    }
  }

  /** Once in all tabs. @param {string} newest @param {boolean} silent */
  async function once(newest, silent) {
    if (done !== null && newest <= done) return;
    done = newest;
    const looked = silent || document.hasFocus();
    if (!looked) await new Promise((go) => setTimeout(go, FIRST));
    await oneTab('notice', async () => {
      const told = store.get('told');
      if (told !== null && told >= newest) return;
      store.set('told', newest);
      const about = describe(newest);
      if (told !== null && !looked) {
        const title = about ? fill(words.said_message, { name: about.name }) : words.notify_new;
        notify(title, about?.body.slice(0, 200) ?? '', about?.url ?? deskUrl, newest);
      }
      await new Promise((go) => setTimeout(go, SETTLE));
    });
  }

  /** @param {number} count */
  function mentioned(count) {
    return oneTab('mention', async () => {
      const before = store.get('mentioned');
      if (before === count) return;
      store.set('mentioned', count);
      if (before === null || count < before) return;
      sound.ring();
      notify(words.notify_mention, '', `${deskUrl}?view=mentions`, `mention ${count}`);
      await new Promise((go) => setTimeout(go, SETTLE));
    });
  }

  return {
    tell({ newest, mentions }, silent) {
      sound.once(newest ?? '', silent);
      once(newest ?? '', silent || !newest);
      if (mentions !== undefined) mentioned(mentions);
    },
  };
}
