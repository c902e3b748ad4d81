// Line icons on a 24 by 24 grid, drawn here and made without markup.

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  alert: 'M12 8v5m0 3.2v.1M12 3 2.5 20h19z',
  chat: 'M4 5h16v11H10l-5 4v-4H4zM8 9h8m-8 3.5h5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  clock: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4v5l3.5 2',
  close: 'M6 6l12 12M18 6 6 18',
  down: 'M12 5v14m-6-6 6 6 6-6',
  end: 'M9 4H5v16h4m5-4 4-4-4-4m4 4H9',
  mute: 'M4 9.5h3.5L12 5.5v13L7.5 14.5H4zm12 0 5 5m0-5-5 5',
  seen: 'm2 12.5 4.5 4.5L15 8m-3 8 1 1 9-9.5',
  send: 'M4 12 3 4l19 8-19 8zm0 0h9',
  sound: 'M4 9.5h3.5L12 5.5v13L7.5 14.5H4zM15.5 9a4 4 0 0 1 0 6m2.5-9a8 8 0 0 1 0 12',
  tag: 'M4 4h7l9 9-7 7-9-9zm4 4v.1',
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name @returns {SVGSVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const path = document.createElementNS(SVG, 'path');
  svg.append(path);
  redraw(svg, name);
  return svg;
}

/** @param {Element} svg  an icon that becomes another @param {IconName} name */
export function redraw(svg, name) {
  svg.firstElementChild?.setAttribute('d', PATHS[name]);
}

/** Puts icons into every element that names one: `<button data-icon="send">`. */
export function drawIcons(root = document) {
  for (const element of root.querySelectorAll('[data-icon]')) {
    const name = /** @type {IconName} */ (element.getAttribute('data-icon'));
    element.replaceChildren(icon(name));
  }
}
