// The interfaces of the modules in this folder. Types only, like json_types.js.

/** @import { Message, News, Words } from './json_types.js' */

// http.js

/** @typedef {{ok: true, status: number, data: any}} Answer */

/**
 * @typedef {object} Refusal
 * @property {false} ok
 * @property {number} status  0 when no answer came
 * @property {string} code  the server's word, or "network", "timeout", "unreadable"
 * @property {string} message  one sentence for people; "" when the server gave none
 * @property {string} [field]
 * @property {boolean} retry  the same request may succeed later
 * @property {number} after  milliseconds the server asked us to wait; 0 when it did not
 */

/** @typedef {Answer | Refusal} Result */

/**
 * @typedef {object} HttpOptions
 * @property {() => Record<string, string>} [headers]  added to every request
 * @property {RequestCredentials} [credentials]
 */

/**
 * An answer or a refusal, never an exception.
 * @typedef {object} Http
 * @property {(url: string, patience?: number, signal?: AbortSignal) => Promise<Result>} get
 *   patience: milliseconds; signal: ends the request when its answer is not wanted any more
 * @property {(url: string, body: object, patience?: number, signal?: AbortSignal) => Promise<Result>} post
 * @property {(url: string, cursor: string, stop: AbortController, onEvent: StreamListener) => Promise<StreamEnd>} stream
 *   reads events behind the cursor until the connection ends for any reason or `stop` is aborted
 */

/**
 * Hears an event of a stream; `id` is a cursor. An empty type is a heartbeat.
 * @typedef {(type: string, data: any, id?: string) => void} StreamListener
 */

/** Why a stream ended. `status`: of a refusal, else 0. `after`: milliseconds to wait. @typedef {{status: number, after: number}} StreamEnd */

// store.js

/**
 * @typedef {object} Store
 * @property {(key: string) => any} get  the value, or null
 * @property {(key: string, value: unknown) => void} set
 * @property {(key: string) => void} remove
 * @property {(start: string) => string[]} keys  the keys that start so
 * @property {() => boolean} keeps  whether all of it outlives the page
 * @property {(listener: (key: string|null) => void) => void} onChange
 *   another tab changed a key; null: everything was cleared
 */

// outbox.js

/**
 * @typedef {object} Entry
 * @property {string} client_id
 * @property {string} body
 * @property {number} at  milliseconds; entries go out in this order
 * @property {number} [since]  milliseconds; when it was tried again by hand
 * @property {any} extra  what `deliver` needs in addition to the text
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
 * @property {(entry: Entry, signal: AbortSignal) => Promise<Result>} deliver  signal: somebody wants it tried again
 * @property {() => void} onChange  entries came, went or changed their state, here or in another tab
 * @property {(entry: Entry, data: any) => void} onSent  called while the entry is still stored
 */

/**
 * @typedef {object} Outbox
 * @property {(body: string, extra?: any) => void} add
 * @property {() => Pending[]} entries  in order
 * @property {(clientId: string) => void} retry
 * @property {(clientId: string) => void} discard
 * @property {(messages: Message[]) => void} arrived  these were read back: they need no answer any more
 * @property {() => void} flush  try now; harmless at any time
 */

// feed.js

/**
 * @typedef {object} FeedOptions
 * @property {Http} http
 * @property {string} url  of the messages, for reading and for the stream
 * @property {string} [name]  tabs with the same share one stream; the url if there is none
 * @property {() => number} pace
 * @property {StreamOptions['place']} [place]
 * @property {(messages: Message[], first: boolean) => void} onMessages
 *   new ones, in order; `first`: they are the history, not news
 * @property {(before: string) => void} [onBefore]  the history goes on before its first page
 * @property {(session: any) => void} onSession
 * @property {(type: string, data: any) => void} onOther  typing, news, open
 * @property {() => void} onReset  forget all messages; they will be delivered again
 * @property {(live: boolean) => void} onLive
 * @property {(refusal: Refusal) => void} onGone
 */

/**
 * @typedef {object} Feed
 * @property {() => void} start
 * @property {() => void} stop
 * @property {() => void} poke  ask now: something may have been missed
 * @property {(news: News) => void} apply  takes in an answer that this feed did not ask for
 */

// stream.js

/**
 * @typedef {object} StreamOptions
 * @property {Http} http
 * @property {string} name  tabs with the same share one stream
 * @property {string} url  of the stream
 * @property {() => string|null} cursor  where the stream begins; null: not before a question was answered
 * @property {() => Promise<Result>} read  polls for changes; never rejects
 * @property {() => number} pace  milliseconds between two questions while there is no stream
 * @property {(stop: AbortController, work: () => Promise<StreamEnd>) => Promise<StreamEnd>} [place]
 *   does the work if there is room for a stream; aborts `stop` when the room is lost
 * @property {(data: any) => void} onData  the answer to the last poll
 * @property {StreamListener} onEvent  an event of the stream, this tab's or another's; "open" when it begins
 * @property {(live: boolean) => void} onLive  false: the server does not answer
 * @property {(refusal: Refusal) => void} onGone  the server refuses for good; the line has stopped
 */

/**
 * @typedef {object} Stream
 * @property {() => void} start
 * @property {() => void} stop
 * @property {() => void} ask
 * @property {() => void} renew  discards the state: begins again from `cursor`
 */

// tabs.js

/**
 * @typedef {object} TabsOptions
 * @property {string} name  of the shared resource
 * @property {(leads: boolean) => void} onTurn  this tab leads now, or no longer
 * @property {(note: any) => void} onNote  a message of the leader
 * @property {() => any} answer  the leader's reply to a tab that asks for the current state
 */

/**
 * @typedef {object} Tabs
 * @property {() => void} join
 * @property {() => void} leave  the next tab leads
 * @property {() => boolean} leads
 * @property {() => boolean} alone  this browser does not let tabs settle anything
 * @property {(note: any) => void} say  to all other tabs
 * @property {() => void} ask  the leader to answer; one that does not loses the lead
 */

// typing.js

/**
 * @typedef {object} TypingOptions
 * @property {HTMLTextAreaElement} box
 * @property {HTMLElement} line  shows who is typing
 * @property {Words} words  words.CONVERSATION
 * @property {(typing: boolean) => void} onType  tell the other side
 */

/**
 * @typedef {object} Typing
 * @property {() => void} sent  the typed text was sent
 * @property {(name: string, typing: boolean) => void} hear
 * @property {() => void} clear  nobody types any more
 */

// timeline.js

/** The name above messages, and a badge next to it. @typedef {{name?: string, badge?: string}} Who */

/**
 * @typedef {object} TimelineOptions
 * @property {HTMLElement} scroller
 * @property {HTMLElement} list  an ol inside the scroller, within the element with role="log"
 * @property {HTMLButtonElement} pill  scrolls to messages that arrived while the reader was scrolled up
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
 * @property {(messages: Message[], before: Node|null) => void} insert  earlier ones, in order, in front of a line
 * @property {(entries: Pending[]) => void} pending  all that is on its way, in order
 * @property {(seq: number) => void} seen  the other side has read up to here
 * @property {(clientId: string) => void} confirm  sent; stays until its message is added
 * @property {() => void} clear
 * @property {(item: Element) => void} reveal  brings a line into sight, and stays there
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

/** `button`: switches the sound on and off. @typedef {{store: Store, words: Words, button: HTMLButtonElement}} SoundOptions */

/**
 * @typedef {object} Sound
 * @property {() => Promise<boolean>} ring  whether it sounded: not where the browser does not allow it yet
 * @property {(newest: string, silent: boolean) => Promise<void>} once
 *   for the message written then, in one tab of all; silent: it counts as heard
 */

export {};
