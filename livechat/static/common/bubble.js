// One message: its text, its time and its delivery state.

import { h } from './dom.js';
import { icon, redraw } from './icons.js';
import { linked } from './links.js';
import { timeOfDay } from './times.js';

/** @import { Words } from './json_types.js' */
/** @import { Pending } from './types.js' */

const EMOJI = new RegExp(
  '^(?:\\p{Extended_Pictographic}[\\u{1F3FB}-\\u{1F3FF}\\uFE0F]*' +
    '(?:\\u200D\\p{Extended_Pictographic}\\uFE0F?)*){1,3}$',
  'u',
);

const LONGEST = 100; // three emoji of many parts

/** @param {string} text */
const isEmoji = (text) => text.length <= LONGEST && EMOJI.test(text);

/** A bubble with the text and an empty foot. @param {string} text */
export function bubble(text) {
  const body = h('div', { class: 'text', dir: 'auto' }, ...linked(text));
  return h('div', { class: isEmoji(text) ? 'bubble emoji' : 'bubble' }, body, h('p', { class: 'foot' }));
}

/**
 * Puts the time and, on own messages, the state into the foot.
 * @param {HTMLElement} element  a bubble
 * @param {Date} when
 * @param {string} state  '' or the word for it
 * @param {Words} words
 */
export function fillBubble(element, when, state, words) {
  const foot = element.querySelector('.foot');
  foot?.replaceChildren(h('time', { datetime: when.toISOString() }, timeOfDay(when)));
  if (state) foot?.append(mark(state, state === words.sent ? 'check' : 'clock'));
}

/**
 * Marks one of the reader's own messages as read, or removes the mark because a later one was read.
 * @param {HTMLElement} item  the line
 * @param {boolean} seen
 * @param {Words} words
 */
export function markSeen(item, seen, words) {
  const [svg, word] = item.querySelector('.mark')?.children ?? [];
  if (!word?.firstChild) return;
  redraw(svg, seen ? 'seen' : 'check');
  word.className = seen ? '' : 'unseen';
  // keep the same nodes: a screen reader announces nodes that are added to a log
  word.firstChild.nodeValue = seen ? words.seen : words.sent;
}

/**
 * Shows the state of a pending message in its foot; below it, a way to retry or edit when sending failed.
 * @param {HTMLElement} item  the line
 * @param {Pending} entry
 * @param {Words} words
 * @param {{onRetry: (id: string) => void, onEdit: (id: string) => void}} acts
 */
export function stateRow(item, entry, words, { onRetry, onEdit }) {
  const body = item.querySelector('.bubble');
  if (!(body instanceof HTMLElement) || item.dataset.state === entry.state) return;
  item.dataset.state = entry.state;
  fillBubble(body, new Date(entry.at), entry.state === 'sending' ? words.sending : '', words);
  item.querySelector('.trouble')?.remove();
  if (entry.state === 'sending') return;
  const refused = entry.state === 'refused';
  const text = refused ? `${words.refused} ${entry.refused?.message ?? ''}`.trim() : words.waiting;
  const id = entry.client_id;
  const row = h('p', { class: refused ? 'trouble refused' : 'trouble' }, icon('alert'), h('span', {}, text));
  row.append(h('button', { type: 'button', class: 'quiet', onclick: () => onRetry(id) }, words.retry));
  if (refused) {
    row.append(h('button', { type: 'button', class: 'quiet', onclick: () => onEdit(id) }, words.edit));
  }
  item.append(row);
}

/** @param {string} word @param {import('./icons.js').IconName} name */
function mark(word, name) {
  return h('span', { class: 'mark' }, icon(name), h('span', { class: 'unseen' }, word));
}
