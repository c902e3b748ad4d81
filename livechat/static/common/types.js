// What travels between server and pages, and what the modules here promise each other.
// Types only: no page loads this file, so the words about them cost no visitor anything.

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
 * @property {string} [event]  of a system line: taken, closed …
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
 * @property {{send: string, messages: string, close: string, reopen: string, seen: string}} links
 */

/** The words of a page by their keys, translated. @typedef {Record<string, string>} Words */

// http.js

/** @typedef {{ok: true, status: number, data: any}} Answer */

/**
 * @typedef {object} Refusal
 * @property {false} ok
 * @property {number} status  0 when no answer came
 * @property {string} code  the server's word, or "network", "timeout", "unreadable"
 * @property {string} message  one sentence for a person; "" when the server gave none
 * @property {string} [field]
 * @property {boolean} retry  the same request may succeed later
 * @property {number} after  milliseconds the server asked us to wait; 0 when it did not
 */

/** @typedef {Answer | Refusal} Result */

/**
 * @typedef {object} HttpOptions
 * @property {() => Record<string, string>} [headers]  added to every request
 * @property {RequestCredentials} [credentials]
 * @property {number} [timeout]  milliseconds
 */

/**
 * An answer or a refusal, never an exception.
 * @typedef {object} Http
 * @property {(url: string) => Promise<Result>} get
 * @property {(url: string, body: object) => Promise<Result>} post
 */

// store.js

/**
 * @typedef {object} Store
 * @property {(key: string) => any} get  the value, or null
 * @property {(key: string, value: unknown) => void} set
 * @property {(key: string) => void} remove
 * @property {(start: string) => string[]} keys  the keys that start so
 * @property {(listener: (key: string|null) => void) => void} onChange
 *   another tab changed a key; null: everything was cleared
 */

// outbox.js

/**
 * @typedef {object} Entry
 * @property {string} client_id
 * @property {string} body
 * @property {number} at  milliseconds; entries go out in this order
 * @property {any} extra  what the deliverer needs beside the text
 * @property {{code: string, message: string, field?: string}} [refused]  the server's reason
 */

/**
 * waiting: it did not get through and is tried again. refused: until somebody acts.
 * @typedef {Entry & {state: 'sending'|'waiting'|'refused'}} Pending
 */

/**
 * @typedef {object} OutboxOptions
 * @property {Store} store
 * @property {string} name  distinguishes this outbox in the store
 * @property {(entry: Entry) => Promise<Result>} deliver
 * @property {() => void} onChange  entries came, went or changed their state, here or in another tab
 * @property {(entry: Entry, data: any) => void} onSent  called while the entry is still stored
 */

/**
 * @typedef {object} Outbox
 * @property {(body: string, extra?: any) => void} add
 * @property {() => Pending[]} entries  in order
 * @property {(clientId: string) => void} retry
 * @property {(clientId: string) => void} discard
 * @property {() => void} flush  try now; harmless at any time
 */

// feed.js

/**
 * What any answer may bring: a poll, a send, a start, an act on the session.
 * `reset`: the server knows less than we do; this is all of it.
 * @typedef {{messages?: Message[], message?: Message, session?: any, cursor?: string,
 *   reset?: boolean}} News
 */

/**
 * @typedef {object} FeedOptions
 * @property {(cursor: string|null) => Promise<Result>} read
 *   everything since the cursor: {messages, session, cursor}
 * @property {() => number} pace  milliseconds between two reads, asked before each
 * @property {(messages: Message[], first: boolean) => void} onMessages
 *   new ones, in order; `first`: they are the history, not news
 * @property {(session: any) => void} onSession
 * @property {() => void} onReset  forget all messages; they come anew
 * @property {(live: boolean) => void} onLive  false after two reads have failed
 * @property {(refusal: Refusal) => void} onGone  the server refuses for good; the feed has stopped
 */

/**
 * @typedef {object} Feed
 * @property {() => void} start
 * @property {() => void} stop
 * @property {() => void} poke  ask now: the page came back, a message may be waiting
 * @property {(news: News) => void} apply  take in what came by another way than this feed's own
 */

// timeline.js

/** The name above messages, and a badge beside it. @typedef {{name?: string, badge?: string}} Who */

/**
 * @typedef {object} TimelineOptions
 * @property {HTMLElement} scroller
 * @property {HTMLElement} list  an ol inside the scroller, within the element with role="log"
 * @property {HTMLButtonElement} pill  leads to what came while one was scrolled up
 * @property {Words} words  words.CONVERSATION
 * @property {'customer'|'admin'} me
 * @property {(message: Message) => Who|null} who  the line above the first of a group, or none
 * @property {(message: Message) => Who|null} [again]  the line above the others of a group, or none
 * @property {(clientId: string) => void} onRetry
 * @property {(clientId: string) => void} onEdit  take it back into the box
 */

/**
 * @typedef {object} Timeline
 * @property {(messages: Message[]) => void} add  in order, each once
 * @property {(entries: Pending[]) => void} pending  all that is on its way, in order
 * @property {(clientId: string) => void} confirm  sent; stays until its message is added
 * @property {() => void} clear
 * @property {() => void} toEnd
 */

// composer.js

/**
 * @typedef {object} ComposerOptions
 * @property {HTMLTextAreaElement} box
 * @property {HTMLButtonElement} button
 * @property {HTMLElement} counter  shown when the end comes near
 * @property {Words} words  words.CONVERSATION
 * @property {Store} store
 * @property {string} draft  the draft's key in the store
 * @property {(text: string) => boolean} onSend  true: taken, the box is emptied
 * @property {number} [limit]  characters (code points) after trimming
 */

/**
 * @typedef {object} Composer
 * @property {() => string} text  as typed
 * @property {(text: string) => void} set
 * @property {() => void} submit
 * @property {() => void} focus
 */

// sound.js

/**
 * @typedef {object} Sound
 * @property {() => boolean} on
 * @property {(on: boolean) => void} set
 * @property {() => Promise<boolean>} ring  whether it sounded: not where the browser does not allow it yet
 * @property {(listener: () => void) => void} onChange  the switch was moved, here or in another tab
 */

export {};
