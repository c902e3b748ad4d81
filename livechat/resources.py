"""The tree: every URL leads to a resource in it, and ACLs say who may do what there.

Traversal in a page. Pyramid answers ``POST /custom-admin/chat/7/close/`` in three steps.

1. Walk. From `Root` it looks up one segment after the other: ``["custom-admin"]``, ``["chat"]``, ``["7"]``. It stops
   where a lookup raises KeyError or is not possible: a conversation has no ``["close"]``. The resource it has reached
   is the *context*. The next segment, ``close``, is the *view name*, which is empty if no segment is left. Further
   segments are an error here (web/derivers.py).
2. Find the view registered for the context's class, the view name and the method, as ``@act_view(name="close")``.
3. Check the permission that the view names. Pyramid reads the ``__acl__`` of the context, then of its parents, and the
   first entry that fits the permission and the request's principals (security.py) decides. Here every ACL ends with
   `NOTHING_ELSE`, so the nearest one decides: `AdminSession` has none, so that of `Desk` does.

Lookups need no permission, so no ``__getitem__`` checks one. Links go the opposite way: ``request.resource_url(context,
"close")`` joins each ``__name__`` up to the root, following ``__parent__``.

    /                          Root
    ├─ chat                    Chat              the customer side
    │  ├─ start                Start             ─ <product_id>  Start about a product
    │  ├─ resume, ticket       Resume, Ticket
    │  └─ send | messages |    Verb              ─ <uuid>  CustomerSession
    │     close | reopen | seen
    │     | typing | page
    ├─ custom-admin            Admin             login, logout, invitation
    │  └─ chat                 Desk              the dashboard
    │     ├─ <number>          AdminSession      '' | send | messages | close | assign | note | tags | …
    │     ├─ views             Views             ─ <id>  View
    │     ├─ replies           Replies           ─ <id>  Reply
    │     └─ profile           Profile           name | email | password | …   ─ <id>  Login
    └─ demo                    DemoShop          only in development

The desk's URLs put the noun first, so the verb is the view name. The customer's put the verb first, so each verb is a
folder, and the conversation below it has a class for that verb: `of_verb("send")`.

CustomerSession and AdminSession are siblings, because a view for a class also answers for its subclasses. Resources
hold a record; they are not models.

To add a place, write a class, add it to its parent's `children`, give it an ``__acl__`` unless its parent's fits, and
register views for it.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from pyramid.authorization import ALL_PERMISSIONS, Allow, Deny, Everyone
from pyramid.request import Request

from .accounts.logins import login_by_id
from .conversation.records import record_by_id
from .desk.canned_replies import reply_by_id
from .desk.preferences import view_by_id
from .models import ChatSession
from .permissions import GRANTS, Permission
from .security import of_role

ACL = list[tuple[Any, ...]]
NOTHING_ELSE = (Deny, Everyone, ALL_PERMISSIONS)
GRANTED: ACL = [(Allow, of_role(role), granted) for role, granted in GRANTS.items()]
"""What each role may do on the desk, from permissions.py."""


class Folder:
    """A place in the tree with fixed children. `children`: the class for each segment."""

    children: dict[str, Any] = {}

    def __init__(self, name: str | None, parent: Any, request: Request) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.request = request

    def __getitem__(self, segment: str) -> Any:
        return self.children[segment](segment, self, self.request)


class Start(Folder):
    """``/chat/start/``, and below it a product's id."""

    product_id: str | None = None

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.START), NOTHING_ELSE]

    def __getitem__(self, segment: str) -> Start:
        if self.product_id is not None or not segment:
            raise KeyError(segment)
        child = Start(segment, self, self.request)
        child.product_id = segment
        return child


class RecordResource:
    """A resource found in the database. `record`: a plain row, enough to decide and to read."""

    def __init__(self, record: Any, name: str, parent: Folder) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.record = record


class SessionResource(RecordResource):
    """A conversation."""

    @property
    def session(self) -> ChatSession:
        """The object, for changing it."""
        db = self.__parent__.request.dbsession
        session: ChatSession = db.get_one(ChatSession, self.record.id)
        return session


class CustomerSession(SessionResource):
    """A customer's own conversation, reached through a verb. Each verb has a subclass (`of_verb`)."""

    verb = ""

    def __acl__(self) -> ACL:
        return [(Allow, f"guest:{self.record.guest_id}", Permission.CONVERSE), NOTHING_ELSE]


VERBS = ("send", "messages", "close", "reopen", "seen", "typing", "page")
_OF_VERB = {
    verb: type(f"CustomerSession_{verb}", (CustomerSession,), {"verb": verb}) for verb in VERBS
}


def of_verb(verb: str) -> type[CustomerSession]:
    """The class of conversations that are reached through this folder.

    Views are registered for this class, and not for a predicate that they all share: Pyramid would try one predicate
    after the other for every message that is sent.
    """
    return _OF_VERB[verb]


class Verb(Folder):
    """``/chat/send/`` and the like: a folder of all sessions by UUID."""

    def __getitem__(self, segment: str) -> CustomerSession:
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", segment):
            raise KeyError(segment)
        poll_cache = self.request.realtime.poll_cache
        record = poll_cache.conversation(self.request, uuid.UUID(segment))
        if record is None:
            raise KeyError(segment)
        return of_verb(str(self.__name__))(record, segment, self)


class Resume(Folder):
    """``/chat/resume/``: where a resume ticket is exchanged."""

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.RESUME), NOTHING_ELSE]


class Ticket(Folder):
    """``/chat/ticket/``: where a token is exchanged for a resume ticket."""

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.RESUME), NOTHING_ELSE]


class Chat(Folder):
    """``/chat/``: the conversation page."""

    children = {
        "start": Start,
        "resume": Resume,
        "ticket": Ticket,
        **dict.fromkeys(VERBS, Verb),
    }

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), NOTHING_ELSE]


class AdminSession(SessionResource):
    """A conversation on the desk."""


class Numbered(Folder):
    """A folder of the desk whose items are found by number, among those that this admin may see."""

    item: Any

    def find(self, number: int, admin_id: int) -> Any | None:
        """The row of that number; None if there is none for this admin."""
        raise KeyError(number)

    def __getitem__(self, segment: str) -> Any:
        admin = self.request.identity.admin
        if not re.fullmatch(r"[1-9][0-9]{0,8}", segment) or admin is None:
            raise KeyError(segment)
        found = self.find(int(segment), admin.id)
        if found is None:
            raise KeyError(segment)
        return self.item(found, segment, self)


class View(RecordResource):
    """A saved view of the inbox."""


class Views(Numbered):
    """``/custom-admin/chat/views/``: the saved views of this admin."""

    item = View

    def find(self, number: int, admin_id: int) -> Any | None:
        return view_by_id(self.request.db, number, admin_id)


class Reply(RecordResource):
    """A canned reply."""


class Replies(Numbered):
    """``/custom-admin/chat/replies/``: the canned replies of everybody, and those of this admin."""

    item = Reply

    def find(self, number: int, admin_id: int) -> Any | None:
        return reply_by_id(self.request.db, number, admin_id)


class Login(RecordResource):
    """One of this admin's own logins."""


class Profile(Numbered):
    """``/custom-admin/chat/profile/``: this admin's own account, and their logins by number."""

    item = Login

    def find(self, number: int, admin_id: int) -> Any | None:
        return login_by_id(self.request.db, number, admin_id)


class Desk(Folder):
    """``/custom-admin/chat/``: the dashboard, and all sessions by number."""

    children = {"views": Views, "replies": Replies, "profile": Profile}

    def __acl__(self) -> ACL:
        return [*GRANTED, NOTHING_ELSE]

    def __getitem__(self, segment: str) -> Any:
        if segment in self.children:
            return super().__getitem__(segment)
        # Check the text before int(), which also accepts other scripts' digits, spaces and underscores.
        if not re.fullmatch(r"[1-9][0-9]{0,8}", segment):
            raise KeyError(segment)
        record = record_by_id(self.request.db, int(segment))
        if record is None:
            raise KeyError(segment)
        return AdminSession(record, segment, self)


class Admin(Folder):
    """``/custom-admin/``: signing in and out."""

    children = {"chat": Desk}

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), *GRANTED, NOTHING_ELSE]


class DemoShop(Folder):
    """``/demo/``: a shop for trying the chat."""

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), NOTHING_ELSE]


class Root(Folder):
    """``/``: the root of the tree."""

    children = {"chat": Chat, "custom-admin": Admin}

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), NOTHING_ELSE]

    def __getitem__(self, segment: str) -> Any:
        if segment == "demo" and self.request.livechat.demo_shop:
            return DemoShop(segment, self, self.request)
        return super().__getitem__(segment)


def root_factory(request: Request) -> Root:
    """The root of the tree for one request."""
    return Root(None, None, request)
