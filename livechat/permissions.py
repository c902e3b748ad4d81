"""Who may do what: every permission there is, every role, and the one table that grants the former to the latter.

Everything else asks this table. The ACLs in resources.py are made from it; rights.py asks it for the command line,
for assignments, and again under a lock before each act; the desk's pages ask it for what they show.
"""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """What one may do. Each view names exactly one of these."""

    VISIT = "visit"
    """See what every visitor may see: the conversation page, the widget, the login page."""

    START = "start"
    """Begin a conversation. Everybody may: nobody has a name before the first one."""

    RESUME = "resume"
    """Show a resume ticket, or a token to get one. Everybody may: the ticket or the token proves the rest."""

    CONVERSE = "converse"
    """Read and write in one's own conversation, close and reopen it."""

    READ_DESK = "read-desk"
    """See the dashboard and the conversations on it, and be mentioned in notes."""

    ANSWER = "answer"
    """Answer, assign, close and reopen conversations, write notes, be assigned to; count as somebody who is there."""

    KEEP = "keep-own"
    """Keep what is only one's own: read marks, drafts, views, preferences, presence."""

    OWN_ACCOUNT = "own-account"
    """Read and change your own account: name, e-mail address, password, logins."""

    MANAGE = "manage"
    """People and their roles, and the audit log."""

    SIGN_OUT = "sign-out"
    """End one's own login."""

    NOBODY = "nobody"
    """Granted to no one: what a view that forgot to name its permission asks for."""


class Role(StrEnum):
    """What an admin is. `GRANTS` says what that allows."""

    OWNER = "owner"
    """Everything: people, the audit log, and all that agents do."""
    AGENT = "agent"
    """Answers."""
    VIEWER = "viewer"
    """Reads."""


_READS = frozenset(
    {Permission.READ_DESK, Permission.KEEP, Permission.OWN_ACCOUNT, Permission.SIGN_OUT}
)
GRANTS: Mapping[str, frozenset[Permission]] = {
    Role.VIEWER: _READS,
    Role.AGENT: _READS | {Permission.ANSWER},
    Role.OWNER: _READS | {Permission.ANSWER, Permission.MANAGE},
}
"""What each role allows. A role that is not here allows nothing."""


def may(role: str, permission: Permission) -> bool:
    """Whether a role allows something."""
    return permission in GRANTS.get(role, frozenset())


def roles_that_may(permission: Permission) -> list[str]:
    """The roles that allow something, as they are stored."""
    return [str(role) for role, granted in GRANTS.items() if permission in granted]
