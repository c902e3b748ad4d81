"""What a customer brings when a conversation begins or goes on, and the session made of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..models import ChatSession, Guest, Status, now


@dataclass(frozen=True)
class Product:
    """What a conversation is about, as the shop names it."""

    id: str
    name: str | None = None
    url: str | None = None
    price: str | None = None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a customer brings when a conversation begins or goes on. None leaves a field as it is."""

    name: str | None = None
    email: str | None = None
    verified: bool = False
    product: Product | None = None
    page_url: str | None = None
    page_title: str | None = None
    body: str | None = None
    client_id: str | None = None
    start_key: str | None = None


def new_session(db: Session, guest: Guest) -> ChatSession:
    """A conversation that waits, without an entry yet."""
    moment = now()
    session = ChatSession(
        uuid=uuid.uuid4(),
        guest_id=guest.id,
        status=Status.WAITING,
        version=1,
        seq=0,
        public_seq=0,
        customer_seen=0,
        customer_verified=False,
        search_text="",
        created_at=moment,
        last_activity_at=moment,
        waiting_since=moment,
    )
    db.add(session)
    db.flush()
    return session


def describe(session: ChatSession, opening: Opening) -> None:
    """Take over what the customer has brought, and keep what they have not."""
    session.customer_name = opening.name or session.customer_name
    if opening.email and opening.email != session.customer_email:
        session.customer_email = opening.email
        session.customer_verified = False
    session.customer_verified = session.customer_verified or opening.verified
    if opening.page_url:
        session.page_url, session.page_title = opening.page_url, opening.page_title
    if opening.product is not None:
        same = opening.product.id == session.product_id
        session.product_id = opening.product.id
        session.product_name = opening.product.name or (session.product_name if same else None)
        session.product_url = opening.product.url or (session.product_url if same else None)
        session.product_price = opening.product.price or (session.product_price if same else None)
    known = (
        session.customer_name,
        session.customer_email,
        session.product_name,
        session.product_id,
    )
    session.search_text = "\n".join(text for text in known if text).casefold()
