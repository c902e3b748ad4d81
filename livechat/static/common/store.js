// A small key-value store on localStorage that goes on in memory when storage is blocked, full or emptied.

import { uuid } from './dom.js';

/** @import { Store } from './types.js' */

/** @param {string} prefix  of every key @returns {Store} */
export function createStore(prefix) {
  /** @type {Map<string, string>} all that this page has read or written */
  const memory = new Map();
  /** @type {Set<string>} keys that the disk refused */
  const unwritten = new Set();
  const disk = usable();
  // As long as this is there, a key that is missing was removed. Otherwise all of them were lost.
  const mark = `${prefix}storage`;
  let life = read(mark) ?? write(mark, uuid());

  /** @param {string} name */
  function read(name) {
    try {
      return disk?.getItem(name) ?? null;
    } catch {
      return null;
    }
  }

  /** @param {string} name @param {string} text @returns {string|null} the text, if it is there now */
  function write(name, text) {
    try {
      disk?.setItem(name, text);
    } catch {
      // full
    }
    return read(name) === text ? text : null;
  }

  /** @param {string} key @param {string} text */
  function put(key, text) {
    if (write(prefix + key, text) === null) unwritten.add(key);
    else unwritten.delete(key);
  }

  /** Restores keys that the disk has lost, unless another tab has written them since. */
  function restore() {
    life = read(mark) ?? write(mark, uuid());
    for (const [key, text] of memory) if (read(prefix + key) === null) put(key, text);
  }

  /** @param {string} key @returns {string|null} */
  function find(key) {
    if (unwritten.has(key)) return memory.get(key) ?? null;
    const text = read(prefix + key);
    if (text !== null) memory.set(key, text);
    else if (memory.has(key)) {
      if (read(mark) !== life) restore();
      else if (life) memory.delete(key); // another tab has removed it
    }
    return memory.get(key) ?? null;
  }

  return {
    get(key) {
      const text = find(key);
      try {
        return text === null ? null : JSON.parse(text);
      } catch {
        return null; // not ours
      }
    },
    set(key, value) {
      const text = JSON.stringify(value);
      memory.set(key, text);
      put(key, text);
    },
    remove(key) {
      memory.delete(key);
      unwritten.delete(key);
      try {
        disk?.removeItem(prefix + key);
      } catch {
        // gone with the rest
      }
    },
    keys(start) {
      const found = new Set(memory.keys());
      for (let i = 0; disk && i < disk.length; i++) {
        const key = disk.key(i);
        if (key?.startsWith(prefix)) found.add(key.slice(prefix.length));
      }
      return [...found].filter((key) => key.startsWith(start) && find(key) !== null);
    },
    keeps: () => life !== null && unwritten.size === 0,
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
    return localStorage;
  } catch {
    return null;
  }
}
