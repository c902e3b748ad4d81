// The interfaces of the modules of an open conversation. Types only.

/** @import { Message } from '../common/json_types.js' */
/** @import { Feed, Pending, Refusal, Result } from '../common/types.js' */
/** @import { Conversation, DeskSession } from './json_types.js' */
/** @import { Desk } from './types.js' */

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
 *   shows the server's answer; passing: the next chat may follow at once; at: the seq of the message to open at
 * @property {() => void} again  it is opened once more
 * @property {() => DeskSession} session
 * @property {() => Actions|null} actions  null before it is on screen
 * @property {() => void} focus  moves the focus to the box or the heading
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
 * @property {(body: string, note: boolean) => void} add  in front of the text in the box
 * @property {() => void} render
 * @property {() => void} arrived  nobody types any more
 * @property {(event: {from: string, author: string|null, typing: boolean}, customer: string) => void} showTyping
 * @property {(admins: {username: string, name: string}[]) => void} showViewers  the admins who have this conversation open
 * @property {() => void} end
 */

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

export {};
