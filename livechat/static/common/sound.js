// A short sound for a new message, made by the browser, once however many tabs are open; with a switch that is
// remembered.

import { oneTab } from './tabs.js';

/** @import { Sound, Store } from './types.js' */

const SETTLE = 150; // milliseconds after which other tabs, in processes of their own, read what this one has stored
const FIRST = 250; // milliseconds that a tab in which the message is looked at has to say so

/** @param {Store} store @returns {Sound} */
export function createSound(store) {
  /** @type {AudioContext|null} */
  let audio = null;
  /** @type {string|null} this tab has done its part for what was written until then */
  let done = null;
  /** @type {(() => void)[]} */
  const listeners = [];
  const changed = () => listeners.forEach((listener) => listener());

  // Browsers let a page sound only after someone has touched it: take the first touch.
  const unlock = () => {
    removeEventListener('pointerdown', unlock, true);
    removeEventListener('keydown', unlock, true);
    if (on()) wake();
  };
  addEventListener('pointerdown', unlock, true);
  addEventListener('keydown', unlock, true);
  store.onChange((key) => {
    if (key === null || key === 'sound') changed();
  });

  function on() {
    return store.get('sound') !== 'off';
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
    on,
    set(value) {
      store.set('sound', value ? 'on' : 'off');
      changed();
    },
    ring,
    async once(newest, silent) {
      if (done !== null && newest <= done) return;
      done = newest;
      if (!silent) await new Promise((go) => setTimeout(go, FIRST));
      await oneTab('bell', async () => {
        const heard = store.get('heard');
        if (heard !== null && heard >= newest) return;
        // the first look is no news; and a tab that may not sound leaves it to another
        if (heard === null || silent || !on() || (await ring())) {
          store.set('heard', newest);
          await new Promise((go) => setTimeout(go, SETTLE));
        }
      });
    },
    onChange(listener) {
      listeners.push(listener);
    },
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
