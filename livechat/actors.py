"""Who acts on conversations."""

from __future__ import annotations

from dataclasses import dataclass

from .models import Sender


@dataclass(frozen=True)
class Actor:
    """Who acts. `key` is ``customer``, ``admin:7`` or ``staff`` (the command line)."""

    key: str
    name: str | None = None
    admin_id: int | None = None

    @property
    def sender(self) -> Sender:
        """The kind of message this actor writes."""
        return Sender.CUSTOMER if self.key == "customer" else Sender.ADMIN


CUSTOMER = Actor("customer")
STAFF = Actor("staff")
NOBODY = Actor("nobody")
"""Somebody who is not signed in, in the audit log."""


def admin_actor(admin_id: int, name: str) -> Actor:
    """An admin as the one who acts."""
    return Actor(f"admin:{admin_id}", name, admin_id)
