// While the page's script is on its way: keeps what is typed in the box, and remembers that it was to be sent. No module,
// so that it has run before there is a box. composer.js takes over, and then takes data-early off the form.
(() => {
  const KEY = 'livechat.draft';

  /** The box, if an event is about it and nobody else looks after it yet. @param {Event} event */
  function box({ target }) {
    if (!(target instanceof HTMLTextAreaElement) || target.id !== 'box') return null;
    return target.form?.hasAttribute('data-early') ? target : null;
  }

  /** @param {Element|null} form @param {boolean} now  to be sent as soon as possible */
  const press = (form, now) => form?.toggleAttribute('data-pressed', now);

  addEventListener('focusin', (event) => {
    const one = box(event);
    try {
      if (one && !one.value) one.value = JSON.parse(localStorage[KEY] || '""');
    } catch {
      // no storage
    }
  });
  addEventListener('input', (event) => {
    const one = box(event);
    if (!one) return;
    press(one.form, false); // somebody who types on is not done
    try {
      localStorage[KEY] = JSON.stringify(one.value);
    } catch {
      // no storage
    }
  });
  addEventListener('keydown', (event) => {
    const one = box(event);
    if (!one || event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    press(one.form, true);
  });
  addEventListener('submit', (event) => {
    event.preventDefault(); // it would load the page anew
    if (event.target instanceof HTMLFormElement && event.target.id === 'composer') press(event.target, true);
  });
})();
