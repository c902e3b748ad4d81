// Updates the preview of the widget while the admin types a name.

const box = /** @type {HTMLInputElement|null} */ (document.querySelector('[data-preview-of=name]'));
const places = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-preview=name]'));

function show() {
  const name = box?.value.replace(/\s+/g, ' ').trim();
  for (const place of places) place.textContent = name || (place.dataset.empty ?? '');
}

box?.addEventListener('input', show);
addEventListener('pageshow', show); // a browser may restore the typed text
show();
