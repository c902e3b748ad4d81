// A small key-value store on localStorage that goes on in memory when storage is blocked or full.

/** @import { Store } from './types.js' */

/** @param {string} prefix  of every key @returns {Store} */
export function createStore(prefix) {
  /** @type {Map<string, string>} what could not be written to the disk */
  const memory = new Map();
  const disk = usable();

  return {
    get(key) {
      const text = memory.get(key) ?? disk?.getItem(prefix + key) ?? null;
      if (text === null) return null;
      try {
        return JSON.parse(text);
      } catch {
        return null; // not ours
      }
    },
    set(key, value) {
      const text = JSON.stringify(value);
      try {
        if (!disk) throw new Error('no storage');
        disk.setItem(prefix + key, text);
        memory.delete(key);
      } catch {
        memory.set(key, text);
      }
    },
    remove(key) {
      memory.delete(key);
      disk?.removeItem(prefix + key);
    },
    keys(start) {
      const found = new Set([...memory.keys()]);
      for (let i = 0; disk && i < disk.length; i++) {
        const key = disk.key(i);
        if (key?.startsWith(prefix)) found.add(key.slice(prefix.length));
      }
      return [...found].filter((key) => key.startsWith(start));
    },
    onChange(listener) {
      addEventListener('storage', (event) => {
        if (event.storageArea !== disk) return;
        if (event.key === null) listener(null);
        else if (event.key.startsWith(prefix)) listener(event.key.slice(prefix.length));
      });
    },
  };
}

/** localStorage, or null where the browser forbids it (the mere access may throw). */
function usable() {
  try {
    const probe = 'livechat.probe';
    localStorage.setItem(probe, '1');
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return null;
  }
}
