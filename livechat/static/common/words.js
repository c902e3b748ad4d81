// The words of a page: the server puts them, translated, into a JSON block.

/** @import { Words } from './json_types.js' */

/** @returns {Words} */
export function readWords() {
  return JSON.parse(document.getElementById('words')?.textContent || '{}');
}

/**
 * "Chat with {name}" and {name: "Ada"} -> "Chat with Ada".
 * @param {string} text
 * @param {Record<string, string|number>} values
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/**
 * The form of `key` that fits the number: words[key_one], words[key_other] … with {n} filled in.
 * @param {Words} words
 * @param {string} key
 * @param {number} n
 * @param {Intl.PluralRuleType} [type] how many, or the how-manieth
 */
export function plural(words, key, n, type) {
  const form = new Intl.PluralRules(document.documentElement.lang || 'en', { type }).select(n);
  return fill(words[`${key}_${form}`] ?? words[`${key}_other`] ?? '', { n });
}
