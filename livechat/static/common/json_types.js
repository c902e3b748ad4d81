// The JSON that the server and every page exchange. Types only: no page loads this file, so comments cost visitors nothing.

/**
 * One entry of a conversation. `seq` is 1, 2, 3 … without a gap in what this reader may see.
 * @typedef {object} Message
 * @property {string} id
 * @property {number} seq
 * @property {'customer'|'admin'|'system'|'note'} from  a note: only admins ever get it
 * @property {string|null} author  the name to show
 * @property {string} body  plain text
 * @property {string} [client_id]  only on the reader's own messages
 * @property {string} created_at  RFC 3339, UTC
 * @property {string} [event]  of a system line: taken, closed …
 * @property {number|null} [public_seq]  for admins: its seq in what the customer sees; null: not shown there
 */

/**
 * @typedef {object} Product
 * @property {string} id
 * @property {string|null} [name]
 * @property {string|null} [url]
 * @property {string|null} [price]
 */

/**
 * A conversation as its customer sees it.
 * @typedef {object} Session
 * @property {string} id
 * @property {'waiting'|'active'|'closed'} status
 * @property {{name: string|null, email: string|null}} customer
 * @property {Product|null} product
 * @property {{name: string}|null} admin
 * @property {number} unread
 * @property {number} seen_seq  up to which an admin has read
 * @property {number|null} position  in the queue: 1 is next; null when not waiting
 * @property {Team} team
 * @property {Record<'send'|'messages'|'close'|'reopen'|'seen'|'typing'|'page', string>} links
 */

/**
 * Whether anybody is there to answer. `answers_within`: seconds, measured over recent weeks; null when unknown.
 * @typedef {{presence: 'online'|'away'|'offline', answers_within: number|null}} Team
 */

/** The words of a page by their keys, translated. @typedef {Record<string, string>} Words */

/**
 * The answer to a poll, a send, a start or an action on the session.
 * `before`: the messages are the newest page, and this is the cursor of the page before it. `more`: ask again, there
 * is more. `reset`: the server knows less than we do, and this is its newest page.
 * @typedef {{messages?: Message[], message?: Message, session?: any, cursor?: string, before?: string|null,
 *   more?: boolean, reset?: boolean, streamed?: boolean}} News
 */

/**
 * A page that was asked for by `before` or `at`: `cursor` leads to the page before it if there is `more`, and `after`
 * is where it ends.
 * @typedef {{messages: Message[], session: any, cursor: string, after: string, more?: boolean}} Page
 */

export {};
