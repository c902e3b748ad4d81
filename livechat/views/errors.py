"""What is answered when a request cannot be: one shape as JSON, one page as HTML.

Two rules keep secrets. Forbidden on a customer's session is answered by the very not-found view, so a session that is
not yours looks like one that does not exist. Not found beneath the desk, for who may not see the desk, is answered
like forbidden, so a stranger learns nothing about what exists there.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from pyramid.exceptions import BadCSRFToken, PredicateMismatch, URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.traversal import find_interface
from pyramid.view import exception_view_config, forbidden_view_config, notfound_view_config
from pyramid_retry import mark_error_retryable

from ..db import errors
from ..exceptions import Refused
from ..permissions import Permission
from ..resources import AdminSession, CustomerSession, Desk
from ..web.headers import on_customer_side, preflight
from ..web.request_body import form_text
from .login import LOGIN_PAGE, login_form

log = logging.getLogger(__name__)
RETRY_AFTER = 2  # seconds


@exception_view_config(Refused)
def refused(error: Refused, request: Request) -> Response:
    """Our own no."""
    response = answer(request, error.status, error.code, error.message, error.field, error.headers)
    if error.more and prefers_json(request):
        response.json_body = response.json_body | error.more
    return response


@notfound_view_config()
def not_found(_error: Any, request: Request) -> Response:
    """There is nothing there, or nothing for you."""
    if _is_preflight(request):
        return preflight(request)
    if _beneath_desk(request) and not _may(request, Permission.READ_DESK):
        return forbidden(_error, request)
    return answer(request, 404, "not_found", "There is nothing at this address.")


@exception_view_config(PredicateMismatch)
def no_such_method(error: Any, request: Request) -> Response:
    """The address exists, but not for this method or this kind of answer."""
    if _is_preflight(request):
        return preflight(request)
    context = getattr(request, "context", None)
    if isinstance(context, CustomerSession) and not _may(request, Permission.CONVERSE):
        return not_found(error, request)
    if _beneath_desk(request) and not _may(request, Permission.READ_DESK):
        return forbidden(error, request)
    methods = _methods_here(request)
    if not methods or request.method in methods:
        return not_found(error, request)
    allowed = ", ".join(sorted(methods))
    message, headers = f"This address accepts only {allowed}.", {"Allow": allowed}
    return answer(request, 405, "method_not_allowed", message, headers=headers)


@forbidden_view_config()
def forbidden(_error: Any, request: Request) -> Response:
    """Not for you: on the desk, as a page, that means to sign in."""
    if isinstance(getattr(request, "context", None), CustomerSession):
        return not_found(_error, request)
    if _beneath_desk(request) and request.identity.admin is not None:
        message = "You don't have permission. An owner can change your role."
        return answer(request, 403, "forbidden", message, "role")
    if prefers_json(request):
        return answer(request, 403, "forbidden", "Sign in to see this.")
    return _to_login(request)


def _to_login(request: Request) -> Response:
    """The login page. It shows a text that could not be sent, so that it is not lost."""
    login_url = request.resource_url(request.root["custom-admin"], "login", "")
    if request.method == "GET":
        return HTTPSeeOther(login_url + _next(request))
    if kept := form_text(request, "body"):
        page = login_form(request) | {"kept": kept[:10_000]}
        response = render_to_response(LOGIN_PAGE, page, request=request)
        response.status_int = 403
        return response
    return HTTPSeeOther(login_url)


@exception_view_config(BadCSRFToken)
def bad_token(_error: Any, request: Request) -> Response:
    """An unsafe request without the token that our own pages put into it."""
    message = "This form has expired. Go back, reload the page and send it again."
    return answer(request, 403, "csrf_failed", message)


@exception_view_config(URLDecodeError)
@exception_view_config(UnicodeDecodeError)
def undecodable(_error: Any, request: Request) -> Response:
    """The address is not text."""
    return answer(request, 400, "bad_request", "The address is not UTF-8 text.")


def database_away(error: Exception, request: Request) -> Response:
    """The database is locked, read-only or gone; the client keeps its text and tries again."""
    if errors.is_conflict(error):
        # Two transactions were in each other's way: pyramid_retry drops this answer and tries again. pyramid_tm
        # would say so, too, but not where a commit veto looks at the answer first.
        mark_error_retryable(error)
    log.error("The database did not answer: %s", errors.reason(error))
    message = "The chat is unavailable right now. Nothing is lost. Try again in a moment."
    return answer(request, 503, "unavailable", message, headers={"Retry-After": str(RETRY_AFTER)})


@exception_view_config(HTTPException)
def other(error: HTTPException, request: Request) -> Response:
    """Whatever else Pyramid raises, redirects included."""
    if error.status_int < 400:
        return error
    return answer(
        request, error.status_int, error.title.lower().replace(" ", "_"), error.explanation
    )


@exception_view_config(Exception)
def unexpected(error: Exception, request: Request) -> Response:
    """The database is away, or it is a fault of ours, told in the log, in full."""
    if errors.is_away(error):
        return database_away(error, request)
    log.error("%s %s failed", request.method, request.path_info, exc_info=error)
    message = "Something went wrong on our side. Nothing you sent is lost. Try again."
    return answer(request, 500, "internal", message)


def answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error, as JSON or as a page. It uses no database session: that may be what failed."""
    shape: dict[str, Any] = {"error": {"code": code, "message": message}}
    if field is not None:
        shape["error"]["field"] = field
    if prefers_json(request):
        response = render_to_response("json", shape, request=request)
    else:
        kept = form_text(request, "body")[:10_000]
        page = {"status": status, "message": message, "kept": kept, "back": _back(request)}
        response = render_to_response("livechat:templates/error.jinja2", page, request=request)
    response.status_int = status
    response.headers.update(headers or {})
    return response


def prefers_json(request: Request) -> bool:
    """Programs, and who asks for a stream, get JSON, browsers pages. Who does not say: JSON on the customer side,
    pages elsewhere."""
    accept = request.headers.get("Accept", "")
    if "text/html" in accept or "application/json" in accept:
        offers = request.accept.acceptable_offers(["text/html", "application/json"])
        return bool(offers) and offers[0][0] == "application/json"
    if request.content_type == "application/json" or "text/event-stream" in accept:
        return True
    return on_customer_side(request)


def _back(request: Request) -> str | None:
    """On the desk the page to go on from: the conversation, or the list."""
    context = getattr(request, "context", None)
    place = find_interface(context, AdminSession) or find_interface(context, Desk)
    return request.resource_url(place) if context is not None and place else None


def _is_preflight(request: Request) -> bool:
    return bool(request.method == "OPTIONS" and on_customer_side(request))


def _beneath_desk(request: Request) -> bool:
    context = getattr(request, "context", None)
    return context is not None and find_interface(context, Desk) is not None


def _may(request: Request, permission: Permission) -> bool:
    return bool(request.has_permission(permission, request.context))


def _methods_here(request: Request) -> set[str]:
    """The methods that views of this context and name take, as registered."""
    methods: set[str] = set()
    for item in request.registry.introspector.get_category("views", []):
        view = item["introspectable"]
        kind = view["context"]
        if view["name"] != request.view_name or not isinstance(kind, type):
            continue
        if isinstance(request.context, kind):
            named = view["request_methods"] or ()
            methods.update([named] if isinstance(named, str) else named)
    return methods | ({"HEAD"} if "GET" in methods else set())


def _next(request: Request) -> str:
    return "?" + urlencode({"next": request.path_qs}) if len(request.path_qs) < 500 else ""
