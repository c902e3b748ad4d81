// Around every page of the desk: menus that close, shortcuts, the palette, the sheet of shortcuts.

import { byId } from '../common/dom.js';
import { createCommands } from './commands.js';
import { listenForKeys } from './keys.js';

/** @import { FrameOptions } from './types.js' */

/** @param {FrameOptions} options */
export function createFrame({ desk, list = null, current = () => null, open = (href) => location.assign(href), close = () => {} }) {
  const commands = createCommands({ desk, list, current, open, close, palette: showPalette, sheet: showSheet });
  const ask = byId('ask', HTMLButtonElement);

  async function showPalette() {
    const { openPalette } = await import('./palette.js');
    openPalette({ desk, list, open, commands: commands.all(), current });
  }

  async function showSheet() {
    const { openSheet } = await import('./sheet.js');
    openSheet({ words: desk.words, commands: commands.known, preferences: desk.preferences });
  }

  ask.hidden = false;
  ask.addEventListener('click', showPalette);
  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const wanted = /** @type {HTMLElement|null} */ (target.closest('[data-do]'))?.dataset.do;
    if (wanted && wanted !== 'mark-unread' && wanted !== 'block') commands.run(wanted);
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll('details.menu[open]'))) {
      if (!menu.contains(target) || wanted) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    const menu = /** @type {HTMLDetailsElement|null} */ (document.querySelector('details.menu[open]'));
    if (!menu) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
  listenForKeys({ commands, preferences: desk.preferences, list });
}
