// JSON over fetch with a time-out: an answer or a refusal, never an exception.

/** @import { Http, HttpOptions, Refusal, Result } from './types.js' */

/** @param {HttpOptions} [options] @returns {Http} */
export function createHttp({ headers = () => ({}), credentials = 'omit', timeout = 20000 } = {}) {
  /** @param {string} method @param {string} url @param {object} [body] @returns {Promise<Result>} */
  async function request(method, url, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout);
    try {
      const response = await fetch(url, {
        method,
        credentials,
        cache: 'no-store',
        signal: stop.signal,
        // lets a send finish although the page is being left
        keepalive: method === 'POST',
        headers: {
          Accept: 'application/json',
          ...(body ? { 'Content-Type': 'application/json' } : {}),
          ...headers(),
        },
        body: body && JSON.stringify(body),
      });
      return await read(response);
    } catch {
      return refusal(0, stop.signal.aborted ? 'timeout' : 'network', true);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get: (url) => request('GET', url),
    post: (url, body) => request('POST', url, body),
  };
}

/** @param {Response} response @returns {Promise<Result>} */
async function read(response) {
  const { status } = response;
  // a proxy may answer with a page of its own
  const data = await response.json().catch(() => null);
  if (response.ok && data) return { ok: true, status, data };
  const later = response.ok || status >= 500 || status === 429 || status === 408;
  const error = data?.error;
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

/** Seconds or a date -> milliseconds from now, at most an hour. @param {string|null} value */
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
