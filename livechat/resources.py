"""The tree: what every URL leads to, and who may do what there.

Traversal in a page. Pyramid walks a URL segment by segment from the root: ``GET /custom-admin/chat/7/close/``
asks ``Root["custom-admin"]``, that one's ``["chat"]``, that one's ``["7"]``; there is no ``["close"]``, so the
walk ends at the seventh session, the *context*, and ``close`` is the name of the view. A KeyError ends the walk,
too: what is left over is the view's name, and whatever follows the name is an error here (see web/derivers.py).

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

The desk's URLs are noun first, so the verb is the view's name. The customer's are verb first, so each verb is a
folder and gives the session a class of its own, `of_verb("send")`. Either way the session is the context and its
ACL decides, after the walk and before the view: looking something up needs no permission, so nothing here checks one.

CustomerSession and AdminSession are siblings on purpose: a view for a class also answers for its subclasses.
Resources hold what was found; they are no models.
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
"""What admins may do, as permissions.py has it."""


class Folder:
    """A place in the tree with fixed children: `children` maps a segment to a class."""

    children: dict[str, Any] = {}

    def __init__(self, name: str | None, parent: Any, request: Request) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.request = request

    def __getitem__(self, segment: str) -> Any:
        return self.children[segment](segment, self, self.request)


class Start(Folder):
    """``/chat/start/``, and with a product's id beneath it."""

    product_id: str | None = None

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.START), NOTHING_ELSE]

    def __getitem__(self, segment: str) -> Start:
        if self.product_id is not None or not segment:
            raise KeyError(segment)
        child = Start(segment, self, self.request)
        child.product_id = segment
        return child


class SessionResource:
    """A conversation as it was found: `record` is a plain row, enough to decide and to read."""

    __parent__: Folder

    def __init__(self, record: Any, name: str, parent: Folder) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.record = record

    @property
    def session(self) -> ChatSession:
        """The object, for who wants to change it."""
        db = self.__parent__.request.dbsession
        session: ChatSession = db.get_one(ChatSession, self.record.id)
        return session


class CustomerSession(SessionResource):
    """One's own conversation, reached through a verb; the class of each verb is a different one (`of_verb`)."""

    verb = ""

    def __acl__(self) -> ACL:
        return [(Allow, f"guest:{self.record.guest_id}", Permission.CONVERSE), NOTHING_ELSE]


VERBS = ("send", "messages", "close", "reopen", "seen", "typing", "page")
_OF_VERB = {
    verb: type(f"CustomerSession_{verb}", (CustomerSession,), {"verb": verb}) for verb in VERBS
}


def of_verb(verb: str) -> type[CustomerSession]:
    """The class of conversations reached through this folder. That views are registered for it, and not for a
    predicate that they all share, saves trying one after the other for every message that is sent."""
    return _OF_VERB[verb]


class Verb(Folder):
    """``/chat/send/`` and its like: a folder of all sessions by UUID."""

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
    """``/chat/ticket/``: where one is given."""

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
    """One conversation, on the desk."""


class Numbered(Folder):
    """A folder of the desk whose things are found by number, among those that this admin may see."""

    item: Any

    def find(self, number: int, admin_id: int) -> Any | None:
        """The row of that number, if there is one for this admin."""
        raise KeyError(number)

    def __getitem__(self, segment: str) -> Any:
        admin = self.request.identity.admin
        if not re.fullmatch(r"[1-9][0-9]{0,8}", segment) or admin is None:
            raise KeyError(segment)
        found = self.find(int(segment), admin.id)
        if found is None:
            raise KeyError(segment)
        return self.item(found, segment, self)


class Kept:
    """One thing in such a folder, as a row."""

    def __init__(self, record: Any, name: str, parent: Folder) -> None:
        self.__name__ = name
        self.__parent__ = parent
        self.record = record


class View(Kept):
    """A saved view of the list."""


class Views(Numbered):
    """``/custom-admin/chat/views/``: the views that this admin has saved."""

    item = View

    def find(self, number: int, admin_id: int) -> Any | None:
        return view_by_id(self.request.db, number, admin_id)


class Reply(Kept):
    """A canned reply."""


class Replies(Numbered):
    """``/custom-admin/chat/replies/``: everybody's canned replies, and one's own."""

    item = Reply

    def find(self, number: int, admin_id: int) -> Any | None:
        return reply_by_id(self.request.db, number, admin_id)


class Login(Kept):
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
        # The text first: int() also takes other scripts' digits, spaces and underscores.
        if not re.fullmatch(r"[1-9][0-9]{0,8}", segment):
            raise KeyError(segment)
        record = record_by_id(self.request.db, int(segment))
        if record is None:
            raise KeyError(segment)
        return AdminSession(record, segment, self)


class Admin(Folder):
    """``/custom-admin/``: the way in and out."""

    children = {"chat": Desk}

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), *GRANTED, NOTHING_ELSE]


class DemoShop(Folder):
    """``/demo/``: a shop to try the chat in."""

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), NOTHING_ELSE]


class Root(Folder):
    """``/``"""

    children = {"chat": Chat, "custom-admin": Admin}

    def __acl__(self) -> ACL:
        return [(Allow, Everyone, Permission.VISIT), NOTHING_ELSE]

    def __getitem__(self, segment: str) -> Any:
        if segment == "demo" and self.request.livechat.demo_shop:
            return DemoShop(segment, self, self.request)
        return super().__getitem__(segment)


def root_factory(request: Request) -> Root:
    """The root of the tree of one request."""
    return Root(None, None, request)
