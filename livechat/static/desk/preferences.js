// The admin's preferences: theme, density and single-key shortcuts; stored on the server for all their browsers.

/** @import { Preferences } from './json_types.js' */
/** @import { PreferencesOptions, Settings } from './types.js' */

/** When light.css applies, as in the template. @type {Record<string, string>} */
const MEDIA = { light: 'all', dark: 'not all', system: '(prefers-color-scheme: light)' };
const NAMES = /** @type {const} */ (['theme', 'density']);

/** @param {PreferencesOptions} options @returns {Settings} */
export function createPreferences({ given, url, http }) {
  let now = { ...given };
  const box = /** @type {HTMLInputElement|null} */ (document.getElementById('shortcuts'));
  const selects = NAMES.map((name) => /** @type {HTMLSelectElement|null} */ (document.getElementById(name)));

  function show() {
    NAMES.forEach((name, i) => {
      document.documentElement.dataset[name] = now[name];
      const select = selects[i];
      if (select) select.value = now[name];
    });
    if (box) box.checked = now.shortcuts;
    const light = /** @type {HTMLLinkElement} */ (document.getElementById('light'));
    light.media = MEDIA[now.theme] ?? MEDIA.system;
  }

  /** @param {Partial<Preferences>} change */
  async function set(change) {
    now = { ...now, ...change };
    show();
    const result = await http.post(url, now);
    if (result.ok) now = { ...now, ...result.data.preferences };
    show();
  }

  NAMES.forEach((name, i) => {
    selects[i]?.addEventListener('change', () => set({ [name]: selects[i]?.value }));
  });
  box?.addEventListener('change', () => set({ shortcuts: box.checked }));
  show();

  return { get: () => now, set };
}
