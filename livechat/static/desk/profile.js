// The preview of what customers read follows what is typed.

const box = /** @type {HTMLInputElement|null} */ (document.querySelector('[data-preview-of=name]'));
const places = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-preview=name]'));

function show() {
  const name = box?.value.replace(/\s+/g, ' ').trim();
  for (const place of places) place.textContent = name || (place.dataset.empty ?? '');
}

box?.addEventListener('input', show);
addEventListener('pageshow', show); // a browser may put back what was typed before
show();
