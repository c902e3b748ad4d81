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
    parts.push(h('a', { href: address, target: '_blank', rel: 'noopener nofollow ugc', dir: 'auto' }, address));
    from = match.index + address.length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== '');
}

const ENDS = ".,;:!?'’*_…"; // ends a sentence, not an address

/**
 * Removes the punctuation that ends the sentence, not the address. Looks at each character once: a message can consist
 * of brackets alone.
 * @param {string} address
 */
function trimmed(address) {
  let open = 0; // brackets that are open at the end; less than 0: more are closed than were opened
  for (const each of address) {
    if (each === '(') open += 1;
    if (each === ')') open -= 1;
  }
  let end = address.length;
  while (end && (ENDS.includes(address[end - 1]) || (address[end - 1] === ')' && open < 0))) {
    end -= 1;
    if (address[end] === ')') open += 1;
  }
  return address.slice(0, end);
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
