// The messages as the desk shows them: common/timeline.js, plus internal notes, which the widget never gets.

import { byId } from '../common/dom.js';
import { createTimeline } from '../common/timeline.js';

/** @import { Message } from '../common/json_types.js' */
/** @import { MessageHistory, HistoryOptions } from './conversation_types.js' */

/** @param {HistoryOptions} options @returns {MessageHistory} */
export function createHistory({ desk, scroller, pill, customer, onRetry, onEdit }) {
  const { words } = desk;
  const list = byId('list');
  /** @type {Set<string>} notes on their way that have been marked */
  const marked = new Set();

  const timeline = createTimeline({
    scroller,
    list,
    pill,
    words,
    me: 'admin',
    who: ({ from, author }) =>
      from === 'customer'
        ? { name: author ?? customer(), badge: words.customer }
        : { name: author ?? words.team, badge: from === 'note' ? words.note_badge : undefined },
    again({ from }) {
      if (from === 'customer') return { badge: words.customer };
      return from === 'note' ? { badge: words.note_badge } : null;
    },
    onRetry,
    onEdit,
  });

  /** @param {Message[]} messages */
  function markNotes(messages) {
    for (const { from, seq } of messages) {
      if (from === 'note') list.querySelector(`[data-entry="${seq}"]`)?.classList.add('note');
    }
  }

  return {
    add(messages) {
      timeline.add(messages);
      markNotes(messages);
    },
    insert(messages, before) {
      timeline.insert(messages, before);
      markNotes(messages);
    },
    pending(entries) {
      const before = new Set(list.children);
      timeline.pending(entries);
      // new lines have the order of the entries
      const fresh = [...list.children].filter((item) => !before.has(item));
      const notes = entries.filter(({ client_id }) => !marked.has(client_id));
      notes.slice(-fresh.length || Infinity).forEach(({ client_id, extra }, i) => {
        marked.add(client_id);
        if (extra.note) fresh[i]?.classList.add('note');
      });
    },
    seen: timeline.seen,
    confirm: timeline.confirm,
    clear() {
      marked.clear();
      timeline.clear();
    },
    show(seq) {
      const item = list.querySelector(`[data-entry="${seq}"]`);
      if (!item) return;
      item.classList.add('found');
      timeline.reveal(item);
    },
  };
}
