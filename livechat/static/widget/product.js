// Shows the product that the conversation is about, and the one that the next message would mention.

import { byId, h } from '../common/dom.js';
import { icon } from '../common/icons.js';
import { fill } from '../common/words.js';

/** @import { Product, Words } from '../common/json_types.js' */

/**
 * @param {Words} words
 * @param {Partial<Product>|null} next  the product that the next message would mention
 * @param {Product|null} [product]  the product of the session
 */
export function showProduct(words, next, product) {
  byId('about').hidden = next === null;
  if (next) {
    const text = next.name ? words.about : words.about_number;
    byId('about-text').textContent = fill(text, { name: next.name ?? '', id: next.id ?? '' });
  }
  const topic = byId('topic');
  topic.hidden = !product?.name;
  if (!product?.name) return;
  const { name, url, price } = product;
  const link = url ? h('a', { href: url, target: '_blank', rel: 'noopener', dir: 'auto' }, name) : h('bdi', {}, name);
  topic.replaceChildren(icon('tag'), link, price ? h('bdi', {}, price) : '');
}
