"""The words that scripts show: each page gives its script these, translated, as JSON.

Every value is a translation string. `{name}` and `{n}` are filled in by the script; a key that
ends in `_one` or `_other` (the names of Intl.PluralRules) is chosen by the number.
"""

from collections.abc import Callable, Mapping

from pyramid.i18n import TranslationStringFactory

_ = TranslationStringFactory("livechat")


def translated(words: Mapping[str, str], translate: Callable[[str], str]) -> dict[str, str]:
    """The same keys with each value translated, e.g. by `request.localizer.translate`."""
    return {key: translate(value) for key, value in words.items()}


# The button on the shop's page (static/widget/loader.js).
LOADER = {
    "chat": _("Chat"),
    "open": _("Open chat"),
    "close": _("Close chat"),
    "loading": _("Opening the chat…"),
    "failed": _("The chat cannot be reached right now."),
    "retry": _("Try again"),
    "unread_one": _("{n} unread message"),
    "unread_other": _("{n} unread messages"),
}

# Every conversation, the customer's and the desk's (static/common/).
CONVERSATION = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "sending": _("Sending…"),
    "sent": _("Sent"),
    "seen": _("Seen"),
    "waiting": _("Not sent yet – trying again."),
    "refused": _("Not sent."),
    "retry": _("Retry"),
    "edit": _("Edit"),
    "new_messages_one": _("{n} new message"),
    "new_messages_other": _("{n} new messages"),
    "box_left_one": _("{n} character left"),
    "box_left_other": _("{n} characters left"),
    "box_over_one": _("{n} character too many"),
    "box_over_other": _("{n} characters too many"),
    "sound_on": _("Sound is on"),
    "sound_off": _("Sound is off"),
    "typing": _("{name} is typing"),
    "typing_several": _("{name} are typing"),
}

# The conversation page that the widget shows (static/widget/frame.js).
FRAME = CONVERSATION | {
    "status_new": _("Write to us – a person answers."),
    "status_waiting": _("Waiting for an answer"),
    "status_active": _("Talking with {name}"),
    "status_active_nobody": _("We are here"),
    "status_closed": _("This chat has ended"),
    "team_online": _("Online"),
    "team_away": _("Away"),
    "team_offline": _("Away"),
    "place_next": _("You are next."),
    "place": _("You are number {n} in line."),
    "answers": _("We usually answer within {time}."),
    "within_moment": _("a few minutes"),
    "within_minutes_other": _("about {n} minutes"),
    "within_hours_one": _("about an hour"),
    "within_hours_other": _("about {n} hours"),
    "within_day": _("a day"),
    "within_days": _("a few days"),
    "somebody": _("Somebody"),
    "offline": _("You are offline. What you write is kept and sent later."),
    "reconnecting": _("Reconnecting… What you write is kept."),
    "about": _("About: {name}"),
    "about_number": _("About product {id}"),
    "about_remove": _("Do not mention this product"),
    "closed": _("This chat has ended. You can go on with it or start a new one."),
    "closed_kept": _("This chat has ended. Your text is kept and goes out when you choose."),
    "gone": _("This chat is no longer here. Your text is kept."),
    "not_done": _("That did not work. Please try again."),
    "name_needed": _("Please tell us your name."),
    "email_needed": _("Please give us an e-mail address."),
    "email_wrong": _("This e-mail address does not look right."),
}

# The desk (static/desk/).
DESK = CONVERSATION | {
    "guest": _("Guest"),
    "customer": _("CUSTOMER"),
    "customer_said": _("Customer:"),
    "team": _("Team"),
    "yours": _("Yours"),
    "nobody": _("Nobody yet"),
    "nobody_short": _("nobody"),
    "no_message": _("No message yet"),
    "status_waiting": _("Waiting"),
    "status_active": _("Active"),
    "status_closed": _("Closed"),
    "moment": _("a moment"),
    "presence_here": _("Here now"),
    "presence_left": _("Has left"),
    "page_here": _("On this page"),
    "page_left": _("Last page"),
    "not_given": _("not given"),
    "not_known": _("not known"),
    "none": _("none"),
    "number": _("Number"),
    "offline": _("You are offline. What you write is kept and sent later."),
    "reconnecting": _("Reconnecting… What you write is kept."),
    "connection_back": _("Connected again."),
    "signed_out": _("You have been signed out. What you wrote is kept in this browser."),
    "sign_in": _("Sign in again"),
    "signed_out_unsent": _("Sign in again, then it goes out."),
    "gone": _("This chat is no longer here. What you wrote is kept in this browser."),
    "unsent_one": _("An answer could not be sent:"),
    "unsent_other": _("{n} answers could not be sent:"),
    "unsent_chat": _("Chat {number} with {name}"),
    "said_chat": _("New chat: {name}"),
    "said_message": _("New message from {name}"),
    "said_several": _("New messages in {n} chats"),
    "closed": _("This chat is closed."),
    "closed_kept": _("This chat is closed. Your text is kept."),
    "reopen": _("Reopen"),
    "reopen_send": _("Reopen and send"),
    "not_done": _("That did not work. Please try again."),
}
