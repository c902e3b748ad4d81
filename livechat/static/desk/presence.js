// The admin's presence: away after five minutes without input in any tab, online with the next input.

/** @import { PresenceOptions } from './types.js' */

const IDLE = 5 * 60 * 1000;
const LOOK = 20000; // milliseconds between two checks
const NOTED = 1000; // milliseconds; input is recorded once in this time

/** @param {PresenceOptions} options */
export function watchPresence({ store, http, url }) {
  let noted = 0;

  /** @param {'online'|'away'} state */
  async function tell(state) {
    const before = store.get('presence');
    store.set('presence', state); // before the answer, so that other tabs do not report it, too
    const result = await http.post(url, { state });
    if (!result.ok) store.set('presence', before);
  }

  function touch() {
    const now = Date.now();
    if (now - noted < NOTED) return;
    noted = now;
    store.set('input', now);
    if (store.get('presence') === 'away') tell('online');
  }

  for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'focus']) {
    addEventListener(event, touch, { capture: true, passive: true });
  }
  setInterval(() => {
    if (store.get('presence') !== 'away' && Date.now() - store.get('input') > IDLE) tell('away');
  }, LOOK);
  touch();
}
