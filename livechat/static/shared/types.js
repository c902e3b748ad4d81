// The shapes that travel between server and pages. Types only: nothing loads this file.

/**
 * One entry of a conversation. `seq` is 1, 2, 3 … without a gap in what this reader may see.
 * @typedef {object} Message
 * @property {string} id
 * @property {number} seq
 * @property {'customer'|'admin'|'system'} from
 * @property {string|null} author  the name to show
 * @property {string} body  plain text
 * @property {string|null} client_id
 * @property {string} created_at  RFC 3339, UTC
 * @property {string|null} [event]  of a system line: taken, closed …
 */

/**
 * @typedef {object} Product
 * @property {string} id
 * @property {string|null} [name]
 * @property {string|null} [url]
 * @property {string|null} [price]
 */

/**
 * A conversation as its customer sees it. The desk's has more; see the desk.
 * @typedef {object} Session
 * @property {string} id
 * @property {'waiting'|'active'|'closed'} status
 * @property {{name: string|null, email: string|null}} customer
 * @property {Product|null} product
 * @property {{name: string}|null} admin
 * @property {number} unread
 * @property {{send: string, messages: string, close: string, reopen: string, seen: string}} links
 */

/**
 * @typedef {object} Page
 * @property {Message[]} messages
 * @property {Session} session
 * @property {string} cursor  opaque
 */

export {};
