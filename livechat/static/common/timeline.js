// Shows a conversation: days, groups, bubbles, pending messages and the reading position.

import { bubble, fillBubble, markSeen, stateRow } from './bubble.js';
import { h } from './dom.js';
import { dayName, sameDay } from './times.js';
import { plural } from './words.js';

/** @import { Message } from './json_types.js' */
/** @import { Timeline, TimelineOptions, Who } from './types.js' */

const GROUP = 5 * 60 * 1000; // messages of one author within this time are grouped

/** @param {TimelineOptions} options @returns {Timeline} */
export function createTimeline(options) {
  const { scroller, list, pill, words, me, who, again, onRetry, onEdit } = options;
  /** @type {Map<string, HTMLLIElement>} pending messages, by client_id */
  const onTheWay = new Map();
  /** @type {Set<string>} */
  const confirmed = new Set();
  /** @type {HTMLElement|null} the last own line that was read */
  let read = null;
  /** @type {Message|null} */
  let last = null;
  let atEnd = true;
  let unseen = 0;
  let today = new Date();
  let size = '';
  const measure = () => `${scroller.clientHeight} ${scroller.scrollHeight}`;

  scroller.addEventListener('scroll', () => {
    if (measure() !== size) return; // not the reader moved, the page did: `follow` sees to it
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
    if (atEnd) showPill(0);
  });
  pill.addEventListener('click', toEnd);
  // a keyboard that opens, a box that grows, a page shown again: stay with the newest
  const follow = new ResizeObserver(() => {
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
    size = measure();
  });
  follow.observe(scroller);
  follow.observe(list);

  /** @param {number} count */
  function showPill(count) {
    unseen = count;
    pill.hidden = count === 0;
    pill.replaceChildren(count ? plural(words, 'new_messages', count) : '');
  }

  function toEnd() {
    atEnd = true;
    showPill(0);
    scroller.scrollTop = scroller.scrollHeight;
  }

  /**
   * @param {Message} message
   * @param {Node|null} before
   * @param {Message|null} last  the message above it
   */
  function place(message, before, last) {
    const when = new Date(message.created_at);
    const first = !last || !sameDay(new Date(last.created_at), when);
    if (first) list.insertBefore(dayLine(when), before);
    const system = message.from === 'system';
    const grouped =
      !first &&
      !system &&
      last?.from === message.from &&
      last.author === message.author &&
      when.getTime() - Date.parse(last.created_at) < GROUP;
    const waiting = message.client_id ? onTheWay.get(message.client_id) : undefined;
    const item = waiting ?? h('li');
    const mine = message.from === me;
    item.className = `line ${system ? 'system' : mine ? 'mine' : 'theirs'}${grouped ? '' : ' first'}`;
    const name = system ? null : grouped ? again?.(message) : who(message);
    const kept = waiting?.querySelector('.bubble');
    delete item.dataset.state;
    item.dataset.entry = String(message.seq);
    const seq = message.public_seq === undefined ? message.seq : message.public_seq;
    if (mine && seq) item.dataset.seq = String(seq);
    item.replaceChildren(...(name ? [nameLine(name)] : []));
    if (system) {
      item.append(h('p', { dir: 'auto' }, message.body));
    } else {
      const body = kept instanceof HTMLElement ? kept : bubble(message.body);
      fillBubble(body, when, mine ? words.sent : '', words);
      item.append(body);
    }
    if (message.client_id) {
      onTheWay.delete(message.client_id);
      confirmed.delete(message.client_id);
    }
    list.insertBefore(item, before);
  }

  /** @param {Date} when */
  function dayLine(when) {
    const name = h('time', { datetime: when.toISOString() }, dayName(when, words));
    return h('li', { class: 'day' }, name);
  }

  /** "Today" is another day after midnight. */
  function renameDays() {
    if (sameDay(today, new Date())) return;
    today = new Date();
    for (const time of list.querySelectorAll('.day time')) {
      time.textContent = dayName(new Date(time.getAttribute('datetime') ?? ''), words);
    }
  }

  return {
    add(messages) {
      renameDays();
      const theirs = messages.filter((each) => each.from !== me && each.from !== 'system').length;
      for (const message of messages) {
        const first = onTheWay.values().next().value ?? null;
        const itself = message.client_id ? onTheWay.get(message.client_id) : undefined;
        // its own line is already in place, unless another pending one is above it
        place(message, first && first === itself ? first.nextSibling : first, last);
        last = message;
      }
      if (atEnd) toEnd();
      else if (theirs) showPill(unseen + theirs);
    },
    insert(messages, before) {
      /** @type {Message|null} */
      let above = null;
      for (const message of messages) {
        place(message, before, above);
        above = message;
      }
    },
    pending(entries) {
      const ids = new Set(entries.map((entry) => entry.client_id));
      for (const [id, item] of onTheWay) {
        if (ids.has(id) || confirmed.has(id)) continue;
        item.remove();
        onTheWay.delete(id);
      }
      for (const entry of entries) {
        let item = onTheWay.get(entry.client_id);
        if (!item) {
          item = h('li', { class: 'line mine first' }, bubble(entry.body));
          onTheWay.set(entry.client_id, item);
          list.append(item);
          toEnd();
        }
        stateRow(item, entry, words, { onRetry, onEdit });
      }
    },
    confirm(clientId) {
      const item = onTheWay.get(clientId);
      const body = item?.querySelector('.bubble');
      if (!item || !(body instanceof HTMLElement)) return;
      confirmed.add(clientId);
      item.querySelector('.trouble')?.remove();
      fillBubble(body, new Date(), words.sent, words);
    },
    seen(seq) {
      const lines = /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll('[data-seq]'));
      const next = [...lines].findLast((item) => Number(item.dataset.seq) <= seq) ?? null;
      if (next === read) return;
      if (read) markSeen(read, false, words);
      if (next) markSeen(next, true, words);
      read = next;
    },
    clear() {
      list.replaceChildren();
      read = null;
      onTheWay.clear();
      confirmed.clear();
      last = null;
      toEnd();
    },
    reveal(item) {
      atEnd = false;
      item.scrollIntoView({ block: 'center' });
    },
    toEnd,
  };
}

/** @param {Who} who */
function nameLine({ name, badge }) {
  const mark = badge ? h('span', { class: 'badge' }, badge) : null;
  return h('p', { class: 'who' }, name ? h('bdi', {}, name) : null, mark);
}
