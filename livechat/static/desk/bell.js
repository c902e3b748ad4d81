// One sound for one message, however many tabs are open; and the switch for it.

import { icon } from '../common/icons.js';
import { createSound } from '../common/sound.js';

/** @import { Bell, BellOptions } from './types.js' */

/** @param {BellOptions} options @returns {Bell} */
export function createBell({ store, words, button }) {
  const sound = createSound(store);
  let heard = ''; // this tab has done its part for what was written until then

  /** @param {string} newest @param {boolean} silent */
  async function once(newest, silent) {
    const rang = store.get('rang');
    if (rang !== null && rang >= newest) return;
    // the first look is no news; and a tab that may not sound leaves it to another
    if (rang === null || silent || !sound.on() || (await sound.ring())) store.set('rang', newest);
  }

  function show() {
    const on = sound.on();
    button.setAttribute('aria-pressed', String(on));
    button.title = on ? words.sound_on : words.sound_off;
    button.replaceChildren(icon(on ? 'sound' : 'mute'));
  }

  button.addEventListener('click', () => {
    sound.set(!sound.on());
    sound.ring(); // so one hears what one has switched on
  });
  sound.onChange(show);
  button.hidden = false;
  show();

  return {
    async ring(newest, silent) {
      if (newest <= heard && store.get('rang') !== null) return;
      heard = newest;
      if (navigator.locks) await navigator.locks.request('livechat.desk.bell', () => once(newest, silent));
      else await once(newest, silent);
    },
  };
}
