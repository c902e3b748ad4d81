// The shop's own script: its "Ask" buttons open the chat, and stay plain links where that is not there.

for (const element of document.querySelectorAll('[data-ask]')) {
  element.addEventListener('click', (event) => {
    const chat = /** @type {{open: () => void}|undefined} */ (Reflect.get(window, 'livechat'));
    if (!chat) return;
    event.preventDefault();
    chat.open();
  });
}
