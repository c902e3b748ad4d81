// What the desk's server and pages tell each other, beside static/common/types.js. Types only: no page loads this.

/** @import { Feed, Http, Message, Outbox, Pending, Product, Refusal, Result, Store, Words } from '../common/types.js' */

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
 * @property {DeskSession|null} longest  who waits longest, whatever the list shows
 * @property {News} news
 * @property {string} cursor  where its stream begins
 * @property {{stream: string, presence: string}} links
 */

/**
 * @typedef {{session: DeskSession, messages: Message[], cursor: string, news: News,
 *   links: {presence: string}}} Conversation
 */

/**
 * What an answer on its way needs beside its text. `seen_seq`: the newest entry its author had on screen.
 * @typedef {{number: number, name: string, send: string, self: string, note: boolean, seen_seq?: number}} Extra
 */

/** @typedef {{username: string, name: string, role: string, presence: 'online'|'away'|'offline', may_answer: boolean}} Colleague */
/** @typedef {{theme: string, density: string, shortcuts: boolean}} Preferences */

/**
 * @typedef {object} DeskOptions
 * @property {(moment: string) => boolean} attended
 *   the message written then is on screen and looked at, so that it needs no sound
 * @property {(extra: Extra) => boolean} [own]  this page shows the state of such an answer by itself
 * @property {() => void} [onPending]  answers came, went or changed their state
 * @property {(clientId: string, data: any) => void} [onSent]
 * @property {(moment: string) => {name: string, body: string, url: string}|null} [describe]
 *   the message written then, for a notification
 * @property {(href: string) => any} [open]  shows that page of the desk
 */

/**
 * What every page of the desk has.
 * @typedef {object} Desk
 * @property {Me} me
 * @property {Words} words
 * @property {Http} http
 * @property {Store} store
 * @property {Outbox} outbox  the answers in all chats; `extra` of an entry is an Extra
 * @property {string} url  of the inbox
 * @property {Record<string, string>} places  addresses beneath it, by name
 * @property {Settings} preferences
 * @property {(news: News) => void} tell  count in title, icon and navigation, sound, notification
 * @property {() => void} retell  the title has changed
 * @property {() => void} changed  another conversation is open: what is unsent elsewhere is told anew
 * @property {(text: string) => void} say  for a moment, on top of the page
 * @property {Undo} undo
 * @property {() => boolean} lost  there is no connection, as far as is known
 * @property {(href: string) => Promise<boolean>} reachable  false: the page has said that there is no connection
 * @property {(href: string) => Promise<void>} go  to another page, if it can be reached
 * @property {() => Promise<Colleague[]>} colleagues
 * @property {(live: boolean) => void} live
 * @property {() => void} gone  the conversation is no longer there
 * @property {(refusal: Refusal) => boolean} refused  true: the login has ended, and the page says so
 * @property {SignOut['before']} beforeSignOut
 * @property {() => void} begin  when everything else is in place
 */

/** @typedef {{username: string, name: string, role: string, may: Set<string>}} Me */

// notifications.js

/**
 * @typedef {object} NotificationsOptions
 * @property {Store} store
 * @property {Words} words
 * @property {HTMLButtonElement} button
 * @property {NonNullable<DeskOptions['describe']>} describe
 * @property {(href: string) => any} open
 * @property {string} deskUrl
 */

/** silent: it counts as heard. @typedef {{tell: (news: News, silent: boolean) => void}} Notifications */

/** @typedef {{desk: Desk, open: ((href: string) => any)|null, close: () => void}} NavigationOptions */

// undo.js

/** @typedef {{words: Words, http: Http, say: (text: string) => void, refused: (refusal: Refusal) => boolean}} UndoOptions */
/** What takes an act back. @typedef {{url: string, body: object, onDone: (data: any) => void}} Undoing */
/** @typedef {{offer: (text: string, undoing: Undoing) => void, can: () => boolean, run: () => Promise<void>}} Undo */

// preferences.js

/** @typedef {{given: Preferences, url: string, http: Http}} PreferencesOptions */
/** @typedef {{get: () => Preferences, set: (change: Partial<Preferences>) => Promise<void>}} Settings */

// sign_out.js

/**
 * @typedef {object} SignOutOptions
 * @property {string} username
 * @property {Store} store
 * @property {Http} http
 * @property {Words} words
 * @property {string} loginUrl
 * @property {(text: string) => void} say
 */
/**
 * `before`: what to do before the login ends, such as storing a draft on the server. False: some of the text cannot be
 * stored. Ends with the signal.
 * @typedef {{before: (work: () => Promise<void>, signal: AbortSignal) => void}} SignOut
 */

// notices.js

/** @typedef {{words: Words, loginUrl: string, http: Http}} NoticesOptions */

/**
 * @typedef {object} Notices
 * @property {() => boolean} lost
 * @property {(live: boolean) => void} live
 * @property {() => void} signedOut
 * @property {() => void} otherRole  what one may do has changed
 * @property {() => void} gone
 * @property {(text: string) => void} say
 * @property {(entries: Pending[]) => void} unsent
 */

// presence.js

/** @typedef {{store: Store, http: Http, url: string}} PresenceOptions */

// list.js, rows.js

/** `tail`: the query that chooses the list. @typedef {{desk: Desk, list: List, tail: string, onGone: () => void}} ListOptions */

/**
 * @typedef {object} ListPane
 * @property {() => void} start
 * @property {() => void} refresh
 * @property {() => DeskSession[]} sessions
 * @property {(session: DeskSession) => void} learn  what another stream has told of it
 * @property {NonNullable<DeskOptions['describe']>} describe
 * @property {(number: number|null) => void} mark  it is open
 * @property {(step: number) => void} move  the focus, from row to row
 * @property {() => void} focus
 * @property {() => number[]} picked
 * @property {() => void} unpick
 * @property {(listener: () => void) => void} onPick
 */

/**
 * @typedef {object} RowsOptions
 * @property {HTMLElement} list
 * @property {HTMLElement} roll  what scrolls
 * @property {HTMLTemplateElement} template
 * @property {Me} me
 * @property {Words} words
 * @property {string} tail
 */

/**
 * @typedef {Pick<ListPane, 'mark'|'move'|'picked'|'unpick'|'onPick'> & {
 *   show: (sessions: DeskSession[], longest?: number) => void,
 *   focus: (number?: number) => void,
 * }} Rows  `longest`: the number of who waits longest
 */

// conversation.js and its parts

/**
 * @typedef {object} ConversationOptions
 * @property {Desk} desk
 * @property {DeskSession} session  as far as it is known
 * @property {(session: DeskSession) => void} onSession
 * @property {string} tail
 */

/**
 * @typedef {object} LoadingOptions
 * @property {Desk} desk
 * @property {HTMLElement} pane
 * @property {string} name
 * @property {AbortSignal} signal  it is not wanted any more
 * @property {(patience: number, signal: AbortSignal) => Promise<Result>} ask
 * @property {() => void} focus  puts it into the box
 * @property {(refusal: Refusal) => boolean} [onRefused]  true: something else is shown now
 */

/**
 * A conversation that is open.
 * @typedef {object} Live
 * @property {number} number
 * @property {() => boolean} ready  it is on screen, and nothing is being done with it
 * @property {(data: Conversation, how: {passing: boolean, at: number|null}) => void} fill
 *   what the server has of it; passing: the next may follow at once; at: the seq of the message to open at
 * @property {() => void} again  it is opened once more
 * @property {() => DeskSession} session
 * @property {() => Actions|null} actions  null before it is on screen
 * @property {() => void} focus  where one begins
 * @property {() => void} reply
 * @property {() => void} note
 * @property {() => void} pending  answers came, went or changed their state
 * @property {(moment: string) => boolean} attended
 * @property {(clientId: string, answer: any) => void} sent
 * @property {() => void} end  stops everything; the elements may go
 */

/**
 * @typedef {object} FactsOptions
 * @property {Desk} desk
 * @property {() => DeskSession} session
 * @property {Actions['post']} act
 * @property {AbortSignal} signal  the conversation's end
 * @property {string} tail
 */
/** @typedef {{render: (session: DeskSession) => void}} Facts */
/** @typedef {{desk: Desk, act: Actions['post'], signal: AbortSignal}} TagsOptions */

/**
 * @typedef {object} ActionsOptions
 * @property {Desk} desk
 * @property {Feed} feed
 * @property {Editor} editor
 * @property {AbortSignal} signal
 * @property {() => DeskSession} session
 * @property {() => Pending[]} refused  the answers of this chat that are not sent yet
 * @property {() => void} onUnread  it is to stay unread
 */

/**
 * @typedef {object} Actions
 * @property {() => void} render
 * @property {(url: string, body: object) => Promise<boolean>} post  whether it was done
 * @property {(name: string) => Promise<void>} act  one of the forms
 * @property {(name: 'snooze'|'priority'|'block'|'tags', body: object) => Promise<boolean>} set
 * @property {() => Promise<void>} unread
 * @property {(name: string) => void} menu  opens it
 * @property {(name: string) => boolean} can
 * @property {() => boolean} busy  something is being done
 * @property {() => boolean} holds  true: the chat is closed and the text waits for it to be reopened
 */

/**
 * @typedef {object} HistoryOptions
 * @property {Desk} desk
 * @property {HTMLElement} scroller
 * @property {HTMLButtonElement} pill
 * @property {() => string} customer
 * @property {(clientId: string) => void} onRetry
 * @property {(clientId: string) => void} onEdit
 */
/**
 * @typedef {Pick<import('../common/types.js').Timeline, 'add'|'insert'|'pending'|'seen'|'confirm'|'clear'> &
 *   {show: (seq: number) => void}} MessageHistory  show: brings a message into sight and marks it
 */

/** @typedef {{desk: Desk, onAnyway: (entry: Pending) => void, onEdit: (entry: Pending) => void}} CollisionOptions */
/** @typedef {{add: (messages: Message[]) => void, show: (entries: Pending[]) => void}} Collision */

/**
 * @typedef {object} EditorOptions
 * @property {Desk} desk
 * @property {AbortSignal} signal
 * @property {() => DeskSession} session
 * @property {(text: string, note: boolean) => boolean} onSend  true: taken
 */

/**
 * @typedef {object} Editor
 * @property {() => void} enter  the focus, when the conversation is opened
 * @property {() => void} start  the conversation is on screen, and its links are known
 * @property {() => void} focus  the reply
 * @property {() => void} note
 * @property {() => string} text  of the reply
 * @property {() => void} submit
 * @property {(body: string, note: boolean) => void} add  in front of what stands there
 * @property {() => void} render
 * @property {() => void} arrived  nobody types any more
 * @property {(event: {from: string, author: string|null, typing: boolean}, customer: string) => void} hear
 * @property {(admins: {username: string, name: string}[]) => void} look  who has this conversation open
 * @property {() => void} end
 */

/** @typedef {{id: number, code: string, title: string, text: string, uses: number}} CannedReply */

/**
 * @typedef {object} ReplyPickerOptions
 * @property {Desk} desk
 * @property {HTMLTextAreaElement} box
 * @property {HTMLElement} place
 * @property {() => DeskSession} session
 * @property {(text: string) => void} put
 * @property {AbortSignal} signal
 */
/** @typedef {{open: () => boolean, close: () => void}} ReplyPicker */

/**
 * @typedef {object} Listbox
 * @property {() => number} at  the index of the marked option
 * @property {(index: number) => void} mark  the nearest option there is
 * @property {(key: string) => boolean} move  whether the key has moved the mark
 */

// dialog.js

/** @typedef {{name: string, label: string, value: string, maxlength?: number, long?: boolean, choices?: Record<string, string>}} Field */
/**
 * @typedef {object} DialogOptions
 * @property {string} title
 * @property {Words} words
 * @property {Field[]} fields
 * @property {string} button
 * @property {(values: Record<string, string>) => Promise<Result>} submit
 */

// commands.js, shell.js, shortcuts.js, palette.js, shortcut_help.js

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} text
 * @property {string} [key]  the physical key, as event.code
 * @property {string} [shown]  what stands on it
 * @property {boolean} [hidden]  not in the palette
 * @property {() => boolean} can
 * @property {() => any} run
 */

/**
 * @typedef {object} Commands
 * @property {Command[]} known
 * @property {() => Command[]} all  those that can be done now
 * @property {(code: string) => string|null} byKey
 * @property {(name: string) => boolean} can
 * @property {(name: string) => void} run
 */

/**
 * @typedef {object} Shell
 * @property {Desk} desk
 * @property {ListPane|null} list  null on pages without one
 * @property {() => Live|null} current
 * @property {(href: string, how?: {name?: string}) => any} open
 * @property {() => void} close
 * @property {(() => any)|null} next  takes the next one that waits
 */
/** @typedef {Pick<Shell, 'desk'> & Partial<Shell>} ShellOptions */
/** @typedef {Omit<Shell, 'open'|'next'> & {next: () => any, palette: () => void, sheet: () => void}} CommandsOptions */
/** @typedef {{commands: Commands, preferences: Settings, list: ListPane|null}} ShortcutsOptions */
/** @typedef {Omit<Shell, 'close'|'next'> & {commands: Command[]}} PaletteOptions */
/** @typedef {{group: string, text: string, more?: string, key?: string, run: () => any}} Choice */
/** @typedef {{words: Words, commands: Command[], preferences: Settings}} ShortcutHelpOptions */

export {};
