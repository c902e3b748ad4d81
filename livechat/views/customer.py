"""The customer side: the conversation page and the JSON behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from .. import validation
from ..accounts import guests, resume_tickets
from ..actors import CUSTOMER
from ..conversation import lifecycle, messages, records
from ..conversation.cursors import message_cursor
from ..conversation.opening import Opening, Product
from ..db import errors
from ..desk import presence
from ..exceptions import Invalid
from ..models import Guest
from ..permissions import Permission
from ..realtime.feeds import CustomerFeed
from ..realtime.poll_cache import without_news
from ..resources import Chat, CustomerSession, Start, of_verb
from ..security import bearer_token, embedding_site, signature_holds
from ..serializers import customer_message
from ..web import script_texts
from ..web.headers import framed_by_sites
from ..web.rate_limits import network
from ..web.request_body import json_object
from .customer_json import earlier, newest, position_of, session_shape, session_shaper, since
from .streaming import STREAMED, resume_from, say_typing, streamed

# Cookies are ignored here and JSON from an allowed Origin is required, so there is no token of a form to check.
customer_view: Callable[..., Any] = partial(
    view_config, renderer="json", require_csrf=False, customer_api=True
)


def session_view(verb: str, **more: Any) -> Any:
    """A view of a conversation reached through a verb."""
    return customer_view(context=of_verb(verb), permission=Permission.CONVERSE, **more)


@view_config(
    context=Chat,
    request_method="GET",
    permission=Permission.VISIT,
    renderer="livechat:templates/chat.jinja2",
)
def conversation_page(context: Chat, request: Request) -> dict[str, Any]:
    """The page that the widget shows in a frame; opened by itself it is a full-page chat."""
    framed_by_sites(request, request.response)
    request.response.headers["Cache-Control"] = (
        "public, no-cache"  # nobody's page: the same for all
    )
    names, product_id = ("start", "resume", "ticket"), request.GET.get("product")
    return {
        **_settings(request),
        "urls": {name: request.resource_url(context[name]) for name in names},
        "product_id": validation.product_id(product_id) if product_id else None,
        "team": _team(request),
        "words": script_texts.translated(script_texts.FRAME, request.localizer.translate),
    }


def _settings(request: Request) -> dict[str, Any]:
    settings = request.livechat
    return {
        "allowed_sites": list(settings.allowed_sites),
        "guest_name": settings.guest_name,
        "guest_email": settings.guest_email,
        "shop_name": settings.shop_name,
    }


def _team(request: Request) -> dict[str, Any] | None:
    """Who is there, for who has not written yet. The page is shown also while the database is away."""
    try:
        return request.realtime.team.shape(lambda: request.reading)  # type: ignore[no-any-return]
    except Exception as error:
        if not errors.is_away(error):
            raise
        return None


@view_config(context=Start, request_method="GET", permission=Permission.START)
def start_link(context: Start, request: Request) -> HTTPSeeOther:
    """``<a href="…/chat/start/42/">Ask about it</a>``: to the conversation page, with that product."""
    query = {"product": validation.product_id(context.product_id)} if context.product_id else None
    return HTTPSeeOther(request.resource_url(request.root["chat"], query=query))


@customer_view(context=Start, request_method="POST", permission=Permission.START)
def start(context: Start, request: Request) -> dict[str, Any]:
    """Begin a conversation (201), or go on with the open one (200)."""
    data = json_object(request)
    opening = read_opening(request, data, context.product_id)
    guest, token = _guest(request, opening)
    if opening.body is not None:
        request.limits.count_send(network(request), f"guest {guest.id}")
    outcome = lifecycle.start(request.dbsession, guest, opening)
    request.response.status_int = 201 if outcome.created else 200
    record = records.customer_record_by_id(request.db, outcome.session.id)
    ticket = _ticket(request, data, guest, token)
    return {**newest(request, record), "token": token, **ticket}


def _guest(request: Request, opening: Opening) -> tuple[Guest, str]:
    """The guest who starts a conversation, and their token; both are new if the request has none."""
    guest_id = request.identity.guest_id
    if guest_id is None:
        request.limits.count_start(network(request))
        guest = guests.new_guest(request.dbsession, opening.start_key)
        return guest, guests.give_token(request.dbsession, guest)
    request.limits.count_act(network(request), f"guest {guest_id}")
    return request.dbsession.get_one(Guest, guest_id), bearer_token(request) or ""


def _ticket(request: Request, data: dict[str, Any], guest: Guest, token: str) -> dict[str, str]:
    """A resume ticket for the page around the chat, where there is one. A wrong site keeps nobody from writing."""
    site = embedding_site(request, data["site"]) if "site" in data else None
    ticket = site and resume_tickets.give_ticket(request.dbsession, guest.id, token, site)
    return {"ticket": ticket} if ticket else {}


@session_view("send", request_method="POST", counts="sends")
def send(context: CustomerSession, request: Request) -> dict[str, Any]:
    """Send a message: 201, or 200 and the very same message when it had been sent before."""
    data = json_object(request)
    body = validation.body_text(data.get("body"))
    client_id = validation.client_id(data.get("client_id"))
    request.limits.count_send(network(request), f"guest {context.record.guest_id}")
    record = context.record
    sent = messages.send(request.storage, record, CUSTOMER, body, client_id)
    message = customer_message(sent.message, request.localizer.translate)
    request.response.status_int = 201 if sent.created else 200
    cursor = message_cursor(record, message["seq"], for_customer=True)
    return {"message": message, "cursor": cursor}


@session_view("messages", request_method="GET")
@session_view("messages", request_method="GET", accept="application/json")
def read(context: CustomerSession, request: Request) -> dict[str, Any]:
    """A page of what came since ``after``, from the beginning without one; or the page that ends at ``before``."""
    if "before" in request.GET:
        return _page_before(context, request, request.GET["before"])
    position, lost = position_of(context, request, request.GET.get("after"))
    request.realtime.open_pages.polled(presence.CUSTOMER, context.record.id)
    if lost:
        return newest(request, context.record) | {"reset": True}
    found = since(request, context.record, position)
    if not found["messages"]:
        without_news(request, context.record.id)
    return found


def _page_before(context: CustomerSession, request: Request, cursor: str) -> dict[str, Any]:
    """The page that ends at a cursor; the newest one without a cursor, or when the cursor belongs to another list."""
    if "after" in request.GET:
        raise Invalid("before", "Give only one of after and before.")
    position, lost = position_of(context, request, cursor, "before")
    asked_for = None if lost or not cursor else position
    return earlier(request, context.record, asked_for) | ({"reset": True} if lost else {})


@session_view("messages", request_method="GET", **STREAMED)
def stream(context: CustomerSession, request: Request) -> Response:
    """The same as a stream that goes on."""
    position = position_of(context, request, resume_from(request))
    record, token = context.record, bearer_token(request) or ""
    feed = CustomerFeed(
        request.realtime,
        record.id,
        token,
        position,
        shape=session_shaper(request),
        translate=request.localizer.translate,
    )
    here = [(presence.CUSTOMER, record.id)]
    proof = guests.hash_token(token)
    return streamed(request, feed, record.id, f"guest {record.guest_id}", here, proof=proof)


@session_view("typing", request_method="POST")
def typing(context: CustomerSession, request: Request) -> dict[str, Any]:
    """The customer begins or ends to type. Nothing is stored."""
    say_typing(request, context.record.id, None, json_object(request))
    return {}


@session_view("page", request_method="POST")
def page(context: CustomerSession, request: Request) -> dict[str, Any]:
    """The customer is on another page of the shop."""
    given = validation.mapping(json_object(request).get("page"), "page")
    url = validation.web_address(given.get("url"), "page.url")
    title = validation.short_text(given.get("title"), "page.title", 200)
    if url is None:
        raise Invalid(
            "page.url", "Give the address of the page, starting with http:// or https://."
        )
    lifecycle.moved(request.dbsession, context.session, url, title)
    return {"session": session_shape(request, context.session)}


@session_view("close", request_method="POST")
def close(context: CustomerSession, request: Request) -> dict[str, Any]:
    """End the conversation. To repeat it is no error."""
    json_object(request)
    lifecycle.close(request.dbsession, context.session, CUSTOMER)
    return {"session": session_shape(request, context.session)}


@session_view("reopen", request_method="POST")
def reopen(context: CustomerSession, request: Request) -> dict[str, Any]:
    """Go on with a closed conversation."""
    json_object(request)
    lifecycle.reopen(request.dbsession, context.session, CUSTOMER)
    return newest(request, records.customer_record_by_id(request.db, context.record.id))


@session_view("seen", request_method="POST")
def seen(context: CustomerSession, request: Request) -> dict[str, Any]:
    """The customer has had everything up to ``seq`` on screen."""
    seq = validation.whole_number(json_object(request).get("seq"), "seq")
    lifecycle.seen_by_customer(request.dbsession, context.session, seq)
    return {"session": session_shape(request, context.session)}


def read_opening(request: Request, data: dict[str, Any], id_in_url: str | None) -> Opening:
    """What a start brings, field by field."""
    settings = request.livechat
    customer = validation.mapping(data.get("customer"), "customer")
    name = validation.short_text(data.get("name"), "name", 100)
    email = validation.email_address(data.get("email"), "email")
    known = request.identity.guest_id is not None
    for field, value, asked in (
        ("name", name, settings.guest_name),
        ("email", email, settings.guest_email),
    ):
        if asked == "required" and value is None and not known:
            raise Invalid(field, f"Enter your {field}.")
    page = validation.mapping(data.get("page"), "page")
    message, client_id = data.get("message"), data.get("client_id")
    return Opening(
        name=name,
        email=email,
        verified=_verified(request, email, data.get("email"), customer.get("signature")),
        product=product_of(data.get("product"), id_in_url),
        page_url=validation.web_address(page.get("url"), "page.url"),
        page_title=validation.short_text(page.get("title"), "page.title", 200),
        body=None if message is None else validation.body_text(message, "message"),
        client_id=None if client_id is None else validation.client_id(client_id),
        start_key=validation.start_key(data.get("start_key"), client_id),
    )


def _verified(request: Request, email: str | None, given: Any, signature: Any) -> bool:
    secret = request.livechat.identity_secret
    if signature is None or secret is None or email is None:
        return False
    # The shop signs the address as it has it, which may be written otherwise than we keep it.
    ways = {email, given, given.strip()}
    if not isinstance(signature, str) or not any(
        signature_holds(secret, way, signature) for way in ways
    ):
        raise Invalid("customer.signature", "The shop's signature doesn't match this email.")
    return True


def product_of(value: Any, id_in_url: str | None) -> Product | None:
    """The product of a start: its id from the URL or the body, the rest from the body."""
    given = validation.mapping(value, "product")
    if id_in_url is None and not given:
        return None
    price = given.get("price")
    return Product(
        id=validation.product_id(id_in_url if id_in_url is not None else given.get("id")),
        name=validation.short_text(given.get("name"), "product.name", 200),
        url=validation.web_address(given.get("url"), "product.url"),
        price=validation.short_text(
            str(price) if validation.is_number(price) else price, "product.price", 50
        ),
    )
