// The JSON that the server and the desk exchange, in addition to common/json_types.js. Types only: no page loads this.

/** @import { Message, Product } from '../common/json_types.js' */

/**
 * A conversation as admins see it.
 * @typedef {object} DeskSession
 * @property {string} id
 * @property {number} number
 * @property {number} version  grows when it is assigned, closed or reopened
 * @property {'waiting'|'active'|'closed'} status
 * @property {{name: string|null, email: string|null}} customer
 * @property {boolean} verified  the shop has signed the e-mail address
 * @property {boolean} [unverified]  of an earlier one: only an address that nobody has verified connects the two
 * @property {Product|null} product
 * @property {{url: string, title: string|null}|null} page  where the customer is, or was last
 * @property {'here'|'left'} presence  of the customer
 * @property {number} seen_seq  the public_seq up to which the customer has read
 * @property {{name: string}|null} admin
 * @property {string|null} assignee  a username
 * @property {Message|null} last_message
 * @property {number} unread
 * @property {string} created_at
 * @property {string|null} waiting_since
 * @property {string} last_activity_at
 * @property {string[]} [tags]
 * @property {'normal'|'high'|'urgent'} [priority]
 * @property {string|null} [snoozed_until]
 * @property {boolean} [blocked]
 * @property {Record<'self'|'send'|'messages'|'close'|'assign'|'reopen'|'seen'|'typing'|'note'|'unread'|'transfer'|
 *   'tags'|'priority'|'snooze'|'block'|'draft'|'earlier'|'undo', string>} links
 */

/** What calls for this admin. `newest`: when the newest was written. @typedef {{unread: number, newest: string|null, mentions?: number, role?: string}} News */

/**
 * @typedef {object} List
 * @property {{waiting: number, active: number, closed: number}} counts
 * @property {DeskSession[]} sessions  newest activity first
 * @property {string|null} next
 * @property {DeskSession|null} longest  the chat that waits longest, whatever the list shows
 * @property {News} news
 * @property {string} cursor  where its stream begins
 * @property {{stream: string, presence: string}} links
 */

/**
 * @typedef {{session: DeskSession, messages: Message[], cursor: string, news: News,
 *   links: {presence: string}}} Conversation
 */

/**
 * What an outgoing answer needs in addition to its text. `seen_seq`: the newest entry its author had on screen.
 * @typedef {{number: number, name: string, send: string, self: string, note: boolean, seen_seq?: number}} Extra
 */

/** @typedef {{username: string, name: string, role: string, presence: 'online'|'away'|'offline', may_answer: boolean}} Colleague */

/** @typedef {{theme: string, density: string, shortcuts: boolean}} Preferences */

/** @typedef {{id: number, code: string, title: string, text: string, uses: number}} CannedReply */

export {};
