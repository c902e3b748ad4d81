// A list of options that a text field controls: the field keeps the focus, the arrow keys mark an option (ARIA combobox).

/** @import { Listbox } from './types.js' */

/** @param {HTMLElement} field @param {HTMLElement} list  of elements with role="option" @returns {Listbox} */
export function createListbox(field, list) {
  let at = 0;
  const options = () => [...list.querySelectorAll('[role="option"]')];

  /** @param {number} index */
  function mark(index) {
    const all = options();
    at = Math.max(Math.min(index, all.length - 1), 0);
    all.forEach((option, i) => option.setAttribute('aria-selected', String(i === at)));
    if (!all.length) return field.removeAttribute('aria-activedescendant');
    field.setAttribute('aria-activedescendant', all[at].id);
    all[at].scrollIntoView({ block: 'nearest' });
  }

  return {
    at: () => at,
    mark,
    move(key) {
      const { length } = options();
      if (key === 'ArrowDown') mark((at + 1) % length);
      else if (key === 'ArrowUp') mark((at + length - 1) % length);
      else return false;
      return true;
    },
  };
}
