// The desk's links: a conversation opens next to the list, and without a connection no link leads to the browser's error
// page.

import { numberIn } from './loading.js';

/** @import { NavigationOptions } from './types.js' */

/** @param {NavigationOptions} options */
export function followLinks({ desk, open, close }) {
  const home = new URL(desk.url).pathname;

  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    const link = /** @type {Element} */ (event.target).closest('a');
    if (!link || link.target || link.origin !== location.origin) return;
    const view = link.dataset.view; // keeps the conversation and changes the list
    if (open && link.id === 'back') {
      event.preventDefault();
      close();
    } else if (open && !view && numberIn(link) && link.pathname.startsWith(home)) {
      event.preventDefault();
      open(link.href);
    } else if (desk.lost() && !link.getAttribute('href')?.startsWith('#')) {
      event.preventDefault();
      desk.go(link.href);
    }
  });

  document.addEventListener('submit', async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.method === 'dialog' || !desk.lost()) return;
    event.preventDefault();
    if (await desk.reachable(desk.url)) form.submit();
  });
}
