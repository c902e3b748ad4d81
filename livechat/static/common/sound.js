// A short sound for a new message, made by the browser, once however many tabs are open; with a button that switches it
// on and off and is remembered.

import { icon } from './icons.js';
import { createOnce } from './tabs.js';

/** @import { Sound, SoundOptions } from './types.js' */

/** @param {SoundOptions} options @returns {Sound} */
export function createSound({ store, words, button }) {
  /** @type {AudioContext|null} */
  let audio = null;
  const once = createOnce(store, 'heard');

  // Browsers let a page sound only after someone has touched it: take the first touch.
  const unlock = () => {
    removeEventListener('pointerdown', unlock, true);
    removeEventListener('keydown', unlock, true);
    if (on()) wake();
  };
  addEventListener('pointerdown', unlock, true);
  addEventListener('keydown', unlock, true);
  store.onChange((key) => {
    if (key === null || key === 'sound') show();
  });
  button.addEventListener('click', () => {
    store.set('sound', on() ? 'off' : 'on');
    show();
    ring(); // so that you hear what you have switched on
  });
  show();

  function on() {
    return store.get('sound') !== 'off';
  }

  function show() {
    button.setAttribute('aria-pressed', String(on()));
    button.title = on() ? words.sound_on : words.sound_off;
    button.replaceChildren(icon(on() ? 'sound' : 'mute'));
  }

  /** @returns {Promise<AudioContext|null>} */
  async function wake() {
    try {
      audio ??= new AudioContext();
      // resume() may stay pending until a gesture that never comes
      if (audio.state !== 'running') {
        await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 300))]);
      }
      return audio;
    } catch {
      return null; // no audio here
    }
  }

  async function ring() {
    if (!on()) return false;
    const context = await wake();
    // a sound that comes late tells nothing
    if (context?.state !== 'running') return false;
    tone(context, 880, 0);
    tone(context, 1174.7, 0.11);
    return true;
  }

  return {
    ring,
    // the first look is no news; and a tab that may not sound leaves the message to another
    once: (newest, silent) => once(newest, silent, async (first) => first || silent || !on() || (await ring())),
  };
}

/**
 * @param {AudioContext} context
 * @param {number} frequency  hertz
 * @param {number} delay  seconds
 */
function tone(context, frequency, delay) {
  const start = context.currentTime + delay;
  const source = context.createOscillator();
  const volume = context.createGain();
  source.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, start);
  volume.gain.exponentialRampToValueAtTime(0.14, start + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.32);
  source.connect(volume).connect(context.destination);
  source.start(start);
  source.stop(start + 0.34);
}
