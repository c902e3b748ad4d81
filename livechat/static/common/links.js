// Plain text -> nodes: web addresses become links, everything else stays the characters typed.

import { h } from './dom.js';

const ADDRESS = /\bhttps?:\/\/[^\s<>"“”«»]+/giu;

/**
 * @param {string} text
 * @returns {(string|HTMLAnchorElement)[]}
 */
export function linked(text) {
  /** @type {(string|HTMLAnchorElement)[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    if (!valid(address)) continue;
    parts.push(text.slice(from, match.index));
    parts.push(
      h('a', { href: address, target: '_blank', rel: 'noopener nofollow ugc', dir: 'auto' }, address),
    );
    from = match.index + address.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}

/** Without the punctuation that ends the sentence, not the address. @param {string} address */
function trimmed(address) {
  let text = address;
  for (;;) {
    const open = text.split('(').length;
    const close = text.split(')').length;
    if (/[.,;:!?'’*_…]$/u.test(text) || (text.endsWith(')') && close > open)) {
      text = text.slice(0, -1);
    } else {
      return text;
    }
  }
}

/** @param {string} address */
function valid(address) {
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && url.hostname !== '';
  } catch {
    return false;
  }
}
