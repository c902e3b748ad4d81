// Messages that the server has not acknowledged yet. An entry is stored before its request goes out and stays, through
// reloads, page changes and lost answers, until the server accepts or refuses it. Every retry carries the same
// client_id, so the server stores each message once.

import { uuid } from './dom.js';
import { backOff } from './http.js';
import { oneTab } from './tabs.js';

/** @import { Entry, Outbox, OutboxOptions } from './types.js' */

const SLOW = 8000; // milliseconds after which the page says that a message is not sent yet

/** @param {OutboxOptions} options @returns {Outbox} */
export function createOutbox({ store, name, deliver, onChange, onSent }) {
  // one key per entry: two tabs can never overwrite each other's list
  const start = `${name}.`;
  let running = false;
  let again = false;
  let failures = 0;
  let timer = 0;
  let call = new AbortController(); // the request that is out
  let slow = 0; // the timer of the next check for slow entries

  /** @returns {Entry[]} */
  function stored() {
    const all = store.keys(start).map((key) => /** @type {Entry|null} */ (store.get(key)));
    return all.filter((entry) => entry !== null).sort((a, b) => a.at - b.at);
  }

  /** @param {Entry} entry */
  const keep = (entry) => store.set(start + entry.client_id, entry);

  /** @param {string} clientId @returns {Entry|null} */
  const find = (clientId) => store.get(start + clientId);

  async function flush() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    clearTimeout(timer);
    let wait = 0;
    do {
      again = false;
      wait = await oneTab(start, drain);
    } while (again && !wait);
    running = false;
    if (wait) timer = setTimeout(flush, wait);
  }

  /** Sends one entry after the other. @returns {Promise<number>} ms to wait; 0: all is done */
  async function drain() {
    for (;;) {
      const entry = stored().find((each) => !each.refused);
      if (!entry) return 0;
      const { signal } = (call = new AbortController());
      const result = await deliver(entry, signal);
      if (signal.aborted && !result.ok) continue; // somebody pressed Retry
      if (result.ok) failures = 0;
      if (!find(entry.client_id)) continue; // the message has arrived through the feed
      if (result.ok) {
        onSent(entry, result.data);
        discard(entry.client_id);
      } else if (result.retry) {
        failures += 1;
        onChange();
        return Math.max(backOff(failures), result.after);
      } else {
        // kept until somebody retries, edits or discards it
        const { code, message, field } = result;
        keep({ ...entry, refused: { code, message, field } });
        onChange();
      }
    }
  }

  /** Whether it has been tried for long, here or in another tab. @param {Entry} entry */
  const isSlow = ({ at, since = at }) => Date.now() - since >= SLOW;

  /** Calls onChange when a pending entry becomes slow. */
  function watch() {
    clearTimeout(slow);
    if (!stored().some((entry) => !entry.refused && !isSlow(entry))) return;
    slow = setTimeout(() => {
      onChange();
      watch();
    }, SLOW / 4);
  }

  /** @param {string} clientId */
  function discard(clientId) {
    store.remove(start + clientId);
    onChange();
  }

  store.onChange((key) => {
    if (key === null || key.startsWith(start)) onChange();
  });
  addEventListener('online', flush);
  addEventListener('pageshow', flush);

  return {
    add(body, extra = null) {
      const last = stored().at(-1)?.at ?? 0; // setting the clock back must not change the order
      keep({ client_id: uuid(), body, at: Math.max(Date.now(), last + 1), extra });
      onChange();
      watch();
      flush();
    },
    entries() {
      return stored().map((entry) => ({
        ...entry,
        state: entry.refused ? 'refused' : failures || isSlow(entry) ? 'waiting' : 'sending',
      }));
    },
    retry(clientId) {
      const entry = find(clientId);
      if (entry) keep({ ...entry, refused: undefined, since: Date.now() });
      failures = 0;
      call.abort();
      onChange();
      watch();
      flush();
    },
    discard,
    arrived(messages) {
      for (const { client_id } of stored()) {
        if (messages.some((each) => each.client_id === client_id)) discard(client_id);
      }
    },
    flush,
  };
}
