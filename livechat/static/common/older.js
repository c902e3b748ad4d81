// Earlier messages: pages of the history that are loaded when the reader scrolls up to them, or presses a button.
//
// An edge is a line in the list with messages missing above it. There is one at the top while the conversation goes
// further back, and one below each part that was loaded around a search hit.

import { h } from './dom.js';
import { sameDay } from './times.js';

/** @import { Message, Page, Words } from './json_types.js' */
/** @import { Http } from './types.js' */

const AHEAD = '600px'; // how far above the visible part an edge begins to load
const QUIET = 500; // milliseconds in which inserted messages are not announced

/**
 * @typedef {object} OlderOptions
 * @property {Http} http
 * @property {() => string|undefined} url  of the messages
 * @property {HTMLElement} scroller
 * @property {HTMLElement} list
 * @property {Words} words  words.CONVERSATION
 * @property {(messages: Message[], before: Node|null) => void} insert
 */

/**
 * @typedef {object} Older
 * @property {(cursor: string) => void} begin  there are earlier messages than the first one in the list
 * @property {(seq: number) => Promise<boolean>} find  loads the messages around this one if it is not in the
 *   list; returns whether it is in the list then
 * @property {() => void} clear  the list is empty
 */

/**
 * @typedef {object} Edge
 * @property {HTMLLIElement} line
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} status
 * @property {string} cursor  of the page that ends here
 * @property {number} floor  the seq up to which everything above the edge is in the list; 0 at the top
 * @property {boolean} busy
 */

/** @param {OlderOptions} options @returns {Older} */
export function createOlder({ http, url, scroller, list, words, insert }) {
  /** @type {Map<Element, Edge>} */
  let edges = new Map();
  let timer = 0;
  const watch = new IntersectionObserver(
    (seen) => {
      for (const { isIntersecting, target } of seen) {
        const edge = edges.get(target);
        if (isIntersecting && edge) load(edge);
      }
    },
    { root: scroller, rootMargin: `${AHEAD} 0px 0px 0px` },
  );

  /** @param {string} cursor @param {Node|null} before @returns {Edge} */
  function addEdge(cursor, before) {
    const button = h('button', { type: 'button', class: 'plain' }, words.earlier);
    const status = h('span', { class: 'unseen', role: 'status' });
    const line = h('li', { class: 'edge' }, button, status);
    const edge = { line, button, status, cursor, floor: 0, busy: false };
    button.addEventListener('click', () => load(edge));
    list.insertBefore(line, before);
    edges.set(line, edge);
    watch.observe(line);
    return edge;
  }

  /** @param {string} name @param {string} value @returns {Promise<Page|null>} */
  async function ask(name, value) {
    const link = new URL(url() ?? '', location.href);
    link.searchParams.set(name, value);
    const result = await http.get(link.href);
    return result.ok ? result.data : null;
  }

  /** @param {Edge} edge */
  async function load(edge) {
    if (edge.busy) return;
    edge.busy = true;
    edge.button.textContent = words.earlier_loading;
    const page = await ask('before', edge.cursor);
    if (!edges.has(edge.line)) return; // another conversation is open, or this one was loaded again
    edge.busy = false;
    edge.button.textContent = page ? words.earlier : words.earlier_failed;
    if (!page) return;
    const fresh = page.messages.filter(({ seq }) => seq > edge.floor);
    const joined = !page.more || fresh.length < page.messages.length || fresh[0]?.seq === edge.floor + 1;
    quietly(() =>
      keepPlace(edge.line.nextElementSibling, () => {
        const below = edge.line.nextElementSibling;
        insert(fresh, below);
        joinDays(below);
        if (joined) close(edge);
        else edge.cursor = page.cursor;
      }),
    );
    if (joined) return;
    edge.status.textContent = words.earlier_loaded;
    watch.unobserve(edge.line); // seen again if it is still in sight
    watch.observe(edge.line);
  }

  /** Nothing is missing there any more. @param {Edge} edge */
  function close(edge) {
    const below = edge.line.nextElementSibling;
    if (edge.line.contains(document.activeElement)) scroller.focus();
    edges.delete(edge.line);
    watch.unobserve(edge.line);
    edge.line.remove();
    joinDays(below);
  }

  /** Removes a day's name that appears twice. @param {Element|null} line */
  function joinDays(line) {
    const day = dayOf(line);
    let above = line?.previousElementSibling;
    if (!day || above?.classList.contains('edge')) return;
    while (above && !dayOf(above)) above = above.previousElementSibling;
    const before = dayOf(above);
    if (before && sameDay(before, day)) line?.remove();
  }

  /** Changes the list without moving the visible messages. @param {Element|null} line @param {() => void} change */
  function keepPlace(line, change) {
    const anchor = line?.classList.contains('day') ? line.nextElementSibling : line;
    const top = anchor?.getBoundingClientRect().top ?? 0;
    change();
    scroller.scrollTop += (anchor?.getBoundingClientRect().top ?? 0) - top;
  }

  /** Changes the list without announcing it: earlier messages are not new. @param {() => void} change */
  function quietly(change) {
    const log = list.closest('[role="log"]');
    log?.setAttribute('aria-live', 'off');
    change();
    clearTimeout(timer);
    timer = setTimeout(() => log?.setAttribute('aria-live', 'polite'), QUIET);
  }

  return {
    begin(cursor) {
      addEdge(cursor, list.firstChild);
    },
    async find(seq) {
      const [top] = edges.values();
      const page = top && !shown(seq) ? await ask('at', String(seq)) : null;
      if (!page || !edges.has(top.line)) return shown(seq);
      const first = seqOf(top.line.nextElementSibling);
      const fresh = page.messages.filter((each) => each.seq < first);
      const last = fresh.at(-1)?.seq ?? 0;
      quietly(() =>
        keepPlace(top.line.nextElementSibling, () => {
          insert(fresh, top.line);
          top.floor = last;
          if (page.more) addEdge(page.cursor, list.firstChild);
          if (last + 1 === first) close(top);
        }),
      );
      return shown(seq);
    },
    clear() {
      watch.disconnect();
      edges = new Map();
    },
  };

  /** @param {number} seq */
  function shown(seq) {
    return list.querySelector(`[data-entry="${seq}"]`) !== null;
  }

  /** The first seq from a line on. @param {Element|null} line @returns {number} */
  function seqOf(line) {
    const entry = line instanceof HTMLElement ? line.dataset.entry : '';
    return entry || !line ? Number(entry) || Infinity : seqOf(line.nextElementSibling);
  }
}

/** The day that a line names, if it names one. @param {Element|null|undefined} line */
function dayOf(line) {
  const time = line?.classList.contains('day') ? line.querySelector('time') : null;
  return time ? new Date(time.dateTime) : null;
}
