"""Fixtures of the functional tests: a caller who may do everything, and a listener to streams."""

import pytest

from livechat.security import LOGIN_COOKIE

from ..factories import Customer
from ..streams import EVENTS, open_stream


@pytest.fixture
def world(wsgi, customer, admin):
    """A caller who may use every address: (wsgi, path names, headers)."""
    cookie = admin.app.cookies[LOGIN_COOKIE].strip('"')
    headers = {
        "Authorization": f"Bearer {customer.token}",
        "Cookie": f"{LOGIN_COOKIE}={cookie}",
        "X-CSRF-Token": admin.csrf_token,
    }
    return wsgi, {"id": customer.id, "number": admin.number_of(customer)}, headers


@pytest.fixture
def listens():
    """A function that opens a stream: of a customer's conversation, of an admin's by its number, or of the list.

    ``listens(customer)``, ``listens(admin, 1)``, ``listens(admin, status="waiting")``. `since` is sent as
    Last-Event-ID. All streams are closed at the end.
    """
    opened = []

    def listens(who, number=None, since=None, accept=EVENTS, method="GET", **query):
        if isinstance(who, Customer):
            path, proof = f"/chat/messages/{who.id}/", who.who
        else:
            path = "/custom-admin/chat/" + ("" if number is None else f"{number}/messages/")
            cookie = who.app.cookies.get(LOGIN_COOKIE, "").strip('"')
            proof = {"Cookie": f"{LOGIN_COOKIE}={cookie}"} if cookie else {}
        headers = {"Accept": accept, **proof} | ({"Last-Event-ID": since} if since else {})
        opened.append(open_stream(who.app.app, path, headers, method=method, **query))
        return opened[-1]

    yield listens
    for stream in opened:
        stream.close()
