// One conversation on the desk: assembles its parts, and stops them when another conversation is opened.

import { byId } from '../common/dom.js';
import { createFeed } from '../common/feed.js';
import { createOlder } from '../common/older.js';
import { createActions } from './actions.js';
import { createCollision } from './collision.js';
import { createEditor } from './editor.js';
import { createFacts } from './facts.js';
import { createHistory } from './history.js';
import { inStreamSlot } from './stream_slots.js';

/** @import { Feed, Pending } from '../common/types.js' */
/** @import { Actions, ConversationOptions, Facts, Live } from './conversation_types.js' */
/** @import { DeskSession } from './json_types.js' */

const COLLIDED = 'answered_meanwhile';
const SETTLED = 120; // milliseconds
const LATER = 3000; // milliseconds before a failed request is retried
const PASSING = 400; // milliseconds after which an opened chat counts as more than passed by

/**
 * Begins with the list's row of a conversation, so that the admin can write at once. Everything else follows with
 * `fill`, once the server has answered.
 * @param {ConversationOptions} options @returns {Live}
 */
export function createConversation({ desk, session: given, onSession, tail }) {
  const { words, outbox } = desk;
  const end = new AbortController();
  const { signal } = end;
  const pill = byId('pill', HTMLButtonElement);
  const scroller = byId('scroller');
  const { number } = given;
  let session = given;
  let newest = given.last_message?.seq ?? 0; // the seq of the newest message on screen
  let written = ''; // when the customer's newest was written
  let seen = 0;
  let kept = false; // marked unread: looking at it changes nothing until it is opened again
  let quiet = 0;
  let start = 0;
  /** @type {Pending[]} */
  let known = [];
  /** The parts that exist only once the conversation is on screen. @type {{feed: Feed, facts: Facts, actions: Actions}|null} */
  let parts = null;

  const customer = () => session.customer.name ?? words.guest;
  const mine = () => outbox.entries().filter((entry) => entry.extra.number === number);
  const collided = (/** @type {Pending} */ entry) => entry.refused?.code === COLLIDED;

  const history = createHistory({
    desk,
    scroller,
    pill,
    customer,
    onRetry: (id) => outbox.retry(id),
    onEdit(id) {
      takeBack(id);
      editor.focus();
    },
  });

  const older = createOlder({
    http: desk.http,
    url: () => session.links.messages,
    scroller,
    list: byId('list'),
    words,
    insert(messages, before) {
      history.insert(messages, before);
      history.seen(session.seen_seq);
    },
  });

  /** Follows the conversation. */
  function follow() {
    return createFeed({
      http: desk.http,
      url: session.links.messages,
      name: `${desk.me.username} ${session.links.messages}`,
      place: inStreamSlot,
      pace: () => (document.hidden ? 5000 : 3000),
      onMessages(messages) {
        history.add(messages);
        known = known.filter((entry) => !messages.some((each) => each.client_id === entry.client_id));
        outbox.arrived(messages);
        collision.add(messages);
        newest = messages[messages.length - 1].seq;
        written = messages.findLast((each) => each.from === 'customer')?.created_at ?? written;
        editor.arrived();
        history.seen(session.seen_seq);
        look();
      },
      onBefore: older.begin,
      onSession(/** @type {DeskSession} */ next) {
        session = next;
        render();
        onSession(session);
      },
      onReset() {
        history.clear();
        older.clear();
        newest = seen = 0;
      },
      onOther(type, given) {
        // the messages first: they may be in sight already
        if (type === 'news') setTimeout(() => signal.aborted || desk.tell(given), 50);
        if (type === 'typing') editor.showTyping(given, customer());
        if (type === 'viewers') editor.showViewers(given.admins);
      },
      onLive: desk.live,
      onGone(refusal) {
        if (!desk.refused(refusal)) desk.gone();
      },
    });
  }

  const collision = createCollision({
    desk,
    onAnyway(entry) {
      outbox.discard(entry.client_id);
      outbox.add(entry.body, { ...entry.extra, seen_seq: newest });
    },
    onEdit(entry) {
      takeBack(entry.client_id);
      editor.focus();
    },
  });

  const editor = createEditor({
    desk,
    signal,
    session: () => session,
    onSend(text, note) {
      const { links } = session;
      if (!links.send) return false; // it is not known yet whose it is: the text waits
      if (!note && parts?.actions.holds()) return false;
      const extra = { number, name: customer(), send: note ? links.note : links.send, self: links.self, note };
      outbox.add(text, note ? extra : { ...extra, seen_seq: newest });
      return true;
    },
  });

  /** Puts a refused answer back into the box, in front of the text typed since. @param {string} id */
  function takeBack(id) {
    const entry = mine().find((each) => each.client_id === id);
    if (!entry || !desk.me.may.has('answer')) return; // there is no box to put it into
    editor.add(entry.body, Boolean(entry.extra.note));
    outbox.discard(id);
  }

  function pending() {
    const entries = mine();
    const ids = new Set(entries.map((entry) => entry.client_id));
    // gone while it was on its way: another tab has delivered it, and it comes with the next reading
    const delivered = known.filter((each) => !ids.has(each.client_id) && each.state !== 'refused');
    for (const { client_id } of delivered) history.confirm(client_id);
    known = entries;
    history.pending(entries.filter((entry) => !collided(entry)));
    collision.show(entries.filter(collided));
    if (delivered.length || entries.some(collided)) parts?.feed.poke();
    parts?.actions.render();
  }

  /** Whether the newest message can be seen. */
  const inSight = () => !document.hidden && pill.hidden && byId('log').checkVisibility();

  /** Tells the server which messages have been on screen. */
  async function look() {
    if (kept || !parts || signal.aborted || !inSight() || !session.unread || newest <= seen) return;
    seen = newest;
    const result = await desk.http.post(session.links.seen, { seq: newest });
    if (signal.aborted) return;
    if (result.ok) parts.feed.apply(result.data);
    else setTimeout(() => (seen = 0), result.after || LATER); // not with each movement of the page
  }

  function render() {
    parts?.facts.render(session);
    parts?.actions.render();
    editor.render();
    history.seen(session.seen_seq);
    look();
  }

  scroller.addEventListener('scroll', look, { passive: true });
  document.addEventListener('visibilitychange', look, { signal });

  pending();

  return {
    number,
    ready: () => parts !== null && !parts.actions.busy(),
    fill(data, { passing, at }) {
      session = data.session;
      newest = 0;
      const feed = follow();
      const act = (/** @type {string} */ url, /** @type {object} */ body) => actions.post(url, body);
      const facts = createFacts({ desk, session: () => session, act, signal, tail });
      const actions = createActions({
        desk,
        feed,
        editor,
        signal,
        session: () => session,
        refused: mine,
        onUnread: () => (kept = true),
      });
      parts = { feed, facts, actions };
      history.clear();
      feed.apply(data);
      render();
      onSession(session);
      editor.start();
      // a chat that is only passed by needs no stream
      start = setTimeout(feed.start, passing ? PASSING : 0);
      // the history is no news
      quiet = setTimeout(() => byId('log').setAttribute('aria-live', 'polite'), 500);
      pending();
      // once the page has been laid out and has gone to its end
      if (at) setTimeout(async () => (await older.find(at)) && !signal.aborted && history.show(at), SETTLED);
    },
    again() {
      kept = false;
      look();
    },
    session: () => session,
    actions: () => parts?.actions ?? null,
    focus: editor.enter,
    note: editor.note,
    reply: editor.focus,
    pending,
    attended: (moment) => inSight() && document.hasFocus() && moment === written,
    sent(clientId, answer) {
      history.confirm(clientId);
      known = known.filter((entry) => entry.client_id !== clientId); // this tab has delivered it
      if (mine().some((entry) => entry.client_id === clientId)) parts?.feed.apply(answer);
    },
    end() {
      clearTimeout(quiet);
      clearTimeout(start);
      end.abort();
      older.clear();
      parts?.feed.stop();
      editor.end();
    },
  };
}
