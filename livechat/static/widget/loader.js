// Draws the chat's button on a shop's page and, once asked to, the chat in an iframe.
// Before the first click nothing else is loaded, stored or connected.
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const page = /** @type {any} */ (window);
  if (page.livechat?.toggle) return; // a second copy on the same page

  /** @type {Record<string, string>} */
  // biome-ignore format: the server looks for these quotes (views/site.py)
  const words = /** @type {any} */ ("__LIVECHAT_WORDS__");
  const address = new URL('chat/', script.src);
  const KEY = 'livechat';
  const { locks } = navigator;
  /** @type {any} */
  const listeners = { __proto__: null, open: new Set(), close: new Set(), unread: new Set() };
  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  let ready = false;
  let opened = false;
  let talking = false; // a conversation exists
  let unread = 0;
  let mark = '';
  let timer = 0;
  let free = () => {}; // ends our turn with the ticket

  /** @type {(text: string, what?: any) => void} */
  const warn = (text, what = '') => console.warn(`livechat: ${text}`, what);

  const given = script.dataset;
  const customer = { name: given.customerName, email: given.customerEmail, signature: given.customerSignature };
  /** @type {any} */
  let product = { id: given.productId, name: given.productName, url: given.productUrl, price: given.productPrice };
  if (!product.id) product = null;

  /** Copies a script's product as text: it may be a proxy, or have a getter that throws. */
  function copied(/** @type {any} */ value) {
    if (value == null) return null;
    /** @type {any} */
    const found = {};
    for (const name of ['id', 'name', 'url', 'price']) {
      try {
        const field = value[name];
        if (/string|number/.test(typeof field)) found[name] = `${field}`.slice(0, 2000);
        else if (field != null) throw typeof field;
      } catch (error) {
        warn(`product.${name} is no text and is left out.`, error);
      }
    }
    if (!found.id) warn('a product needs an id.');
    return found.id ? found : null;
  }

  /** @type {(parent: Node, tag: string, attributes?: any, act?: () => void) => any} */
  const make = (parent, tag, attributes, act) => {
    const element = document.createElement(tag);
    for (const name of Object.keys(attributes)) element.setAttribute(name, attributes[name]);
    if (act) element.onclick = act;
    return parent.appendChild(element);
  };

  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet(); // passes a shop's strict policy
  sheet.replaceSync('__LIVECHAT_STYLE__');
  root.adoptedStyleSheets = [sheet];
  const box = make(root, 'section', { 'aria-label': words.chat });
  const button = make(box, 'button', { type: 'button', class: 'b' }, () => (opened ? close() : open()));
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.append(path);
  button.append(svg);
  const badge = make(button, 'span', { class: 'n' });
  const panel = make(box, 'div', { class: 'p', role: 'dialog', 'aria-label': words.chat });
  const wait = make(panel, 'div', { class: 'w' });
  const text = make(wait, 'div', { role: 'status' });
  const again = make(wait, 'button', { type: 'button' }, load);
  again.textContent = words.retry;
  make(wait, 'button', { type: 'button', class: 'c' }, close).textContent = words.close;
  const spoken = make(box, 'div', { class: 's', role: 'status' });

  function draw() {
    const news = unread ? words[unread > 1 ? 'unread_other' : 'unread_one'].replace('{n}', `${unread}`) : '';
    const label = opened ? words.close : words.open;
    button.setAttribute('aria-expanded', `${opened}`);
    button.setAttribute('aria-label', news ? `${label}, ${news}` : label);
    path.setAttribute('d', opened ? 'm6 9.5 6 6 6-6' : 'M4 5h16v11H10l-5 4v-4H4zM8 9h8m-8 3.5h5');
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : `${unread}`;
    spoken.textContent = news;
    panel.hidden = !opened;
    const plain = title();
    mark = unread ? `(${unread}) ` : '';
    if (document.title !== mark + plain) document.title = mark + plain;
  }

  /** The page's own title, without our count. */
  // (A form of that name is in front of the title.)
  const title = (text = `${document.title}`) => text.slice(text.startsWith(mark) ? mark.length : 0);

  /** Runs each listener in a task of its own, so that its errors do not affect us. @type {(name: string, value?: number) => void} */
  const emit = (name, value) => {
    for (const listener of listeners[name]) setTimeout(listener, 0, value);
  };

  /** Reads the stored state: the ticket's time, the ticket, the key of an exchange that has begun. */
  function kept(place = 'localStorage') {
    try {
      return (page[place][KEY] || '').split(' ');
    } catch {
      return []; // blocked
    }
  }

  /** @param {string|number} text */
  function keep(text, place = 'localStorage') {
    try {
      page[place][KEY] = text;
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Stores for the next page whether there is a conversation and whether it is open in this tab. Returns the time of the
   * ticket; 0: there is none, null: nothing can be stored.
   */
  function remember() {
    const [at, ticket] = kept();
    if (!ticket && talking === !at) keep(talking ? 1 : '');
    if (!keep(opened ? 1 : '', 'sessionStorage') || at == null) return null;
    return ticket ? +at : 0;
  }

  /**
   * Lends the ticket to the frame: one tab at a time, and always under the same key, which marks repetitions. Used
   * twice it would be revoked.
   */
  function lend() {
    const turn = () =>
      new Promise((done) => {
        free = /** @type {() => void} */ (done);
        setTimeout(done, 30000);
        const [at, ticket, key] = kept();
        const random = crypto.getRandomValues(new Uint32Array(5)).join('-');
        if (ticket && !key) keep(`${at} ${ticket} ${random}`);
        // without locks another tab may do the same right now: both take the key that is there in the end
        setTimeout(() => tell('ticket', { lent: kept() }), locks ? 0 : 400);
      });
    (locks?.request(KEY, turn) ?? turn()).catch(turn);
  }

  /** @param {string} type @param {object} [more] */
  function tell(type, more) {
    // before it is ready, the frame may still hold an empty page of the shop's origin
    if (!ready && type !== 'hello') return;
    const here = { url: location.href.split('#')[0], title: title() };
    const note = { livechat: type, page: here, product, ...more };
    frame?.contentWindow?.postMessage(note, address.origin);
  }

  function load() {
    frame?.remove();
    ready = wait.hidden = false;
    again.hidden = true;
    text.textContent = words.loading;
    frame = document.createElement('iframe');
    frame.title = words.chat;
    frame.allow = 'autoplay';
    frame.src = address.href;
    frame.onload = () => {
      expect(2000); // its scripts have run: it answers at once or never
      tell('hello', { open: opened, customer, kept: remember() });
    };
    panel.prepend(frame);
    expect(8000);
  }

  /** @param {number} time */
  function expect(time) {
    clearTimeout(timer);
    if (!ready) timer = setTimeout(fail, time);
  }

  async function fail() {
    text.textContent = words.failed;
    again.hidden = false;
    if (root.activeElement) again.focus();
    if (!opened) {
      frame?.remove();
      frame = undefined; // the next opening tries again
    }
    const up = await fetch(script.src, { mode: 'no-cors', cache: 'no-store' }).catch(() => null);
    const why = up
      ? `Is ${location.origin} in livechat.allowed_sites? Does this page's policy allow the frame?`
      : "The server is away, or this page's policy (connect-src) hides it.";
    warn(`${address} does not answer. ${why}`);
  }

  function open(focus = true) {
    if (!opened) {
      opened = true;
      draw();
      fit();
      if (!frame) load();
      remember();
      emit('open');
    }
    if (focus) frame?.focus(); // the frame then gives it to its box
    tell('open', { focus });
  }

  function close() {
    if (!opened) return;
    const inside = root.activeElement;
    opened = false;
    draw();
    remember();
    tell('close');
    if (inside) button.focus();
    emit('close');
  }

  // On a phone the keyboard covers the page: the panel takes what is left to see.
  const view = /** @type {VisualViewport} */ (window.visualViewport);
  function fit() {
    panel.style.setProperty('--h', `${view.height}px`);
    panel.style.setProperty('--t', `${view.offsetTop}px`);
  }
  view.addEventListener('resize', fit);
  view.addEventListener('scroll', fit);

  box.onkeydown = (/** @type {KeyboardEvent} */ { key }) => {
    if (key === 'Escape') close();
  };
  // shops that change pages without loading them
  page.navigation?.addEventListener?.('navigatesuccess', () => tell('page'));
  addEventListener('message', ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== address.origin) return;
    const type = data?.livechat;
    if (type === 'ready') {
      const inside = opened && root.activeElement;
      ready = wait.hidden = true;
      clearTimeout(timer);
      if (inside) open();
    } else if (type === 'close') {
      close();
    } else if (type === 'state') {
      talking = data.session === true;
      remember();
      if (data.unread === unread) return;
      unread = data.unread | 0;
      draw();
      emit('unread', unread);
    } else if (type === 'lend') {
      lend();
    } else if (type === 'ticket') {
      const { used, ticket } = data;
      // another tab may have exchanged it since: then its ticket is the valid one
      if (ticket != null && (!used || kept()[1] === used)) keep(ticket && `${Date.now()} ${ticket}`);
      free();
    }
  });

  /** @type {Record<string, (...values: any[]) => void>} */
  const api = {
    open: () => open(),
    close,
    toggle: () => button.click(),
    product(value) {
      product = copied(value); // {id, name, url, price} or null
      tell('product');
    },
    on(name, act) {
      if (typeof act === 'function' && listeners[name]) listeners[name].add(act);
      else warn('on() takes open, close or unread, and a function.');
    },
    off: (name, act) => void listeners[name]?.delete(act),
  };
  page.livechat = api;

  const mount = () => host.isConnected || document.body?.append(host);
  function begin() {
    mount();
    // pages that swap their body keep the button
    new MutationObserver(mount).observe(document.documentElement, { childList: true });
    draw();
    talking = !!kept()[0];
    if (kept('sessionStorage')[0]) open(false);
    else if (talking) load();
  }
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin);
})();
