// Requests: JSON with a time-out, an answer or a refusal, never an exception; and server-sent events, which fetch can
// read with an Authorization header, unlike EventSource.

/** @import { Http, HttpOptions, Refusal, Result, StreamListener } from './types.js' */

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';
const SILENCE = 45000; // milliseconds without a byte after which a stream is dead: the server breathes every 15 s

/** @param {HttpOptions} [options] @returns {Http} */
export function createHttp({ headers = () => ({}), credentials = 'omit' } = {}) {
  /** @param {string} url @param {RequestInit} more @returns {Promise<Response>} */
  const send = (url, more) =>
    fetch(url, { credentials, cache: 'no-store', ...more, headers: { ...more.headers, ...headers() } });

  /** @param {string} url @param {RequestInit} more @param {number} [patience] @returns {Promise<Result>} */
  async function request(url, more, patience = 20000) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    more.signal?.addEventListener('abort', () => stop.abort(), { signal: stop.signal });
    try {
      return await read(await send(url, { ...more, signal: stop.signal }));
    } catch {
      return refusal(0, stop.signal.aborted ? 'timeout' : 'network', true);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get: (url, patience, signal) => request(url, { headers: { Accept: JSON_TYPE }, signal }, patience),
    post: (url, body, patience, signal) =>
      request(
        url,
        {
          method: 'POST',
          keepalive: true, // lets a send finish although the page is being left
          headers: { Accept: JSON_TYPE, 'Content-Type': JSON_TYPE },
          body: JSON.stringify(body),
          signal,
        },
        patience,
      ),
    async stream(url, cursor, stop, onEvent) {
      let timer = 0;
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => stop.abort(), SILENCE);
      };
      alive();
      try {
        const headers = { Accept: EVENTS, 'Last-Event-ID': cursor };
        const response = await send(url, { signal: stop.signal, headers }).catch(() => null);
        const given = response?.headers;
        const body = given?.get('Content-Type')?.startsWith(EVENTS) && response?.body;
        if (!body) return { status: response?.status ?? 0, after: retryAfter(given?.get('Retry-After')) };
        const reader = body.getReader();
        const decoder = new TextDecoder();
        const parse = createParser(onEvent);
        for (;;) {
          const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
          if (done || stop.signal.aborted) return { status: 0, after: 0 };
          alive();
          onEvent('', {});
          parse(decoder.decode(value, { stream: true }));
        }
      } finally {
        clearTimeout(timer);
        stop.abort();
      }
    },
  };
}

/** @param {Response} response @returns {Promise<Result>} */
async function read(response) {
  const { status } = response;
  // a proxy may answer with a page of its own
  const data = await response.json().catch(() => null);
  if (response.ok && data) return { ok: true, status, data };
  const error = data?.error;
  const tomorrow = error?.code === 'too_much_today'; // too long to wait for without a message
  const later = response.ok || status >= 500 || (status === 429 && !tomorrow) || status === 408;
  return {
    ...refusal(status, error?.code ?? 'unreadable', later),
    message: typeof error?.message === 'string' ? error.message : '',
    field: error?.field,
    after: retryAfter(response.headers.get('Retry-After')),
  };
}

/** @param {number} status @param {string} code @param {boolean} retry @returns {Refusal} */
function refusal(status, code, retry) {
  return { ok: false, status, code, message: '', retry, after: 0 };
}

/** Seconds or a date -> milliseconds from now, at most an hour. @param {string|null} [value] */
function retryAfter(value) {
  if (!value) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(Math.max(wait || 0, 0), 3600000);
}

/**
 * How long to wait before try number `tries` (1, 2, 3 …): 1 s, doubling to `most`, with jitter so
 * that clients which lost the server together do not return together.
 * @param {number} tries
 * @param {number} [most]  milliseconds
 */
export function backOff(tries, most = 30000) {
  return Math.min(1000 * 2 ** (tries - 1), most) * (0.75 + Math.random() / 2);
}

/**
 * A function that takes the text of a stream in pieces of any size and hands on its events.
 * @param {StreamListener} onEvent
 * @returns {(text: string) => void}
 */
export function createParser(onEvent) {
  let rest = '';
  let type = '';
  let data = '';
  /** @type {string|undefined} */
  let id;
  return (text) => {
    // a carriage return at the very end may be the first half of a line's end
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (name === 'event') type = value;
      else if (name === 'id') id = value;
      else if (name === 'data') data += `${value}\n`;
      else if (!line) {
        if (data) onEvent(type || 'message', JSON.parse(data), id);
        type = data = '';
        id = undefined;
      }
    }
  };
}
