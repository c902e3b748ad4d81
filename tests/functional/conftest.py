"""What the tests of bad input share: a world in which one may do everything."""

import pytest

from livechat.security import LOGIN_COOKIE


@pytest.fixture
def world(wsgi, customer, admin):
    """What is needed to reach every address as one who may: (wsgi, path names, headers)."""
    cookie = admin.app.cookies[LOGIN_COOKIE].strip('"')
    headers = {
        "Authorization": f"Bearer {customer.token}",
        "Cookie": f"{LOGIN_COOKIE}={cookie}",
        "X-CSRF-Token": admin.csrf_token,
    }
    return wsgi, {"id": customer.id, "number": admin.number_of(customer)}, headers
