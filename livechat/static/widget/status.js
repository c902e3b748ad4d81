// The status line: whether anybody is there to answer, how soon, and the position in the queue.

import { byId } from '../common/dom.js';
import { fill, plural } from '../common/words.js';

/** @import { Words } from '../common/json_types.js' */
/** @import { Status, StatusOptions } from './types.js' */

/** @param {StatusOptions} options @returns {Status} */
export function createStatus({ words, team: known }) {
  /** Changes only text that differs. @param {string} id @param {string} text */
  function put(id, text) {
    const element = byId(id);
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
    return element.dataset;
  }

  return {
    render(session, over) {
      const status = over ? 'closed' : (session?.status ?? 'new');
      const { presence = '', answers_within: within = null } = session?.team ?? known ?? {};
      const name = session?.admin?.name ?? '';
      const talks = status === 'active';
      const state = fill(words[`status_${status}${talks && !name ? '_nobody' : ''}`], { name });
      // in an active chat the name already shows that somebody is there
      const team = over || (talks && presence === 'online') ? '' : (words[`team_${presence}`] ?? '');
      const data = put('status', !team || status === 'new' ? team || state : `${team} · ${state}`);
      data.status = status;
      data.presence = over ? '' : presence;
      const soon = within === null ? '' : fill(words.answers, { time: roughly(within / 60, words) });
      put('answers', soon);
      const n = (status === 'waiting' && session?.position) || 0;
      put('queue', n ? `${n > 1 ? plural(words, 'place', n, 'ordinal') : words.place_next} ${soon}`.trim() : '');
    },
  };
}

/** "about 20 minutes". @param {number} minutes @param {Words} words */
function roughly(minutes, words) {
  if (minutes < 8) return words.within_moment;
  if (minutes < 55) return plural(words, 'within_minutes', Math.ceil(minutes / 5) * 5);
  const hours = Math.round(minutes / 60);
  if (hours < 20) return plural(words, 'within_hours', hours || 1);
  return hours < 30 ? words.within_day : words.within_days;
}
