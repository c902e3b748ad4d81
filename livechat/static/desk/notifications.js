// Calls an admin who looks elsewhere: one sound and one notification per message, however many tabs are open.

import { createSound } from '../common/sound.js';
import { createOnce, oneTab } from '../common/tabs.js';
import { fill } from '../common/words.js';

/** @import { Notifications, NotificationsOptions } from './types.js' */

const SETTLE = 150; // milliseconds until other tabs can read what this one has stored

/** @param {NotificationsOptions} options @returns {Notifications} */
export function createNotifications({ store, words, button, describe, open, deskUrl }) {
  const sound = createSound({ store, words, button });
  const ask = document.getElementById('notify');
  const hint = document.getElementById('notify-hint');
  const able = 'Notification' in window && isSecureContext;
  const once = createOnce(store, 'told');

  function offer() {
    if (!ask || !hint || !able) return;
    const { permission } = Notification;
    const on = permission === 'granted' && store.get('notify') === true;
    ask.hidden = permission === 'denied';
    ask.textContent = on ? words.notify_stop : words.notify_start;
    hint.hidden = permission !== 'denied';
    hint.textContent = words.notify_denied;
  }

  ask?.addEventListener('click', async () => {
    const on = Notification.permission === 'granted' && store.get('notify') === true;
    store.set('notify', !on);
    if (!on && Notification.permission === 'default') await Notification.requestPermission();
    offer();
  });
  button.hidden = false;
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
      // on phones, notifications need a service worker
    }
  }

  /** Shows one notification for a message. @param {string} newest @param {boolean} silent */
  function show(newest, silent) {
    const seen = silent || document.hasFocus();
    once(newest, seen, (first) => {
      if (first || seen) return;
      const about = describe(newest);
      const title = about ? fill(words.said_message, { name: about.name }) : words.notify_new;
      notify(title, about?.body.slice(0, 200) ?? '', about?.url ?? deskUrl, newest);
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
      show(newest ?? '', silent || !newest);
      if (mentions !== undefined) mentioned(mentions);
    },
  };
}
