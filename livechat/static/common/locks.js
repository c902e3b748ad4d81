// A fallback for Web Locks on pages served over plain http: leases in localStorage, with the part of the interface that
// we use. Two tabs that take a lease at the same moment may both hold it for an instant, so work under it may run twice.

import { uuid } from './dom.js';

const LEASE = 20000; // milliseconds after which a lease that nobody renews is free
const RENEW = 5000;
const SETTLE = 60; // after which it shows which of two was the last to write
const PREFIX = 'livechat.lock.';

/** @returns {any}  as much of a LockManager as is used here; nothing where there is no storage */
export function createLeases() {
  /** @type {Storage} */
  let disk;
  try {
    disk = localStorage;
    disk.setItem(PREFIX, '');
  } catch {
    return undefined; // each tab is on its own
  }
  // leases of tabs that crashed
  for (const key of Object.keys(disk)) if (key.startsWith(PREFIX) && !isHeld(key)) disk.removeItem(key);
  const here = new EventTarget(); // of a change a tab's own storage does not tell it

  /** @param {string} key */
  function read(key) {
    return (disk.getItem(key) ?? '').split(' ');
  }

  /** @param {string} key */
  function isHeld(key) {
    const left = Number(read(key)[1]) - Date.now();
    return left > 0 && left <= LEASE; // not a lease from before the clock was set back
  }

  /** @param {string} key @param {string} [owner]  none: it is free @param {boolean} [again]  it has been theirs */
  function write(key, owner, again) {
    if (owner) disk.setItem(key, `${owner} ${Date.now() + LEASE}`);
    else disk.removeItem(key);
    if (!again) here.dispatchEvent(new Event(key));
  }

  /**
   * Calls `look` at each change and now and then, until it settles the promise.
   * @param {string} key @param {number} each @param {(go: (value?: any) => void, fail: (why: any) => void) => (() => void)} begin
   */
  async function watch(key, each, begin) {
    const end = new AbortController();
    const { signal } = end;
    let timer = 0;
    try {
      return await new Promise((go, fail) => {
        const look = begin(go, fail);
        timer = setInterval(look, each);
        here.addEventListener(key, look, { signal });
        addEventListener('storage', (event) => event.key === key && look(), { signal });
      });
    } finally {
      clearInterval(timer);
      end.abort();
    }
  }

  return {
    /** @param {string} name @param {LockOptions} options @param {(lock: any) => any} work */
    async request(name, { signal, ifAvailable, steal }, work) {
      const key = PREFIX + name;
      signal?.throwIfAborted();
      while (!steal && isHeld(key)) {
        if (ifAvailable) return work(null);
        await watch(key, RENEW / 5, (go, fail) => {
          signal?.addEventListener('abort', () => fail(signal.reason), { once: true });
          return () => isHeld(key) || go();
        });
      }
      const mine = uuid();
      write(key, mine);
      try {
        return await watch(key, RENEW, (go, fail) => {
          const look = () => {
            if (read(key)[0] === mine) write(key, mine, true);
            else fail(new DOMException('Another tab has it.', 'AbortError'));
          };
          setTimeout(look, SETTLE);
          Promise.resolve({ name }).then(work).then(go, fail);
          return look;
        });
      } finally {
        if (read(key)[0] === mine) write(key);
      }
    },
  };
}
