// The chat as a page of its own: the number of unread messages in its title, and the height that a phone's keyboard leaves.

import { createTitle } from '../common/title.js';

/** @returns {(count: number) => void}  shows a number in the title */
export function standAlone() {
  // a phone's keyboard covers the page: use the height that remains visible
  const view = window.visualViewport;
  const fit = () => document.documentElement.style.setProperty('--seen', `${view?.height}px`);
  view?.addEventListener('resize', fit);
  if (view) fit();
  return createTitle();
}
