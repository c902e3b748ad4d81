// Keeps a page up to date: by a stream that the tabs of a browser share, else by asking again and again.

import { backOff } from './http.js';
import { createTabs } from './tabs.js';

/** @import { Stream, StreamOptions, StreamListener } from './types.js' */

const STEADY = 10000; // milliseconds that a stream must last to count as successful
const STALE = 20000; // silence after which a stream is not trusted when the page comes back
const TICK = 5000; // a clock that jumps tells that the computer slept

/** @param {StreamOptions} options @returns {Stream} */
export function createStream(options) {
  const { http, name, url, cursor, read, pace, place = (_stop, work) => work() } = options;
  const { onData, onEvent, onLive, onGone } = options;
  const end = new AbortController();
  const { signal } = end;
  let resting = true; // not begun, or the page is frozen or kept for "back"
  let live = false; // a stream delivers changes: ours, or another tab's
  let failures = 0; // questions without an answer, in a row
  let after = 0; // milliseconds that the server asked us to wait
  let asked = 0; // counts polls: only the answer to the last one counts
  let busy = false;
  let again = false;
  let timer = 0; // the next question
  let drops = 0; // streams that ended soon or did not begin, in a row
  let redial = 0; // the next try for a stream
  let heard = 0; // when our stream gave its last sign of life
  let tick = 0;
  let clock = 0;
  /** @type {AbortController|null} */
  let call = null; // our stream

  const tabs = createTabs({
    name: `livechat.stream.${name}`,
    onTurn(leads) {
      hangUp();
      if (leads) dial();
    },
    onNote([now, type, data, id]) {
      setLive(now);
      if (type) onEvent(type, data, id);
    },
    answer: () => [live],
  });

  /** Polls the server now. */
  async function ask() {
    if (resting) return;
    again = busy;
    if (busy) return;
    busy = true;
    clearTimeout(timer);
    const mine = ++asked;
    const result = await read();
    if (mine !== asked || signal.aborted) return;
    busy = false;
    try {
      failures = result.ok ? 0 : failures + 1;
      after = result.ok ? 0 : result.after;
      if (result.ok) onData(result.data);
      else if (!result.retry) {
        stop();
        onGone(result);
      }
    } finally {
      // also when the page stumbles over the answer: a timer that is lost would end it all
      tell();
      if (!redial) dial();
    }
  }

  /** Tells how things are, and sets the time of the next question by it. */
  function tell() {
    clearTimeout(timer);
    if (resting) return;
    if (tabs.leads()) tabs.say([live]);
    onLive(failures < (navigator.onLine ? 2 : 1));
    // a connection that is cut in one direction looks healthy: poll from time to time
    const wait = live ? 30000 * (1 + Math.random()) : pace() * (0.85 + Math.random() * 0.3);
    timer = setTimeout(ask, again ? 0 : failures ? Math.max(backOff(failures), after) : wait);
  }

  /** @param {boolean} now */
  function setLive(now) {
    if (live === now) return;
    live = now;
    if (live) failures = 0;
    tell();
  }

  async function dial() {
    clearTimeout(redial);
    redial = 0;
    const from = cursor();
    if (call || from === null || !tabs.leads() || (tabs.alone() && document.hidden)) return;
    const mine = (call = new AbortController());
    let opened = 0;
    let refused = { status: 0, after: 0 };
    /** @type {StreamListener} */
    const hear = (type, data, id) => {
      if (mine !== call) return;
      heard = Date.now();
      setLive(true);
      const sign = opened ? type : 'open';
      opened ||= heard;
      tabs.say([true, sign, data, id]);
      if (sign) onEvent(sign, data, id);
    };
    try {
      refused = await place(mine, () => http.stream(url, from, mine, hear));
    } finally {
      if (mine === call) {
        hangUp();
        drops = opened && Date.now() - opened > STEADY ? 1 : drops + 1;
        // spread reconnects: all clients of a server lose it at the same moment
        const wait = drops < 2 ? 500 + Math.random() * 2500 : backOff(drops, 60000);
        redial = setTimeout(dial, Math.max(wait, refused.after));
        if (refused.status || drops === 2) ask();
      }
    }
  }

  function hangUp() {
    clearTimeout(redial);
    redial = 0;
    const was = call;
    call = null;
    was?.abort();
    setLive(false);
  }

  /** The page or the network is back: older requests and streams may be dead without an error. */
  function wake() {
    drops = 0;
    busy = false;
    if (resting) {
      resting = false;
      tabs.join();
    } else if (!tabs.leads()) {
      tabs.ask();
    } else if (Date.now() - heard > STALE) {
      hangUp();
      dial();
    }
    ask();
  }

  function rest() {
    resting = true;
    clearTimeout(timer);
    tabs.leave();
  }

  function stop() {
    end.abort();
    clearInterval(clock);
    rest();
  }

  return {
    start() {
      const events = {
        online() {
          heard = 0;
          wake();
        },
        offline: wake,
        pagehide: rest,
        freeze: rest,
        resume: wake,
        pageshow: () => resting && wake(),
        visibilitychange() {
          if (!document.hidden) wake();
          else if (tabs.alone()) hangUp();
          else tell();
        },
      };
      for (const [event, act] of Object.entries(events)) addEventListener(event, act, { capture: true, signal });
      clock = setInterval(() => {
        if (tick && !resting && Date.now() - tick > TICK + STALE) wake();
        tick = Date.now();
      }, TICK);
      wake();
    },
    stop,
    ask,
    renew() {
      // the next stream begins where the answer to this question ends
      if (call) hangUp();
      busy = false;
      ask();
    },
  };
}
