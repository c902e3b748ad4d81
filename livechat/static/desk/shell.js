// The shell around every page of the desk: links, menus, shortcuts, the palette and the help for shortcuts.

import { byId } from '../common/dom.js';
import { createCommands } from './commands.js';
import { followLinks } from './navigation.js';
import { openPalette } from './palette.js';
import { openShortcutHelp } from './shortcut_help.js';
import { listenForShortcuts } from './shortcuts.js';

/** @import { ShellOptions } from './types.js' */

/** @param {ShellOptions} options */
export function createShell({
  desk,
  list = null,
  current = () => null,
  open = desk.go,
  close = () => {},
  next = null,
}) {
  const commands = createCommands({
    desk,
    list,
    current,
    next: next ?? takeNext,
    close,
    palette: showPalette,
    sheet: showShortcutHelp,
  });
  const ask = byId('ask', HTMLButtonElement);

  function showPalette() {
    openPalette({ desk, list, open, commands: commands.all(), current });
  }

  function showShortcutHelp() {
    openShortcutHelp({ words: desk.words, commands: commands.known, preferences: desk.preferences });
  }

  /** Takes the next waiting chat on a page without the inbox. */
  async function takeNext() {
    const result = await desk.http.post(desk.places.take, {});
    if (result.ok) return desk.go(result.data.session.links.self);
    if (!desk.refused(result)) desk.say(result.message || desk.words.not_done);
  }

  ask.hidden = false;
  ask.addEventListener('click', showPalette);
  document.addEventListener('click', (event) => {
    const target = /** @type {Element} */ (event.target);
    const wanted = /** @type {HTMLElement|null} */ (target.closest('[data-do]'))?.dataset.do;
    if (wanted && wanted !== 'mark-unread' && wanted !== 'block') commands.run(wanted);
    for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (
      document.querySelectorAll('details.menu[open]')
    )) {
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
  followLinks({ desk, open: list ? open : null, close });
  listenForShortcuts({ commands, preferences: desk.preferences, list });
}
