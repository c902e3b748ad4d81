// Typing indicators: tells the other side while the user types, and shows who types there.

import { h } from './dom.js';
import { fill } from './words.js';

/** @import { Typing, TypingOptions } from './types.js' */

const EACH = 3000; // milliseconds between two reports
const GONE = 6000; // milliseconds after the last report until typing counts as stopped

/** @param {TypingOptions} options @returns {Typing} */
export function createTyping({ box, line, words, onType }) {
  /** @type {Map<string, number>} who is typing, and the timer that ends it */
  const names = new Map();
  const text = h('span', { dir: 'auto' });
  let told = 0;

  // no live region: a screen reader can find the line but is not interrupted by it
  line.append(h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), text);

  /** @param {string} name */
  function forget(name) {
    clearTimeout(names.get(name));
    names.delete(name);
    show();
  }

  function show() {
    line.hidden = names.size === 0;
    const key = names.size > 1 ? 'typing_several' : 'typing';
    text.textContent = line.hidden ? '' : fill(words[key], { name: [...names.keys()].join(', ') });
  }

  function stop() {
    if (told) onType(false);
    told = 0;
  }

  box.addEventListener('input', () => {
    if (!box.value.trim()) stop();
    else if (Date.now() - told > EACH) {
      told = Date.now();
      onType(true);
    }
  });
  box.addEventListener('blur', stop);

  return {
    sent: () => void (told = 0), // the message itself ends the indicator
    hear(name, typing) {
      forget(name);
      if (typing) names.set(name, setTimeout(forget, GONE, name));
      show();
    },
    clear: () => [...names.keys()].forEach(forget),
  };
}
