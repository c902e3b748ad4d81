// A dialog that lists all shortcuts.

import { h } from '../common/dom.js';

/** @import { ShortcutHelpOptions } from './types.js' */

/** @param {ShortcutHelpOptions} options */
export function openShortcutHelp({ words, commands, preferences }) {
  const rows = commands
    .filter(({ shown }) => shown)
    .map(({ shown = '', text }) => h('div', {}, h('dt', {}, ...keys(shown)), h('dd', {}, text)));
  const extra = [
    ['Enter', words.key_enter],
    ['Esc', words.key_escape],
    ['/', words.key_slash],
  ].map(([key, text]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, text)));
  const dialog = h(
    'dialog',
    { class: 'keys', 'aria-labelledby': 'keys-title' },
    h('h2', { id: 'keys-title' }, words.keys_title),
    h('p', { class: 'hint' }, preferences.get().shortcuts ? words.keys_hint : words.keys_off),
    h('dl', {}, ...rows, ...extra),
    h(
      'p',
      { class: 'buttons' },
      h('button', { type: 'button', class: 'solid', onclick: () => dialog.close() }, words.done),
    ),
  );
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string} text */
function keys(text) {
  return text.split(' ').flatMap((key, i) => (i ? [' ', h('kbd', {}, key)] : [h('kbd', {}, key)]));
}
