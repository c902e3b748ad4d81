"""Every permission a view can ask for. The ACLs in resources.py say who has them."""

from enum import StrEnum


class Permission(StrEnum):
    """What one may do. Each view names exactly one of these."""

    VISIT = "visit"
    """See what every visitor may see: the conversation page, the widget, the login page."""

    START = "start"
    """Begin a conversation. Everybody may: nobody has a name before the first one."""

    CONVERSE = "converse"
    """Read and write in one's own conversation, close and reopen it."""

    READ_DESK = "read-desk"
    """See the dashboard and the conversations on it."""

    ANSWER = "answer"
    """Answer, assign, close and reopen conversations."""

    KEEP = "keep-own"
    """Keep what is only one's own: read marks, drafts, views, preferences, presence."""

    OWN_ACCOUNT = "own-account"
    """Read and change one's own account: name, e-mail address, password, logins."""

    MANAGE = "manage"
    """People and their roles, and the audit log."""

    SIGN_OUT = "sign-out"
    """End one's own login."""

    NOBODY = "nobody"
    """Granted to no one: what a view that forgot to name its permission asks for."""
