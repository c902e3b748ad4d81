"""The entries of the audit log in words, for the page and the command line: “Anna assigned chat 7 to Ben.”"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from translationstring import TranslationString, TranslationStringFactory

from .. import audit
from ..accounts import admins
from ..accounts.login_limits import Scope
from ..actors import STAFF, Kind, kind_of
from ..audit import Act
from ..db.dialects import Reader
from ..exceptions import Invalid, Missing
from ..models import Admin, Audit, Role, rfc3339
from ..serializers import Translate

_ = TranslationStringFactory("livechat")

COMMAND_LINE = "none"
"""As a filter: what no admin did, but somebody at the command line. No admin can have this username."""
ROLES = {Role.OWNER: _("owner"), Role.AGENT: _("agent"), Role.VIEWER: _("viewer")}
NAMES = {
    Act.TAKEN: _("Chat taken"),
    Act.ASSIGNED: _("Chat assigned"),
    Act.UNASSIGNED: _("Chat unassigned"),
    Act.TRANSFERRED: _("Chat transferred"),
    Act.CLOSED: _("Chat closed"),
    Act.REOPENED: _("Chat reopened"),
    Act.BLOCKED: _("Customer blocked"),
    Act.UNBLOCKED: _("Customer unblocked"),
    Act.ROLE: _("Role changed"),
    Act.ADMIN_ADDED: _("Teammate added"),
    Act.ADMIN_DISABLED: _("Account disabled"),
    Act.ADMIN_ENABLED: _("Account enabled"),
    Act.PASSWORD: _("Password set"),
    Act.INVITED: _("Invite link created"),
    Act.SIGN_IN_FAILED: _("Sign-in failed"),
    Act.LOCKED_OUT: _("Sign-in locked"),
    Act.REPLY_ADDED: _("Canned reply added"),
    Act.REPLY_CHANGED: _("Canned reply changed"),
    Act.REPLY_REMOVED: _("Canned reply removed"),
    Act.WROTE: _("Reply sent from the command line"),
    Act.NOTED: _("Note added from the command line"),
    Act.REVOKED: _("Customer signed out"),
    Act.SIGNED_OUT: _("Admin signed out"),
    Act.RENAMED: _("Display name changed"),
    Act.EMAIL: _("Email changed"),
    Act.LOGIN_ENDED: _("Browser signed out"),
}
_SENTENCES = {
    Act.TAKEN: _("${actor} took chat #${chat}."),
    Act.ASSIGNED: _("${actor} assigned chat #${chat} to ${target}."),
    Act.UNASSIGNED: _("${actor} unassigned chat #${chat}."),
    Act.TRANSFERRED: _("${actor} transferred chat #${chat} to ${target}."),
    Act.CLOSED: _("${actor} closed chat #${chat}."),
    Act.REOPENED: _("${actor} reopened chat #${chat}."),
    Act.BLOCKED: _("${actor} blocked the customer of chat #${chat}."),
    Act.UNBLOCKED: _("${actor} unblocked the customer of chat #${chat}."),
    Act.ROLE: _("${actor} changed the role of ${target} from ${from} to ${to}."),
    Act.ADMIN_ADDED: _("${actor} added ${target} (${role})."),
    Act.ADMIN_DISABLED: _("${actor} disabled the account of ${target}."),
    Act.ADMIN_ENABLED: _("${actor} enabled the account of ${target}."),
    Act.PASSWORD: _("${actor} set a new password for ${target}."),
    Act.INVITED: _("${actor} created an invite link for ${target}."),
    Act.SIGN_IN_FAILED: _("Sign-in as ${target} failed from ${network}."),
    Act.LOCKED_OUT: _(
        "Sign-in as ${target} from ${network} was temporarily locked after ${count} failed attempts."
    ),
    Act.REPLY_ADDED: _("${actor} added the canned reply ${target} for everyone."),
    Act.REPLY_CHANGED: _("${actor} changed the canned reply ${target}."),
    Act.REPLY_REMOVED: _("${actor} removed the canned reply ${target}."),
    Act.WROTE: _("${actor} replied in chat #${chat}."),
    Act.NOTED: _("${actor} added a note to chat #${chat}."),
    Act.REVOKED: _("${actor} signed the customer of chat #${chat} out of all browsers."),
    Act.SIGNED_OUT: _("${actor} signed ${target} out of all browsers."),
    Act.RENAMED: _("${actor} changed the display name from ${from} to ${to}."),
    Act.EMAIL: _("${actor} changed their email."),
    Act.LOGIN_ENDED: _("${actor} signed out another of their browsers (${device})."),
}
_LOCKED_OUT = {
    Scope.NETWORK: _(
        "Sign-in from ${network} was temporarily locked after ${count} failed attempts."
    ),
    Scope.ACCOUNT: _(
        "Sign-in as ${target} from new browsers was temporarily locked after ${count} failed attempts."
    ),
    Scope.DEVICE: _(
        "Sign-in as ${target} from one of their browsers was temporarily locked after ${count} failed attempts."
    ),
}
_OF_ANOTHER = _("${actor} unassigned chat #${chat} from ${target}.")
_OWN_PASSWORD = _("${actor} changed their password.")
_OWN_LOGINS = _("${actor} signed out of all their other browsers.")
_UNKNOWN = _("${actor}: ${act} ${target}")
_ABOUT_PEOPLE = {Act.ASSIGNED, Act.UNASSIGNED, Act.TRANSFERRED, Act.PASSWORD, Act.INVITED} | {
    act for act in Act if act.startswith(("admin", "role", "sign", "locked"))
}
_SHELL, _SYSTEM = _("The command line"), _("livechat")
_SHELL_AS = _("${name} (command line)")


class People(NamedTuple):
    """The admins as they are now."""

    names: Mapping[str, str]
    """By username."""
    usernames: Mapping[str, str]
    """By `Actor.audit_key`."""


def people_now(db: Reader) -> People:
    """All admins, also those who are disabled."""
    found = db.execute(select(Admin.id, Admin.username, Admin.name)).all()
    names = {row.username: row.name for row in found}
    return People(names, {f"admin:{row.id}": row.username for row in found})


def actor_key(db: Any, username: str | None) -> str | None:
    """The `Actor.audit_key` to filter by; None for everybody's. Raises Invalid."""
    if not username:
        return None
    if username == COMMAND_LINE:
        return STAFF.key
    try:
        return f"admin:{admins.find_admin(db, username).id}"
    except Missing:
        raise Invalid("actor", "There is no admin with this username.") from None


def check_act(act: str | None) -> Act | None:
    """Raises Invalid for what is no act."""
    if not act:
        return None
    try:
        return Act(act)
    except ValueError:
        raise Invalid("act", f"act must be one of {', '.join(Act)}.") from None


def actor_of(entry: Audit) -> Any:
    """Who did it: a name, or words to translate."""
    kind = kind_of(entry.actor_key)
    if kind is Kind.SHELL and entry.actor_name:
        return _SHELL_AS % {"name": entry.actor_name}
    return entry.actor_name or (_SYSTEM if kind is Kind.SYSTEM else _SHELL)


def sentence(entry: Audit, people: People) -> TranslationString:
    """What was done, with roles not yet translated."""
    target = entry.target or ""
    about = people.names.get(target, target) if entry.act in _ABOUT_PEOPLE else target
    text = _SENTENCES.get(Act(entry.act)) if entry.act in set(Act) else None
    own = bool(target) and people.usernames.get(entry.actor_key) == target
    if entry.act == Act.PASSWORD and own:
        text = _OWN_PASSWORD
    elif entry.act == Act.SIGNED_OUT and own:
        text = _OWN_LOGINS
    elif entry.act == Act.UNASSIGNED and target and not own:
        text = _OF_ANOTHER
    elif entry.act == Act.LOCKED_OUT:
        text = _LOCKED_OUT.get((entry.details or {}).get("scope", ""), text)
    return (text or _UNKNOWN) % {
        "network": _("an unknown network"),
        "count": "?",
        **{key: str(value) for key, value in (entry.details or {}).items()},
        "actor": actor_of(entry),
        "act": entry.act,
        "chat": str(entry.session_id),
        "target": about,
    }


def plain(text: Any) -> str:
    """For who has no language of their own: the English source."""
    return str(text.interpolate() if isinstance(text, TranslationString) else text)


def told(entry: Audit, people: People, translate: Translate = plain) -> str:
    """The same in the reader's language."""
    text = sentence(entry, people)
    mapping = {key: _role(key, value, translate) for key, value in (text.mapping or {}).items()}
    return translate(text % mapping)


def _role(key: str, value: Any, translate: Translate) -> Any:
    if key in {"role", "from", "to"} and value in set(Role):
        return translate(ROLES[Role(value)])
    return translate(value) if isinstance(value, TranslationString) else value


def shape(entry: Audit, people: People, translate: Translate = plain) -> dict[str, Any]:
    """The JSON of an entry."""
    return {
        "id": str(entry.id),
        "created_at": rfc3339(entry.created_at),
        "actor": entry.actor_name,
        "actor_kind": kind_of(entry.actor_key),
        "act": entry.act,
        "number": entry.session_id,
        "target": entry.target,
        "details": entry.details or {},
        "sentence": told(entry, people, translate),
    }


def page(
    db: Any, *, before: int | None, limit: int = audit.PAGE, **filters: Any
) -> tuple[Sequence[Audit], int | None]:
    """Entries, the newest first, and the id before which the next ones are, if there are any."""
    found = audit.entries(db, before=before, limit=limit + 1, **filters)
    more = len(found) > limit
    return found[:limit], found[limit - 1].id if more else None
