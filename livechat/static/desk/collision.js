// Answers that the server held back because a colleague answered first: shows both and lets the admin decide.

import { h } from '../common/dom.js';

/** @import { Message } from '../common/json_types.js' */
/** @import { Pending } from '../common/types.js' */
/** @import { Collision, CollisionOptions } from './conversation_types.js' */

const MOST = 50; // colleagues' answers that are kept

/** @param {CollisionOptions} options @returns {Collision} */
export function createCollision({ desk, onAnyway, onEdit }) {
  const { words, me } = desk;
  const section = document.getElementById('collisions');
  /** @type {Message[]} */
  let answers = [];
  /** @type {Pending[]} */
  let held = [];

  /** @param {Pending} entry */
  function card(entry) {
    const since = answers.filter(({ seq }) => seq > (entry.extra.seen_seq ?? 0));
    const quote = (/** @type {string} */ who, /** @type {string} */ text, kind = '') =>
      h('blockquote', { class: kind }, h('cite', {}, h('bdi', {}, who)), h('p', { dir: 'auto' }, text));
    return h(
      'div',
      { class: 'collision', 'data-id': entry.client_id },
      h('h2', {}, words.held_title),
      ...since.map(({ author, body }) => quote(author ?? words.team, body)),
      quote(words.held_yours, entry.body, 'own'),
      h(
        'p',
        { class: 'buttons' },
        h('button', { type: 'button', class: 'solid', onclick: () => onAnyway(entry) }, words.send_anyway),
        h('button', { type: 'button', class: 'plain', onclick: () => onEdit(entry) }, words.edit),
      ),
    );
  }

  function render() {
    if (!section) return;
    const fresh = section.hidden && held.length > 0;
    section.hidden = held.length === 0;
    section.replaceChildren(...held.map(card));
    // never take the focus from a field in use
    if (fresh && !document.activeElement?.closest('textarea, input')) section.querySelector('button')?.focus();
  }

  return {
    add(messages) {
      const others = messages.filter(({ from, author }) => from === 'admin' && author !== me.name);
      answers = [...answers, ...others].slice(-MOST);
      if (held.length && others.length) render();
    },
    show(entries) {
      const same = entries.length === held.length && entries.every((each, i) => each.client_id === held[i].client_id);
      held = entries;
      if (!same) render();
    },
  };
}
