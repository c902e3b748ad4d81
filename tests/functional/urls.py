"""Every address as data: its methods and bodies, and who may use it. Tests iterate over these tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CUSTOMER_VERBS = {
    "send": {"body": "hi", "client_id": "a"},
    "close": {},
    "reopen": {},
    "seen": {"seq": 1},
    "typing": {"typing": True},
    "page": {"page": {"url": "https://shop.example/p", "title": "P"}},
}
DESK_VERBS = {
    "send": {"body": "hi", "client_id": "a"},
    "assign": {"admin": None},
    "close": {},
    "reopen": {},
    "seen": {"seq": 1},
    "typing": {"typing": True},
}


@dataclass(frozen=True)
class Address:
    """An address with `{id}` or `{number}` in it, and the JSON that each method takes."""

    path: str
    methods: dict[str, Any] = field(default_factory=dict)

    def at(self, **names: Any) -> str:
        """Return the path for a session."""
        return self.path.format(**names)


PUBLIC = [
    Address("/", {"GET": None}),
    Address("/health", {"GET": None}),
    Address("/widget.js", {"GET": None}),
    Address("/chat/", {"GET": None}),
    Address("/chat/start/", {"GET": None, "POST": {}}),
    Address("/chat/start/42/", {"GET": None, "POST": {}}),
    Address("/custom-admin/", {"GET": None}),
    Address("/custom-admin/login/", {"GET": None, "POST": {}}),
    Address("/custom-admin/welcome/", {"GET": None, "POST": {}}),
]
CUSTOMERS = [
    Address("/chat/messages/{id}/", {"GET": None}),
    *(Address(f"/chat/{verb}/{{id}}/", {"POST": body}) for verb, body in CUSTOMER_VERBS.items()),
]
DESK = [
    Address("/custom-admin/chat/", {"GET": None}),
    Address("/custom-admin/chat/presence/", {"POST": {"state": "online"}}),
    Address("/custom-admin/chat/statistics/", {"GET": None}),
    Address("/custom-admin/chat/audit/", {"GET": None}),
    Address("/custom-admin/chat/search/", {"GET": None}),
    Address(
        "/custom-admin/chat/team/",
        {"GET": None, "POST": {"act": "role", "username": "anna", "role": "owner"}},
    ),
    Address("/custom-admin/chat/{number}/", {"GET": None}),
    Address("/custom-admin/chat/{number}/messages/", {"GET": None}),
    *(
        Address(f"/custom-admin/chat/{{number}}/{verb}/", {"POST": body})
        for verb, body in DESK_VERBS.items()
    ),
]
SIGN_OUT = Address("/custom-admin/logout/", {"POST": {}})
# Open to everybody, but they return nothing without a valid ticket or token.
TICKETS = [
    Address("/chat/resume/", {"POST": {"ticket": "x"}}),
    Address("/chat/ticket/", {"POST": {"site": "http://localhost"}}),
]
EVERYTHING = [*PUBLIC, *TICKETS, *CUSTOMERS, *DESK, SIGN_OUT]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X-ODD"]
# Signing out would affect the requests that follow; test_login.py covers it.
ADDRESSES = [address for address in EVERYTHING if address is not SIGN_OUT]
POSTS = [address for address in ADDRESSES if "POST" in address.methods]


def names(addresses: list[Address]) -> list[str]:
    """Return ids for pytest's parameters."""
    return [address.path for address in addresses]


def is_form_page(address: Address) -> bool:
    """Whether it takes a page's form instead of JSON: login, logout, welcome."""
    return address.path.startswith("/custom-admin/") and address.path.count("/") == 3
