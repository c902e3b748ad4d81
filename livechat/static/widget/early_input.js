// While the page's script is loading: keeps the text typed in the box and remembers that Send was pressed. Not a module,
// so that it runs before the box exists. frame.js takes over and then removes data-early from the form.
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
    press(one.form, false); // typing goes on: do not send yet
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
    event.preventDefault(); // it would reload the page
    if (event.target instanceof HTMLFormElement && event.target.id === 'composer') press(event.target, true);
  });
})();
