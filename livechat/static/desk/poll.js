// Asks the same question again and again, without two at once, slower while nobody answers.

import { backOff } from '../common/http.js';

/** @import { Poll, PollOptions } from './types.js' */

/** @param {PollOptions} options @returns {Poll} */
export function createPoll({ read, pace, onData, onLive, onGone }) {
  let failures = 0;
  let busy = false;
  let over = false;
  let timer = 0;

  async function ask() {
    if (busy || over) return;
    busy = true;
    clearTimeout(timer);
    const result = await read();
    busy = false;
    failures = result.ok || !result.retry ? 0 : failures + 1;
    if (result.ok) {
      onData(result.data);
    } else if (!result.retry) {
      over = true;
      onGone(result);
      return;
    }
    onLive(failures < 2);
    const wait = result.ok ? pace() : Math.max(backOff(failures), result.after);
    timer = setTimeout(ask, wait);
  }

  addEventListener('online', ask);
  addEventListener('pageshow', (event) => event.persisted && ask());
  document.addEventListener('visibilitychange', () => document.hidden || ask());

  return {
    start() {
      timer = setTimeout(ask, pace());
    },
    ask,
  };
}
