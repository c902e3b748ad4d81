// The desk's commands, run by a key, from the palette, or by a button with data-do.

/** @import { Command, Commands, CommandsOptions } from './types.js' */

/** @param {CommandsOptions} options @returns {Commands} */
export function createCommands({ desk, list, current, next, close, palette, sheet }) {
  const { words, places, me } = desk;
  const writes = () => current() !== null && me.may.has('answer');
  const actions = () => current()?.actions();
  const may = (/** @type {string} */ name) => () => Boolean(actions()?.can(name));
  const isOpen = () => writes() && current()?.session().status !== 'closed';
  const go = (/** @type {string} */ url) => () => desk.go(url);

  function pick() {
    const row = document.activeElement?.closest('.chat');
    const box = /** @type {HTMLElement|null} */ (row?.querySelector('[data-is="pick"]') ?? null);
    box?.click();
  }

  // biome-ignore format: a table
  /** @type {Command[]} */
  const known = [
    { name: 'next', key: 'KeyJ', shown: 'J', text: words.do_next, can: () => list !== null, run: () => list?.move(1) },
    { name: 'previous', key: 'KeyK', shown: 'K', text: words.do_previous, can: () => list !== null, run: () => list?.move(-1) },
    { name: 'pick', key: 'KeyX', shown: 'X', text: words.do_pick, can: () => list !== null, run: pick },
    { name: 'reply', key: 'KeyR', shown: 'R', text: words.do_reply, can: writes, run: () => current()?.reply() },
    { name: 'note', key: 'KeyN', shown: 'N', text: words.do_note, can: writes, run: () => current()?.note() },
    { name: 'take', key: 'KeyA', shown: 'A', text: words.do_take, can: may('take'), run: () => actions()?.act('take') },
    { name: 'assign', key: 'KeyT', shown: 'T', text: words.do_assign, can: isOpen, run: () => actions()?.menu('assign') },
    { name: 'unassign', text: words.do_release, can: may('unassign'), run: () => actions()?.act('unassign') },
    { name: 'close', key: 'KeyE', shown: 'E', text: words.do_close, can: may('close'), run: () => actions()?.act('close') },
    { name: 'reopen', text: words.reopen, can: () => writes() && current()?.session().status === 'closed', run: () => actions()?.act('reopen') },
    { name: 'snooze', key: 'KeyS', shown: 'S', text: words.do_snooze, can: isOpen, run: () => actions()?.menu('snooze') },
    { name: 'unread', key: 'KeyU', shown: 'U', text: words.do_unread, can: () => current() !== null, run: () => actions()?.unread() },
    { name: 'more', key: 'KeyM', shown: 'M', text: words.do_more, can: () => current() !== null, run: () => actions()?.menu('more') },
    { name: 'tag', key: 'KeyL', shown: 'L', text: words.do_tag, can: writes, run: tag },
    ...priorities(),
    { name: 'undo', key: 'KeyZ', shown: 'Z', text: words.undo, can: desk.undo.can, run: desk.undo.run },
    { name: 'take-next', key: 'KeyG', shown: 'G', text: words.do_take_next, can: () => me.may.has('answer'), run: next },
    { name: 'leave', text: words.do_leave, can: () => current() !== null, run: close },
    { name: 'find', key: 'Slash', shown: '/', text: words.do_palette, can: () => true, run: palette },
    { name: 'palette', shown: 'Ctrl K', text: words.do_palette, can: () => true, run: palette, hidden: true },
    { name: 'sheet', shown: '?', text: words.do_sheet, can: () => true, run: sheet },
    { name: 'sound', text: words.do_sound, can: () => true, run: () => document.getElementById('sound')?.click() },
    { name: 'theme-dark', text: words.do_dark, can: () => true, run: () => desk.preferences.set({ theme: 'dark' }) },
    { name: 'theme-light', text: words.do_light, can: () => true, run: () => desk.preferences.set({ theme: 'light' }) },
    { name: 'theme-system', text: words.do_system, can: () => true, run: () => desk.preferences.set({ theme: 'system' }) },
    { name: 'density', text: words.do_density, can: () => true, run: density },
    { name: 'to-inbox', text: words.inbox, can: () => list === null, run: go(desk.url) },
    { name: 'to-search', text: words.to_search, can: () => true, run: go(places.search) },
    { name: 'to-statistics', text: words.to_statistics, can: () => true, run: go(places.statistics) },
    { name: 'to-replies', text: words.to_replies, can: () => true, run: go(places.replies) },
    { name: 'to-team', text: words.to_team, can: () => me.may.has('manage'), run: go(places.team) },
    { name: 'to-profile', text: words.to_profile, can: () => true, run: go(places.profile) },
    { name: 'to-audit', text: words.to_audit, can: () => me.may.has('manage'), run: go(places.audit) },
  ];

  /** @returns {Command[]} */
  function priorities() {
    return ['normal', 'high', 'urgent'].map((priority) => ({
      name: `priority-${priority}`,
      text: `${words.priority}: ${words[`priority_${priority}`]}`,
      can: () => writes() && (current()?.session().priority ?? 'normal') !== priority,
      run: () => actions()?.set('priority', { priority }),
    }));
  }

  function tag() {
    const facts = /** @type {HTMLDetailsElement|null} */ (document.getElementById('facts'));
    if (facts) facts.open = true;
    document.getElementById('tag-new')?.focus();
  }

  function density() {
    const compact = desk.preferences.get().density === 'compact';
    desk.preferences.set({ density: compact ? 'comfortable' : 'compact' });
  }

  const find = (/** @type {string} */ name) => known.find((each) => each.name === name);

  return {
    known,
    all: () => known.filter((each) => !each.hidden && each.can()),
    byKey: (code) => known.find((each) => each.key === code)?.name ?? null,
    can: (name) => find(name)?.can() ?? false,
    run: (name) => void find(name)?.run(),
  };
}
