// The box to write in: Enter sends, Shift+Enter breaks the line, the box grows, the draft is kept.

import { plural } from './words.js';

/** @import { Composer, ComposerOptions } from './types.js' */

/** @param {ComposerOptions} options @returns {Composer} */
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
    if (!text || [...text].length > limit) box.focus();
    else if (onSend(text)) {
      set('');
      box.focus();
    }
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
    // another tab wrote or sent: follow it, but never while somebody types here
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

  // the stored draft, or the text typed before this script ran
  const before = [...new Set([store.get(draft), box.value])].filter(Boolean);
  set(before.join('\n'));
  return { text: () => box.value, set, submit, focus: () => box.focus() };
}
