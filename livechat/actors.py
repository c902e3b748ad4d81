"""Actors: who acts on conversations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .models import Sender


class Kind(StrEnum):
    """The kinds of actors."""

    CUSTOMER = "customer"
    ADMIN = "admin"
    """An admin who is signed in at the desk."""
    SHELL = "shell"
    """The command line, in an admin's name or without one."""
    SYSTEM = "system"
    """livechat itself, for example when it assigns chats automatically."""


@dataclass(frozen=True)
class Actor:
    """Who acts. `key`: ``customer``, ``admin:7`` or ``staff`` (the command line)."""

    key: str
    name: str | None = None
    admin_id: int | None = None
    by_shell: bool = False
    """Whether the command line acts in this admin's name: the audit log then names the command line."""

    @property
    def is_customer(self) -> bool:
        """Whether a customer acts: the customer of the conversation, since others have no way to it."""
        return self.key == CUSTOMER.key

    @property
    def sender(self) -> Sender:
        """The kind of message this actor writes."""
        return Sender.CUSTOMER if self.is_customer else Sender.ADMIN

    @property
    def audit_key(self) -> str:
        """The key under which the audit log records an act of this actor."""
        return STAFF.key if self.by_shell else self.key


CUSTOMER = Actor("customer")
STAFF = Actor("staff")
NOBODY = Actor("nobody")
"""Somebody who is not signed in, for the audit log."""


def admin_actor(admin_id: int, name: str) -> Actor:
    """An admin as an actor."""
    return Actor(f"admin:{admin_id}", name, admin_id)


def shell_actor(admin_id: int, name: str) -> Actor:
    """The command line as an actor, in an admin's name."""
    return Actor(f"admin:{admin_id}", name, admin_id, by_shell=True)


def kind_of(key: str) -> Kind:
    """The kind of actor that an `Actor.key` or an `Actor.audit_key` belongs to."""
    if key in {CUSTOMER.key, STAFF.key}:
        return Kind.CUSTOMER if key == CUSTOMER.key else Kind.SHELL
    return Kind.ADMIN if key.startswith("admin:") else Kind.SYSTEM
