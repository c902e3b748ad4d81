// Coordinates the tabs of one browser: which one has the stream, sends, sounds and notifies. Where BroadcastChannel or
// storage is missing or denied, each tab works alone.

/** @import { Store, Tabs, TabsOptions } from './types.js' */

/** @type {any} */
let leases;

/**
 * Plain http has no Web Locks: the fallback is loaded when it is first needed. Not while this module loads: the page's
 * script would run too late for the first message of the host page.
 * @returns {Promise<LockManager>}  nothing where there is no storage either
 */
export const lockManager = async () => navigator.locks ?? (leases ??= (await import('./locks.js')).createLeases());

const QUIET = 45000; // milliseconds after which a silent leader is dead or asleep
const HASTE = 4000; // the same for a leader that was asked
const PATIENCE = 25000; // milliseconds to wait for another tab's work
const FIRST = 300; // milliseconds in which a tab that shows the message can say so before others act on it
const SETTLE = 150; // milliseconds until other tabs, in other processes, can read what this one has stored

/** @param {TabsOptions} options @returns {Tabs} */
export function createTabs({ name, onTurn, onNote, answer }) {
  /** @type {BroadcastChannel|null} */
  let channel = null;
  let alone = false;
  let leads = false;
  let turn = 0; // counts lock requests: the result of an older one is ignored
  let watch = 0;
  let quit = () => {};

  /** @param {boolean} now */
  function lead(now) {
    clearTimeout(watch);
    if (leads === now) return;
    leads = now;
    onTurn(now);
  }

  /** @param {number} patience */
  function listen(patience) {
    clearTimeout(watch);
    if (!leads) watch = setTimeout(join, patience, true);
  }

  /** Queues for the lead, or takes it from a tab that is asleep. */
  async function join(steal = false) {
    quit();
    const mine = ++turn;
    const stop = new AbortController();
    /** @type {Promise<void>} */
    const end = new Promise((done) => {
      quit = () => {
        done();
        stop.abort();
      };
    });
    try {
      channel ??= new BroadcastChannel(name);
      channel.onmessage = ({ data }) => {
        if (data === 'who') {
          if (leads) say(answer());
          return;
        }
        listen(QUIET);
        if (!leads) onNote(data);
      };
      ask();
      await (await lockManager()).request(name, steal ? { steal } : { signal: stop.signal }, () => {
        if (mine !== turn) return;
        lead(true);
        say(answer());
        return end;
      });
    } catch (error) {
      if (mine === turn && /** @type {Error} */ (error).name !== 'AbortError') {
        alone = true;
        close();
        lead(true);
        return;
      }
    }
    if (mine !== turn) return;
    lead(false);
    join(); // somebody took it from us
  }

  /** @param {any} note */
  const say = (note) => channel?.postMessage(note);

  function ask() {
    if (leads) return;
    say('who');
    listen(HASTE);
  }

  function close() {
    channel?.close();
    channel = null;
  }

  return {
    join: () => void join(),
    leave() {
      turn += 1;
      quit();
      lead(false);
      close();
    },
    leads: () => leads,
    alone: () => alone,
    say,
    ask,
  };
}

/**
 * Runs the work in one tab at a time. Where locks are missing, or the tab that holds the lock is asleep, the work runs
 * anyway: the server recognizes repeated messages.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function oneTab(name, work) {
  /** @type {Promise<T>|null} */
  let done = null;
  const inTurn = () => (done = work());
  try {
    const locks = await lockManager();
    return await locks.request(`livechat.${name}`, { signal: AbortSignal.timeout?.(PATIENCE) }, inTurn);
  } catch {
    return done ?? work(); // where the turn was lost on the way, the work goes on all the same
  }
}

/**
 * Makes a function that does some work once for each new message, however many tabs are open.
 * @param {Store} store  keeps the time of the newest message that is done, for all tabs
 * @param {string} key  its key in the store
 * @returns {(newest: string, silent: boolean, work: (first: boolean) => any) => Promise<void>}
 *   newest: when the message was written; silent: act on it at once, before the other tabs do; work: told whether this
 *   is the first message ever; returns false to leave the message to another tab
 */
export function createOnce(store, key) {
  /** @type {string|null} this tab has done its part for messages up to this time */
  let done = null;
  return async (newest, silent, work) => {
    if (done !== null && newest <= done) return;
    done = newest;
    if (!silent) await new Promise((go) => setTimeout(go, FIRST));
    await oneTab(key, async () => {
      const before = store.get(key);
      if (before !== null && before >= newest) return;
      if ((await work(before === null)) === false) return;
      store.set(key, newest);
      await new Promise((go) => setTimeout(go, SETTLE));
    });
  };
}
