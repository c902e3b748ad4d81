// The switch for the sound, on every page of the desk.

import { icon } from '../common/icons.js';
import { createSound } from '../common/sound.js';

/** @import { Bell, BellOptions } from './types.js' */

/** @param {BellOptions} options @returns {Bell} */
export function createBell({ store, words, button }) {
  const sound = createSound(store);

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

  return { ring: sound.once };
}
