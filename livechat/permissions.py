"""Who may do what: all permissions, all roles, and the one table that grants permissions to roles.

Everything else uses this table. The ACLs in resources.py are made from it. rights.py uses it for the command line, for
assignments, and again under a lock before each act. The desk's pages use it to decide what they show.
"""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """What a view may require. Each view names exactly one of these."""

    VISIT = "visit"
    """See what is public: the conversation page, the widget, the login page."""

    START = "start"
    """Start a conversation. Everybody may, because a guest exists only after the first start."""

    RESUME = "resume"
    """Exchange a resume ticket, or a token for one. Everybody may: the ticket or the token is the proof."""

    CONVERSE = "converse"
    """Read and write in your own conversation, close and reopen it."""

    READ_DESK = "read-desk"
    """See the dashboard and the conversations on it, and be mentioned in notes."""

    ANSWER = "answer"
    """Answer, assign, close and reopen conversations, write notes, be assigned to, and count as available."""

    KEEP = "keep-own"
    """Keep your own read receipts, drafts, saved views, preferences and presence."""

    OWN_ACCOUNT = "own-account"
    """Read and change your own account: name, email address, password, logins."""

    MANAGE = "manage"
    """Manage the team and its roles, and read the audit log."""

    SIGN_OUT = "sign-out"
    """End your own login."""

    NOBODY = "nobody"
    """Granted to no one: the default for a view that names no permission."""


class Role(StrEnum):
    """An admin's role. `GRANTS` says what it allows."""

    OWNER = "owner"
    """Manages the team, reads the audit log, and does all that agents do."""
    AGENT = "agent"
    """Answers customers."""
    VIEWER = "viewer"
    """Only reads."""


_READS = frozenset(
    {Permission.READ_DESK, Permission.KEEP, Permission.OWN_ACCOUNT, Permission.SIGN_OUT}
)
GRANTS: Mapping[str, frozenset[Permission]] = {
    Role.VIEWER: _READS,
    Role.AGENT: _READS | {Permission.ANSWER},
    Role.OWNER: _READS | {Permission.ANSWER, Permission.MANAGE},
}
"""What each role allows. A role that is missing here allows nothing."""


def may(role: str, permission: Permission) -> bool:
    """Whether a role grants a permission."""
    return permission in GRANTS.get(role, frozenset())


def roles_that_may(permission: Permission) -> list[str]:
    """The roles that grant a permission, as they are stored."""
    return [str(role) for role, granted in GRANTS.items() if permission in granted]
