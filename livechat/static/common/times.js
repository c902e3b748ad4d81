// Times and days as people say them, in the page's language and the reader's time zone.

const page = document.documentElement.lang;
/** The reader's own variety of the page's language: it decides between 2 pm and 14:00. */
export const language =
  navigator.languages.find((each) => each.split('-')[0] === page.split('-')[0]) ?? (page || undefined);
const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
const date = new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' });
const old = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'long', year: 'numeric' });

/** @param {Date} a @param {Date} b */
export function sameDay(a, b) {
  return a.toDateString() === b.toDateString();
}

/** @param {Date} when */
export const timeOfDay = (when) => clock.format(when);

/** "Today", "Yesterday", "Monday, 3 March". @param {Date} when @param {Record<string, string>} words */
export function dayName(when, words) {
  const now = new Date();
  if (sameDay(when, now)) return words.today;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (sameDay(when, yesterday)) return words.yesterday;
  return (when.getFullYear() === now.getFullYear() ? date : old).format(when);
}
