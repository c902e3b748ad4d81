// The guest form: the name and e-mail fields of a first message, with their errors.

import { byId } from '../common/dom.js';

/** @import { Details, Field, Guest, GuestOptions } from './types.js' */

/** @param {GuestOptions} options @returns {Guest} */
export function createGuest({ form, asked, words, store, onDone }) {
  /** @type {Field[]} */
  const fields = ['name', 'email'];
  /** @type {Details} the details that the shop gave of its signed-in customer */
  let given = {};
  const input = (/** @type {Field} */ field) => byId(`guest-${field}`, HTMLInputElement);
  const wrap = (/** @type {Field} */ field) => input(field).closest('.field');

  /** @param {Field} field @param {string} text */
  function complain(field, text) {
    input(field).setAttribute('aria-invalid', String(text !== ''));
    byId(`guest-${field}-error`).textContent = text;
  }

  function show() {
    for (const field of fields) {
      wrap(field)?.toggleAttribute('hidden', asked[field] === 'hidden' || !!given[field]);
    }
  }

  const kept = /** @type {Details} */ (store.get('guest') ?? {});
  for (const field of fields) {
    input(field).value ||= kept[field] ?? ''; // or typed before this script was there
    input(field).addEventListener('input', () => {
      complain(field, '');
      store.set('guest', values());
    });
  }
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    onDone();
  });
  show();

  /** @returns {Details} */
  function values() {
    /** @type {Details} */
    const all = {};
    for (const field of fields) {
      const typed = asked[field] === 'hidden' ? '' : input(field).value.trim();
      all[field] = given[field] || typed || undefined;
    }
    return all;
  }

  return {
    values,
    know(details) {
      given = details;
      show();
    },
    complete() {
      const missing = fields.filter((field) => asked[field] === 'required' && !values()[field]);
      for (const field of missing) complain(field, words[`${field}_needed`]);
      if (missing.length) input(missing[0]).focus();
      return missing.length === 0;
    },
    refuse(field, message) {
      delete given[field];
      show();
      complain(field, message || words[`${field}_wrong`] || words.not_done);
      input(field).focus();
    },
  };
}
