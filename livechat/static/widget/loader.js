// Draws the chat's button on a shop's page and, once asked to, the chat in an iframe.
// Before the first click nothing else is loaded, stored or connected.
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const page = /** @type {any} */ (window);
  if (page.livechat?.toggle) return; // a second copy on the same page

  /** @type {Record<string, string>} */
  const words = /** @type {any} */ ("__LIVECHAT_WORDS__");
  const address = new URL('chat/', script.src);
  const KEY = 'livechat';
  /** @type {Record<string, Set<Function>>} */
  const listeners = { open: new Set(), close: new Set(), unread: new Set() };
  /** @type {HTMLIFrameElement | undefined} */
  let frame;
  let ready = false;
  let opened = false;
  let talking = false; // a conversation exists
  let unread = 0;
  let mark = '';
  let timer = 0;

  /** @type {(kind: string, ...names: string[]) => any} */
  const given = (kind, ...names) =>
    Object.fromEntries(names.map((name) => [name.toLowerCase(), script.dataset[kind + name]]));
  const customer = given('customer', 'Name', 'Email', 'Signature');
  let product = given('product', 'Id', 'Name', 'Url', 'Price');
  if (!product.id) product = null;

  const css = `
:host{all:initial;font:16px/1.4 system-ui,sans-serif}
[hidden]{display:none!important}
button{font:inherit;cursor:pointer;border:2px solid transparent;color:#0a0a0a;background:#d4af37}
button:focus-visible{outline:3px solid #0a0a0a;box-shadow:0 0 0 6px #f4e4a6}
.b,.p{position:fixed;z-index:2147483000;inset-block-end:calc(20px + env(safe-area-inset-bottom));
inset-inline-end:calc(20px + env(safe-area-inset-right))}
.b{width:60px;height:60px;padding:0;border-radius:50%;box-shadow:0 4px 18px #0006;
background:linear-gradient(135deg,#f4e4a6,#d4af37 48%,#b8941f) border-box}
.b:hover{filter:brightness(1.1)}
svg{width:30px;display:block;margin:auto;fill:none;stroke:currentColor;stroke-width:1.8;
stroke-linecap:round;stroke-linejoin:round}
.n{position:absolute;inset-block-start:-6px;inset-inline-end:-6px;min-width:14px;padding:1px 5px;
border:2px solid #fff;border-radius:14px;background:#b3261e;color:#fff;font-size:13px;font-weight:700}
.p{margin-block-end:72px;width:392px;height:min(660px,100vh - 112px);overflow:hidden;
border:1px solid #b8941f;border-radius:16px;background:#0a0a0a;color:#f6f2e7;
box-shadow:0 16px 48px #0009;animation:a .2s}
iframe{width:100%;height:100%;border:0;display:block;color-scheme:dark}
.w{position:absolute;inset:0;display:grid;place-content:center;justify-items:center;gap:16px;padding:32px;
background:#0a0a0a;text-align:center}
.w button{min-height:44px;padding:0 20px;border-radius:22px}
.c{background:none;color:inherit;border-color:#b8941f}
.s{position:absolute;clip-path:inset(50%)}
@keyframes a{from{opacity:0;transform:translateY(12px)}}
@media (max-width:640px),(max-height:480px){
.p{inset:0;margin:0;width:auto;height:var(--h,100%);top:var(--t,0);border:0;border-radius:0}
[aria-expanded=true]{display:none}}
@media (prefers-reduced-motion:reduce){.p{animation:none}}
@media (forced-colors:active){.b{background:ButtonFace}}
@media print{:host{display:none!important}}`;

  /** @type {(parent: Node, tag: string, attributes?: any, act?: () => void) => any} */
  const make = (parent, tag, attributes, act) => {
    const element = document.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    if (act) element.onclick = act;
    return parent.appendChild(element);
  };

  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet(); // passes a shop's strict policy
  sheet.replaceSync(css);
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
  const title = () => document.title.slice(document.title.startsWith(mark) ? mark.length : 0);

  /** @type {(name: string, value?: number) => void} */
  const emit = (name, value) => listeners[name].forEach((listener) => listener(value));

  /** For the next page: is there a conversation, does it stand open in this tab? */
  function remember() {
    try {
      if (talking) localStorage[KEY] = 1;
      else localStorage.removeItem(KEY);
      sessionStorage[KEY] = opened ? 1 : '';
    } catch {
      // blocked: each page begins anew
    }
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
      tell('hello', { open: opened, customer });
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
      frame = undefined; // the next opening tries anew
    }
    const up = await fetch(script.src, { mode: 'no-cors', cache: 'no-store' }).catch(() => null);
    const why = up
      ? `Is ${location.origin} in livechat.allowed_sites? Does this page's policy allow the frame?`
      : "The server is away, or this page's policy (connect-src) hides it.";
    console.warn(`livechat: ${address} does not answer. ${why}`);
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
  page.navigation?.addEventListener('navigatesuccess', () => tell('page'));
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
    }
  });

  /** @type {Record<string, (...values: any[]) => void>} */
  const api = {
    open: () => open(),
    close,
    toggle: () => button.click(),
    product(value) {
      product = value; // {id, name, url, price} or null
      tell('product');
    },
    on: (name, act) => void listeners[name].add(act),
    off: (name, act) => void listeners[name].delete(act),
  };
  page.livechat = api;

  const mount = () => host.isConnected || document.body.append(host);
  function begin() {
    mount();
    // pages that swap their body keep the button
    new MutationObserver(mount).observe(document.documentElement, { childList: true });
    draw();
    try {
      talking = !!localStorage[KEY];
      if (sessionStorage[KEY]) open(false);
      else if (talking) load();
    } catch {
      // blocked
    }
  }
  if (document.body) begin();
  else addEventListener('DOMContentLoaded', begin);
})();
