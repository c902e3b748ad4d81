// The interfaces of the modules of the conversation page. Types only, like common/types.js.

/** @import { Message, Product, Session, Team, Words } from '../common/json_types.js' */
/** @import { Composer, Http, Outbox, Refusal, Result, Store } from '../common/types.js' */

/**
 * What the host page tells the frame.
 * @typedef {object} Greeting
 * @property {{name?: string, email?: string, signature?: string}} [customer]
 * @property {{url: string, title: string}} [page]
 * @property {Product|null} [product]
 * @property {boolean} [open]
 * @property {boolean} [focus]
 * @property {number|null} [kept]  since when it keeps a ticket, in milliseconds; 0: it has none, null: it cannot
 */

/**
 * The wire to the page around us.
 * @typedef {object} Host
 * @property {(type: string, more?: object) => void} tell
 * @property {() => string} site  its origin; "" when there is none, or before it has greeted
 */

/** @typedef {{start: string, resume: string, ticket: string}} Urls */

/** The identity that a ticket has proved. @typedef {{token: string, session: Session|null}} Found */

/**
 * @typedef {object} HostOptions
 * @property {boolean} alone  there is no page around us
 * @property {string[]} sites  origins; "*." stands for subdomains, ":*" for any port
 * @property {(type: string, greeting: Greeting) => void} onMessage  hello, open, close, product, page
 */

/**
 * @typedef {object} ChatOptions
 * @property {Store} store
 * @property {Urls} urls
 * @property {() => Identity} identity
 * @property {() => number} pace  milliseconds between two polls
 * @property {(messages: Message[], first: boolean) => void} onMessages
 * @property {(before: string) => void} onBefore  there are earlier messages than the first page's
 * @property {() => void} onSession  the session changed, came or went
 * @property {() => void} onReset  another conversation, or none: forget its messages
 * @property {(live: boolean) => void} onLive
 * @property {(refusal: Refusal) => void} onGone  the server no longer knows this session
 * @property {(type: string, data: any) => void} onOther  typing
 * @property {() => void} onPending
 * @property {(clientId: string) => void} onSent
 */

/**
 * @typedef {object} Chat
 * @property {() => Session|null} session
 * @property {Outbox} outbox
 * @property {Http} http
 * @property {() => boolean} coming  our identity is being looked up
 * @property {(search: Promise<Found|null>) => Promise<boolean>} comeBack  goes on with the identity that is found
 * @property {() => void} begin  take up the conversation of an earlier page, if there is one
 * @property {() => void} poke
 * @property {(typing: boolean) => void} typing
 * @property {(page: {url?: string, title?: string}) => void} page  where the customer is now
 * @property {() => Promise<Result|null>} close  null: there is no session
 * @property {() => Promise<Result|null>} reopen
 * @property {(forget: boolean) => void} startOver  the next message begins a new conversation; `forget`
 *   also the identity
 * @property {(seq: number) => void} seen  everything up to here has been on screen
 */

/**
 * @typedef {object} TicketOptions
 * @property {Http} http
 * @property {Store} store
 * @property {Host} host
 * @property {Urls} urls
 * @property {Words} words
 */

/**
 * @typedef {object} Ticket
 * @property {(dead: string|null, onSlow: (slow: boolean) => void) => Promise<Found|null>} exchange  the page's ticket, for as long as
 *   it takes to get an answer; null: there is none, or it does not hold. `dead`: our token that no longer does
 * @property {() => void} renew  gets the page a ticket, with our token
 * @property {(ticket: boolean) => void} warn  says what will be lost with this page
 */

/**
 * The customer's identity from page to page, when our own storage has lost it.
 * @typedef {object} Identity
 * @property {(since: number|null|undefined) => void} greeted  the host page has said since when it has a ticket
 * @property {Promise<void>} known  the page has said whether it has one, or will not
 * @property {() => Promise<boolean>} comeBack  looks up our identity with the page's ticket
 * @property {() => string|undefined} wanted  the site for which a start brings a ticket
 * @property {(ticket: string) => void} take  the page keeps it
 * @property {() => void} look  warns about missing storage, and renews the ticket
 */

/**
 * @typedef {object} IdentityOptions
 * @property {Chat} chat
 * @property {Store} store
 * @property {Host} host
 * @property {Urls} urls
 * @property {Words} words
 * @property {boolean} embedded
 * @property {(slow: boolean) => void} onSlow  whether looking up our identity takes long
 */

/**
 * @typedef {object} StatusOptions
 * @property {Words} words
 * @property {Team|null} team  as the page knew it, before there is a session
 */

/** @typedef {{render: (session: Session|null, over: boolean) => void}} Status */

/** @typedef {'name'|'email'} Field */
/** @typedef {{name?: string, email?: string}} Details */

/**
 * @typedef {object} GuestOptions
 * @property {HTMLElement} form
 * @property {Record<Field, string>} asked  optional, required or hidden
 * @property {Words} words
 * @property {Store} store
 * @property {() => void} onDone  Enter in a field
 */

/**
 * @typedef {object} Guest
 * @property {() => Details} values
 * @property {(details: Details) => void} know  details given by the shop are not asked for
 * @property {() => boolean} complete  if not, shows and focuses what is missing
 * @property {(field: Field, message: string) => void} refuse  the server found something wrong
 */

/**
 * @typedef {object} ClosingOptions
 * @property {Chat} chat
 * @property {Words} words
 * @property {Composer} composer
 * @property {Guest} guest
 * @property {() => boolean} visible  whether somebody can see the conversation
 * @property {() => void} onChange
 */

/**
 * @typedef {object} Closing
 * @property {() => boolean} holds  whether a send has to wait for a choice; then its text is held
 * @property {() => boolean} over  the session is closed or gone
 * @property {(id: string, behind: boolean) => void} takeBack  puts a refused message back into the box
 * @property {() => void} settle  handles refusals that concern more than one message
 * @property {() => void} gone
 * @property {() => boolean} escape  whether there was something to leave
 * @property {() => void} render
 */

export {};
