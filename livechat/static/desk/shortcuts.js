// Keyboard shortcuts, by the position of the key, so that layouts do not matter. Single keys act only outside fields and
// can be switched off; Ctrl+K acts everywhere.

/** @import { ShortcutsOptions } from './types.js' */

const FIELDS = 'input:not([type="checkbox"]), textarea, select, [contenteditable]';

/** @param {ShortcutsOptions} options */
export function listenForShortcuts({ commands, preferences, list }) {
  document.addEventListener('keydown', (event) => {
    const { code, key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    if (event.defaultPrevented || event.isComposing || (event.repeat && !/^(Key[JK]|Arrow)/.test(code))) return;
    const element = /** @type {Element} */ (target);
    const typing = element.closest(FIELDS);
    if ((ctrlKey || metaKey) && !altKey && !shiftKey && code === 'KeyK') {
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) commands.run('palette');
      return;
    }
    if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]')) return;
    if (key === 'Escape' && list) {
      // from the box or the conversation back to the list
      if (typing || element.closest('#pane')) list.focus();
      return;
    }
    if (typing) return;
    const inList = element.closest('#chats');
    if (list && inList && (key === 'ArrowDown' || key === 'ArrowUp')) {
      event.preventDefault();
      list.move(key === 'ArrowDown' ? 1 : -1);
      return;
    }
    if (!preferences.get().shortcuts) return;
    const found = key === '?' ? 'sheet' : shiftKey ? null : commands.byKey(code);
    if (!found || !commands.can(found)) return;
    event.preventDefault();
    commands.run(found);
  });
}
