// The head of a conversation, and the customer's details next to it.

import { byId, h } from '../common/dom.js';
import { fill } from '../common/words.js';
import { createTags } from './tags.js';
import { momentText, untilText } from './time_format.js';

/** @import { Facts, FactsOptions } from './conversation_types.js' */
/** @import { DeskSession } from './json_types.js' */

const NARROW = matchMedia('(max-width: 68.74rem)');

/** @param {FactsOptions} options @returns {Facts} */
export function createFacts({ desk, session: current, act, signal, tail }) {
  const { me, words } = desk;
  const details = byId('facts', HTMLDetailsElement);
  const fold = () => (details.open = !NARROW.matches);
  let shown = '';

  NARROW.addEventListener('change', fold, { signal });
  fold();

  const tags = createTags({ desk, act, signal });
  earlier();

  const none = (/** @type {string} */ word) => h('span', { class: 'none' }, word);

  /** @param {string} url @param {string} text */
  const outside = (url, text) =>
    h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, h('bdi', {}, text));

  /** @param {DeskSession} session */
  function renderCustomer({ customer, verified }) {
    const name = customer.name ?? words.guest;
    if (byId('customer').textContent !== name) byId('customer').textContent = name;
    byId('fact-name').textContent = name;
    const { email } = customer;
    const mailto = email && `mailto:${encodeURIComponent(email).replace('%40', '@')}`;
    byId('fact-email').replaceChildren(mailto ? h('a', { href: mailto }, email) : none(words.not_given));
    byId('verified').hidden = !verified;
  }

  /** @param {DeskSession} session */
  function renderContext({ number, product, page, presence, created_at: started }) {
    const parts = [];
    if (product) {
      const name = product.name ?? product.id;
      parts.push(
        h('p', { class: 'product-name' }, product.url ? outside(product.url, name) : h('bdi', {}, name)),
        product.price ? h('p', {}, h('bdi', {}, product.price)) : '',
        h('p', { class: 'soft' }, `${words.number} `, h('bdi', {}, product.id)),
      );
    } else {
      parts.push(h('p', { class: 'none' }, words.none));
    }
    byId('fact-product').replaceChildren(...parts);
    const from = page ? outside(page.url, page.title ?? page.url) : none(words.not_known);
    byId('fact-page').replaceChildren(from);
    byId('page-label').textContent = words[`page_${presence}`];
    byId('fact-number').textContent = String(number);
    byId('fact-started').textContent = momentText(started);
  }

  /** Loads this customer's earlier conversations. */
  async function earlier() {
    const { links } = current();
    const result = links.earlier ? await desk.http.get(links.earlier) : null;
    if (signal.aborted || !result?.ok || !result.data.sessions.length) return;
    byId('earlier').hidden = false;
    byId('unverified').hidden = !result.data.sessions.some((/** @type {DeskSession} */ each) => each.unverified);
    byId('earlier-list').replaceChildren(
      ...result.data.sessions.map((/** @type {DeskSession} */ each) =>
        h(
          'li',
          {},
          h('a', { href: each.links.self + tail }, momentText(each.created_at)),
          each.unverified ? h('span', { class: 'unverified' }, words.unverified) : '',
          h('p', { class: 'soft', dir: 'auto' }, each.last_message?.body.slice(0, 120) ?? words.no_message),
        ),
      ),
    );
  }

  /** @param {DeskSession} session */
  function renderState({
    status,
    presence,
    assignee,
    admin,
    priority = 'normal',
    snoozed_until: until,
    blocked = false,
  }) {
    byId('urgency').hidden = priority === 'normal';
    byId('urgency').dataset.priority = priority;
    byId('urgency').textContent = words[`priority_${priority}`] ?? '';
    byId('blocked').hidden = !blocked;
    byId('snoozed').hidden = !until;
    byId('snoozed').textContent = until ? fill(words.sleeps, { time: untilText(until, words) }) : '';
    byId('status').textContent = words[`status_${status}`];
    byId('status').dataset.status = status;
    for (const id of ['presence', 'fact-presence']) {
      byId(id).textContent = words[`presence_${presence}`];
      byId(id).dataset.presence = presence;
    }
    const holder = admin ? h('bdi', {}, admin.name) : words.nobody;
    byId('held').replaceChildren(assignee === me.username ? words.yours : holder);
    byId('fact-assignee').replaceChildren(admin ? h('bdi', {}, admin.name) : none(words.nobody));
  }

  return {
    render(session) {
      // leave unchanged text alone: somebody may be selecting it
      const { unread, seen_seq, last_message, last_activity_at, ...facts } = session;
      const now = JSON.stringify(facts);
      if (now === shown) return;
      shown = now;
      tags.render(session);
      renderCustomer(session);
      renderContext(session);
      renderState(session);
    },
  };
}
