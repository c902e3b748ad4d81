"""Resume tickets over HTTP: getting one with a token, and getting a token with one."""

from __future__ import annotations

import re
from typing import Any

from pyramid.request import Request

from ..accounts import resume_tickets
from ..db.session import give_back_reading, writing
from ..exceptions import Invalid, Missing
from ..permissions import Permission
from ..resources import Resume, Ticket
from ..security import bearer_token, embedding_site
from ..web.rate_limits import network
from ..web.request_body import json_object
from .customer import customer_view
from .customer_json import session_shape


@customer_view(context=Ticket, request_method="POST", permission=Permission.RESUME)
def ticket(context: Ticket, request: Request) -> dict[str, Any]:
    """A resume ticket for the page around the chat's frame, given to whoever has the guest's token."""
    data, guest_id = json_object(request), request.identity.guest_id
    request.limits.count_resume(network(request))
    token = bearer_token(request)
    if guest_id is None or token is None:
        raise Missing("There is no such guest.")
    site = embedding_site(request, data.get("site"))
    if site is None:
        raise Invalid(
            "site", "Give the origin of the page that keeps the ticket. It must be an allowed site."
        )
    found = resume_tickets.give_ticket(request.dbsession, guest_id, token, site)
    if found is None:
        raise Missing("There is no such guest.")
    return {"ticket": found}


@customer_view(context=Resume, request_method="POST", permission=Permission.RESUME)
def resume(context: Resume, request: Request) -> dict[str, Any]:
    """Exchange a resume ticket for a token and the next ticket, once."""
    data = json_object(request)
    request.limits.count_resume(network(request))
    shown, key = (_secret(data.get(name)) for name in ("ticket", "exchange_key"))
    found = session = None
    if shown is not None:
        found, session = _exchange(request, shown, key, embedding_site(request, data.get("site")))
    if found is None:
        raise Missing("This ticket is not valid.")
    shape = session_shape(request, session) if session else None
    return {"token": found.token, "ticket": found.ticket, "session": shape}


def _exchange(request: Request, shown: str, key: str | None, site: str | None) -> tuple[Any, Any]:
    """What the ticket gives, and the guest's newest session; None for each that there is not."""
    # A unit of work of its own: it is committed also when the answer is 404.
    give_back_reading(request)
    with request.registry["livechat.dbsession_factory"]() as db:
        found = resume_tickets.exchange(writing(db), shown, key, site)
        session = found and resume_tickets.newest_session(db, found.guest_id)
        db.commit()
    return found, session


def _secret(value: Any) -> str | None:
    """A ticket or an exchange key, if its form is right."""
    right = isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{20,100}", value)
    return value if right else None
