// Formats waiting times and dates for people.

import { dayName, language, sameDay, timeOfDay } from '../common/times.js';
import { fill } from '../common/words.js';

/** @import { Words } from '../common/json_types.js' */

const UNITS = /** @type {const} */ ([
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
]);
const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
const brief = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric' });

/** "5 min", "2 days". @param {string} since @param {Words} words */
export function waitText(since, words) {
  const seconds = (Date.now() - Date.parse(since)) / 1000;
  for (const [unit, length] of UNITS) {
    if (seconds < length) continue;
    const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' });
    return format.format(Math.floor(seconds / length));
  }
  return words.moment;
}

/** The time today, "Yesterday", else the day. @param {string} text @param {Words} words */
export function activityText(text, words) {
  const when = new Date(text);
  if (sameDay(when, new Date())) return timeOfDay(when);
  const day = dayName(when, words);
  return day === words.yesterday ? day : brief.format(when);
}

/** Day and time. @param {string} text */
export const momentText = (text) => full.format(new Date(text));

const SHORT = new Intl.DateTimeFormat(language, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: 'numeric',
  minute: '2-digit',
});

/** "18:00 today", "Tue, 3 Mar, 09:00". @param {string} text @param {Words} words */
export function untilText(text, words) {
  const when = new Date(text);
  return sameDay(when, new Date()) ? fill(words.at_today, { time: timeOfDay(when) }) : SHORT.format(when);
}

/** How urgent a wait has become: calm, soon, late. @param {string} since */
export function urgencyOf(since) {
  const minutes = (Date.now() - Date.parse(since)) / 60000;
  return minutes < 3 ? 'calm' : minutes < 15 ? 'soon' : 'late';
}
