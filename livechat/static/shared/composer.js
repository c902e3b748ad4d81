// The box one writes in: Enter sends, Shift+Enter breaks the line, it grows, the draft is kept.

import { plural } from './words.js';

/**
 * @typedef {object} Composer
 * @property {() => string} text  as typed
 * @property {(text: string) => void} set
 * @property {() => void} submit
 * @property {() => void} focus
 */

/**
 * @param {object} options
 * @param {HTMLTextAreaElement} options.box
 * @param {HTMLButtonElement} options.button
 * @param {HTMLElement} options.counter  shown when the end comes near
 * @param {import('./words.js').Words} options.words  box_left_*, box_over_*, counts of characters
 * @param {import('./store.js').Store} options.store
 * @param {string} options.draft  the draft's key in the store
 * @param {(text: string) => boolean} options.onSend  true: taken, the box is emptied
 * @param {number} [options.limit]  characters (code points) after trimming
 * @returns {Composer}
 */
export function createComposer(options) {
  const { box, button, counter, words, store, draft, onSend, limit = 4000 } = options;

  function show() {
    box.style.height = 'auto';
    // the style sheet sets where it stops growing
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
    const length = [...box.value.trim()].length;
    const left = limit - length;
    const near = left <= limit / 10;
    counter.hidden = !near;
    counter.classList.toggle('over', left < 0);
    const text = near ? plural(words, left < 0 ? 'box_over' : 'box_left', Math.abs(left)) : '';
    if (counter.textContent !== text) counter.textContent = text;
    box.setAttribute('aria-invalid', String(left < 0));
    button.setAttribute('aria-disabled', String(length === 0 || left < 0));
  }

  /** @param {string} text */
  function set(text) {
    box.value = text;
    if (text) store.set(draft, text);
    else store.remove(draft);
    show();
  }

  function submit() {
    const text = box.value.trim();
    if (text && [...text].length <= limit && onSend(text)) set('');
    else show();
    box.focus();
  }

  box.addEventListener('input', () => set(box.value));
  box.addEventListener('keydown', (event) => {
    // 229: the key belongs to an input method, in browsers that end the composition first
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!event.repeat) submit();
  });
  button.addEventListener('click', (event) => {
    event.preventDefault();
    submit();
  });
  store.onChange((key) => {
    // another tab wrote or sent: follow it, but never under the fingers of the one who types here
    if (key !== draft && key !== null) return;
    if (document.hasFocus() && document.activeElement === box) return;
    box.value = store.get(draft) ?? '';
    show();
  });
  // the width decides where lines break, and a box in a hidden page has none
  new ResizeObserver(() => {
    if (box.clientWidth !== width) show();
    width = box.clientWidth;
  }).observe(box);
  let width = 0;

  box.value = store.get(draft) ?? '';
  show();
  return { text: () => box.value, set, submit, focus: () => box.focus() };
}
