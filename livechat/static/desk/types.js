// The interfaces of the desk's modules: the desk itself, its shell and the list. Types only.

/** @import { Words } from '../common/json_types.js' */
/** @import { Http, Outbox, Pending, Refusal, Result, Store } from '../common/types.js' */
/** @import { Colleague, DeskSession, Extra, List, News, Preferences } from './json_types.js' */
/** @import { Live } from './conversation_types.js' */

/**
 * @typedef {object} DeskOptions
 * @property {(moment: string) => boolean} attended
 *   the message written then is on screen and looked at, so that it needs no sound
 * @property {(extra: Extra) => boolean} [own]  this page shows the state of such an answer in the conversation
 * @property {() => void} [onPending]  answers came, went or changed their state
 * @property {(clientId: string, data: any) => void} [onSent]
 * @property {(moment: string) => {name: string, body: string, url: string}|null} [describe]
 *   the message written then, for a notification
 * @property {(href: string) => any} [open]  shows that page of the desk
 */

/**
 * The services of every page of the desk.
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
 * @property {() => void} changed  another conversation is open: update the notice about unsent answers
 * @property {(text: string) => void} say  for a moment, on top of the page
 * @property {Undo} undo
 * @property {() => boolean} lost  there is no connection, as far as is known
 * @property {(href: string) => Promise<boolean>} reachable  false: the page has said that there is no connection
 * @property {(href: string) => Promise<void>} go  to another page, if it can be reached
 * @property {() => Promise<Colleague[]>} colleagues
 * @property {(live: boolean) => void} live
 * @property {() => void} gone  the conversation is no longer there
 * @property {(refusal: Refusal) => boolean} refused  true: the login has ended, and the page shows a notice
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

/** The request that undoes an action. @typedef {{url: string, body: object, onDone: (data: any) => void}} Undoing */

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
 * @property {() => void} otherRole  the admin's role has changed
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
 * @property {(session: DeskSession) => void} learn  takes in a change that another stream delivered
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
 * }} Rows  `longest`: the number of the chat that waits longest
 */

// conversation.js and its parts

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
 * @property {string} [shown]  the label of the key
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
 * @property {(() => any)|null} next  takes the next waiting chat
 */

/** @typedef {Pick<Shell, 'desk'> & Partial<Shell>} ShellOptions */

/** @typedef {Omit<Shell, 'open'|'next'> & {next: () => any, palette: () => void, sheet: () => void}} CommandsOptions */

/** @typedef {{commands: Commands, preferences: Settings, list: ListPane|null}} ShortcutsOptions */

/** @typedef {Omit<Shell, 'close'|'next'> & {commands: Command[]}} PaletteOptions */

/** @typedef {{group: string, text: string, more?: string, key?: string, run: () => any}} Choice */

/** @typedef {{words: Words, commands: Command[], preferences: Settings}} ShortcutHelpOptions */

export {};
