"""The details a customer brings when a conversation begins or continues, and the session made from them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..models import ChatSession, Guest, Status, now


@dataclass(frozen=True)
class Product:
    """The product a conversation is about, as the shop describes it. `price` is text, shown as given."""

    id: str
    name: str | None = None
    url: str | None = None
    price: str | None = None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The details a customer brings when a conversation begins or continues. None leaves a field unchanged."""

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
    """Create a waiting conversation without entries."""
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
    """Update a session with the details the customer has given; the others keep their values."""
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
