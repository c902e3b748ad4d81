// Limits the streams of a browser: over HTTP/1 it opens six connections to a server, and an admin may have a tab for
// every chat.

import { lockManager } from '../common/tabs.js';

/** @import { StreamEnd } from '../common/types.js' */

const SLOTS = 4;
/** @type {StreamEnd} */
const NOTHING = { status: 0, after: 0 };

/**
 * Does the work in a free slot. A visible tab takes the slot of another one if necessary; a hidden tab without a slot,
 * or a tab that has lost its slot, polls instead.
 * @param {AbortController} stop  aborted when the slot is lost
 * @param {() => Promise<StreamEnd>} work
 * @returns {Promise<StreamEnd>}
 */
export async function inStreamSlot(stop, work) {
  const locks = await lockManager().catch(() => null);
  if (!locks) return work();
  const manager = locks;
  /** @type {StreamEnd|null} */
  let end = null;
  /** @param {number} number @param {LockOptions} options */
  async function take(number, options) {
    try {
      await manager.request(`livechat.place.${number}`, options, async (lock) => {
        if (lock) end = await work();
      });
    } catch {
      stop.abort(); // another tab needed it more
    }
    return end ?? (stop.signal.aborted ? NOTHING : null);
  }
  for (let i = 0; i < SLOTS; i++) {
    const done = await take(i, { ifAvailable: true });
    if (done) return done;
  }
  const other = Math.floor(Math.random() * SLOTS);
  return (!document.hidden && (await take(other, { steal: true }))) || NOTHING;
}
