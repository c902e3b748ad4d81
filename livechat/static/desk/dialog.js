// A modal dialog with a few fields.

import { h } from '../common/dom.js';

/** @import { DialogOptions } from './types.js' */

/** @param {DialogOptions} options */
export function openDialog({ title, words, fields, button, submit }) {
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const inputs = fields.map((field) => {
    const { name, value, maxlength, choices, long } = field;
    if (choices) {
      const options = Object.entries(choices).map(([key, text]) =>
        h('option', { value: key, selected: key === value }, text),
      );
      return h('select', { name, id: `ask-${name}` }, ...options);
    }
    const more = { name, id: `ask-${name}`, maxlength, required: true, dir: 'auto', autocomplete: 'off' };
    const input = long ? h('textarea', { ...more, rows: 5 }) : h('input', more);
    input.value = value;
    return input;
  });
  const form = h(
    'form',
    { class: 'fields' },
    h('h2', { id: 'ask-heading' }, title),
    problem,
    ...fields.map(({ name, label }, i) =>
      h('p', { class: 'field' }, h('label', { for: `ask-${name}` }, label), inputs[i]),
    ),
    h(
      'p',
      { class: 'buttons' },
      h('button', { class: 'solid' }, button),
      h('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, words.cancel),
    ),
  );
  const dialog = h('dialog', { 'aria-labelledby': 'ask-heading' }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const result = await submit(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
    if (result.ok) return dialog.close();
    problem.hidden = false;
    problem.textContent = result.message || words.not_done;
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
