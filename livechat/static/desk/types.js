// What the desk's server and pages tell each other, beside static/common/types.js. Types only: no page loads this.

/** @import { Composer, Feed, Http, Message, Outbox, Pending, Product, Refusal, Store, Words } from '../common/types.js' */

/**
 * A conversation as admins see it.
 * @typedef {object} DeskSession
 * @property {string} id
 * @property {number} number
 * @property {number} version  grows when it is assigned, closed or reopened
 * @property {'waiting'|'active'|'closed'} status
 * @property {{name: string|null, email: string|null}} customer
 * @property {boolean} verified  the shop has signed the e-mail address
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
 * @property {Record<'self'|'send'|'messages'|'close'|'assign'|'reopen'|'seen'|'typing', string>} links
 */

/** What calls for this admin. `newest`: when the newest was written. @typedef {{unread: number, newest: string|null}} News */

/**
 * @typedef {object} List
 * @property {{waiting: number, active: number, closed: number}} counts
 * @property {DeskSession[]} sessions  newest activity first
 * @property {string|null} next
 * @property {DeskSession|null} longest  who waits longest, whatever the list shows
 * @property {News} news
 * @property {string} cursor  where its stream begins
 * @property {{stream: string, presence: string}} links
 */

/**
 * @typedef {{session: DeskSession, messages: Message[], cursor: string, news: News,
 *   links: {presence: string}}} Conversation
 */

/** What an answer on its way needs beside its text. @typedef {{number: number, name: string, send: string, self: string}} Extra */

/**
 * @typedef {object} DeskOptions
 * @property {(moment: string) => boolean} attended
 *   the message written then is on screen and looked at, so that it needs no sound
 * @property {(extra: Extra) => boolean} [own]  this page shows the state of such an answer by itself
 * @property {() => void} [onPending]  answers came, went or changed their state
 * @property {(clientId: string, data: any) => void} [onSent]
 */

/**
 * What every page of the desk has.
 * @typedef {object} Desk
 * @property {Me} me
 * @property {Words} words
 * @property {Http} http
 * @property {Store} store
 * @property {Outbox} outbox  the answers in all chats; `extra` of an entry is an Extra
 * @property {(news: News) => void} tell  count in title and navigation, sound
 * @property {(live: boolean) => void} live
 * @property {() => void} gone  the conversation is no longer there
 * @property {(refusal: Refusal) => boolean} refused  true: the login has ended, and the page says so
 * @property {(presenceUrl: string) => void} begin  when everything else is in place
 */

/** @typedef {{username: string, name: string}} Me */

// bell.js

/** @typedef {{store: Store, words: Words, button: HTMLButtonElement}} BellOptions */

/**
 * @typedef {object} Bell
 * @property {(newest: string, silent: boolean) => Promise<void>} ring
 *   for the message written then, once in all tabs; silent: it counts as heard
 */

// notices.js

/** @typedef {{words: Words, loginUrl: string, http: Http}} NoticesOptions */

/**
 * @typedef {object} Notices
 * @property {(live: boolean) => void} live
 * @property {() => void} signedOut
 * @property {() => void} gone
 * @property {(entries: Pending[]) => void} unsent
 */

// presence.js

/** @typedef {{store: Store, http: Http, url: string}} PresenceOptions */

// rows.js

/** @typedef {{list: HTMLElement, template: HTMLTemplateElement, me: Me, words: Words}} RowsOptions */

/**
 * @typedef {object} Rows
 * @property {(sessions: DeskSession[], longest?: number) => void} show  `longest`: the number of who waits longest
 */

// facts.js

/** @typedef {{me: Me, words: Words}} FactsOptions */
/** @typedef {{render: (session: DeskSession) => void}} Facts */

// acts.js

/**
 * @typedef {object} ActsOptions
 * @property {Desk} desk
 * @property {Feed} feed
 * @property {Composer} composer
 * @property {() => DeskSession} session
 * @property {() => Pending[]} refused  the answers of this chat that are not sent yet
 */

/**
 * @typedef {object} Acts
 * @property {() => void} render
 * @property {() => boolean} holds  true: the chat is closed and the text waits for it to be reopened
 */

export {};
