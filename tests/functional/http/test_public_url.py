"""Behind a proxy: links, redirects and cookies use the public URL, whatever the proxy has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp

from ...factories import Customer

BEHIND = {"HTTP_HOST": "127.0.0.1:6543", "wsgi.url_scheme": "http"}


def test_links_begin_with_the_public_url(boot: Callable[..., Any]) -> None:
    customer = Customer(boot(public_url="https://chat.example.com"))
    customer.app.extra_environ.update(BEHIND)
    links = customer.starts("hello").json["session"]["links"]
    assert all(link.startswith("https://chat.example.com/chat/") for link in links.values())


def test_redirects_lead_to_the_public_url(boot: Callable[..., Any]) -> None:
    app = TestApp(boot(public_url="https://chat.example.com"), extra_environ=BEHIND)
    assert app.get("/custom-admin/").location == "https://chat.example.com/custom-admin/login/"
    assert app.get("/chat/start/42/").location == "https://chat.example.com/chat/?product=42"


@pytest.mark.parametrize("taken_off", [True, False], ids=["stripped", "whole"])
def test_the_chat_may_be_served_below_a_path(boot: Callable[..., Any], taken_off: bool) -> None:
    app = TestApp(boot(public_url="https://shop.example/support/"), extra_environ=BEHIND)
    prefix = "" if taken_off else "/support"
    page = app.get(f"{prefix}/custom-admin/login/")
    assert page.html.find("form")["action"] == "https://shop.example/support/custom-admin/login/"
    assert "Path=/;" in page.headers["Set-Cookie"]
    assert "secure" in page.headers["Set-Cookie"].lower()
    style = page.html.find("link", rel="stylesheet")["href"]
    assert style.startswith("https://shop.example/support/static/")
    assert app.get(style.removeprefix("https://shop.example/support")).status_int == 200
