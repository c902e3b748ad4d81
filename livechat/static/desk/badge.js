// Shows the number of unread messages in the page's icon.

/** @returns {(count: number) => void} */
export function createBadge() {
  const link = /** @type {HTMLLinkElement|null} */ (document.getElementById('favicon'));
  const plain = link?.href ?? '';
  let shown = 0;
  return (count) => {
    if (!link || count === shown) return;
    shown = count;
    link.href = count ? draw(count > 99 ? '99' : String(count)) : plain;
  };
}

/** @param {string} text */
function draw(text) {
  const size = text.length > 1 ? 13 : 16;
  const xmlns = 'http://www.w3.org/2000/svg';
  const svg =
    `<svg xmlns="${xmlns}" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#d4af37"/>` +
    `<text x="12" y="${12 + size * 0.36}" font-size="${size}" font-family="sans-serif" font-weight="bold" ` +
    `text-anchor="middle" fill="#0a0a0a">${text}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
