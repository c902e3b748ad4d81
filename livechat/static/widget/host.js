// The messages to and from the host page, the shop's page around the frame. Talks only to allowed sites, answers only the
// origin that greeted it, and carries no token and no text of the conversation.

/** @import { Greeting, Host, HostOptions } from './types.js' */

/** @param {HostOptions} options @returns {Host} */
export function connectHost({ alone, sites, onMessage }) {
  if (alone) return { tell() {}, site: () => '' };
  let origin = '';
  /** @type {(type: string, more?: object) => void} */
  const tell = (type, more) => {
    if (origin) parent.postMessage({ livechat: type, ...more }, origin);
  };
  addEventListener('message', (event) => {
    const type = event.data?.livechat;
    if (event.source !== parent || typeof type !== 'string') return;
    if (!origin && type === 'hello' && siteAllowed(event.origin, sites)) {
      origin = event.origin;
      tell('ready');
    }
    if (origin && event.origin === origin) onMessage(type, event.data);
  });
  // a page that frames us without the loader never greets: it shows us all the same
  addEventListener('load', () => setTimeout(() => origin || onMessage('open', {}), 3000));
  return { tell, site: () => origin };
}

/** @param {string} origin @param {string[]} sites */
function siteAllowed(origin, sites) {
  if (origin === location.origin) return true;
  return sites.some((site) => {
    const pattern = site
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace('://*\\.', '://([a-z0-9_-]+\\.)+')
      .replace(':*', '(:[0-9]+)?');
    return new RegExp(`^${pattern}$`).test(origin.toLowerCase());
  });
}

/**
 * Cuts the shop's data to what the server accepts: a mistake in a shop's page must not keep its customers from writing.
 * @param {Greeting} greeting
 */
export function cleaned({ customer, page, product }) {
  return {
    customer: {
      name: short(customer?.name, 100),
      email: short(customer?.email, 254),
      signature: customer?.signature,
    },
    page: page && { url: address(page.url), title: short(page.title, 200) },
    product: short(product?.id, 100)
      ? {
          id: /** @type {string} */ (short(product?.id, 100)),
          name: short(product?.name, 200),
          url: address(product?.url, page?.url),
          price: short(product?.price, 50),
        }
      : null,
  };
}

/** @param {unknown} value @param {number} longest @returns {string|undefined} */
function short(value, longest) {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value)
    .slice(0, 8 * longest)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim();
  return [...text].slice(0, longest).join('').trim() || undefined;
}

/** @param {unknown} value @param {string} [base] @returns {string|undefined} */
function address(value, base) {
  try {
    const { href, protocol } = new URL(String(value || '').slice(0, 4000), base);
    return /^https?:$/.test(protocol) && href.length <= 2000 ? href : undefined;
  } catch {
    return undefined;
  }
}
