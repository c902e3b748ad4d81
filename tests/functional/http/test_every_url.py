"""Every URL with every field, in every wrong type: the answer explains the error and is never a 5xx."""

import copy
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..every_url import PAGES, every_url
from ..raw import ask
from .test_fuzz import ANY_TEXT, RELAXED, VALUES

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
DEEP: object = "x"
for _ in range(15):
    DEEP = {"a": [DEEP]}
WRONG = [{}, [], [{}], None, True, 10**19, 1.5, "\x00", "x" * 5000, DEEP]
UNHASHABLE = [{}, [[1]]]
TEXTS = ["\u0661", "-1", "9" * 40, "\u202e", "x" * 3000]


@pytest.fixture
def place(wsgi, customer, admin):
    """(all URLs, names for their paths, the headers of a caller who may do everything)."""
    admin.app.post_json(
        "/custom-admin/chat/views/",
        {"name": "V", "query": {"status": "waiting"}},
        headers=admin.json | {"X-CSRF-Token": admin.csrf_token},
    )
    where = {"id": customer.id, "number": admin.number_of(customer), "item": 1}
    cookie = admin.app.cookies["livechat_login"].strip('"')
    headers = {
        "Authorization": f"Bearer {customer.token}",
        "Cookie": f"livechat_login={cookie}",
        "X-CSRF-Token": admin.csrf_token,
        "Content-Type": JSON,
        "Accept": JSON,
    }
    urls = [url for url in every_url(wsgi) if url.name != "logout"]
    return wsgi, urls, where, headers


def is_an_answer(answer, url):
    """Check that an answer is not a 5xx, and that a refusal in JSON explains the error."""
    assert 200 <= answer.status < 500, (url, answer.status, answer.body[:500])
    if answer.status >= 400 and (answer.header("Content-Type") or "").startswith(JSON):
        error = json.loads(answer.body)["error"]
        assert error["code"], url
        assert error["message"], url


def test_the_urls_are_those_of_the_tree(wsgi):
    found = {url.path for url in every_url(wsgi)}
    assert {
        "/",
        "/chat/",
        "/chat/start/",
        "/chat/start/{item}/",
        "/chat/send/{id}/",
        "/chat/messages/{id}/",
        "/custom-admin/login/",
        "/custom-admin/chat/",
        "/custom-admin/chat/presence/",
        "/custom-admin/chat/bulk/",
        "/custom-admin/chat/{number}/",
        "/custom-admin/chat/{number}/draft/",
        "/custom-admin/chat/views/{item}/remove/",
        "/custom-admin/chat/replies/{item}/",
    } <= found
    assert len(found) > 45
    fields = {url.path: url.fields for url in every_url(wsgi)}
    assert {"body", "client_id", "seen_seq"} <= set(fields["/custom-admin/chat/{number}/send/"])
    assert "state" in fields["/custom-admin/chat/presence/"]


def wrong_bodies(url):
    """Yield valid bodies of a view with one field, or one within a field, of a wrong type."""
    for sound in url.sound:
        for name in sorted(sound):
            inside = sorted(sound[name]) if isinstance(sound[name], dict) else []
            for value in WRONG:
                yield sound | {name: value}
                for key in inside:
                    body = copy.deepcopy(sound)
                    body[name][key] = value
                    yield body
    for name in sorted({*url.fields} - {*url.sound[0]}):
        for value in UNHASHABLE:
            yield url.sound[0] | {name: value}


def test_no_field_of_any_type_breaks_a_url(place):
    wsgi, urls, where, headers = place
    for url in urls:
        if "POST" not in url.methods:
            continue
        wsgi.registry["livechat.limits"]._limiter.storage.reset()
        for body in wrong_bodies(url):
            answer = ask(wsgi, "POST", url.path.format(**where), json.dumps(body).encode(), headers)
            if answer.status == 429:
                wsgi.registry["livechat.limits"]._limiter.storage.reset()
            is_an_answer(answer, (url.path, body))


def test_no_parameter_breaks_a_url(place):
    wsgi, urls, where, headers = place
    for url in urls:
        for name in url.parameters:
            for value in TEXTS:
                for accept in (JSON, "text/html"):
                    query = urlencode({name: value})
                    path = url.path.format(**where)
                    answer = ask(wsgi, "GET", path, b"", headers | {"Accept": accept}, query=query)
                    is_an_answer(answer, (url.path, query))


def test_no_form_breaks_a_url(place):
    wsgi, urls, where, headers = place
    for url in urls:
        if "POST" not in url.methods:
            continue
        wsgi.registry["livechat.limits"]._limiter.storage.reset()
        for sound in url.sound:
            fields = [
                (key, value if isinstance(value, str) else "1") for key, value in sound.items()
            ]
            for name in sound:
                for accept, odd in (
                    (JSON, []),
                    ("text/html", [(name, "a"), (name, "b")]),
                    (JSON, [(name, "\u202e" * 500)]),
                    ("text/html", [(f"{name}[]", "1")]),
                ):
                    form = urlencode([pair for pair in fields if pair[0] != name] + odd).encode()
                    kind = {"Content-Type": FORM, "Accept": accept}
                    answer = ask(wsgi, "POST", url.path.format(**where), form, headers | kind)
                    is_an_answer(answer, (url.path, form[:200]))


@RELAXED
@given(data=st.data())
def test_no_generated_data_breaks_a_url(place, data):
    wsgi, urls, where, headers = place
    wsgi.registry["livechat.limits"]._limiter.storage.reset()
    url = data.draw(st.sampled_from([url for url in urls if "POST" in url.methods]))
    sound = data.draw(st.sampled_from(url.sound))
    names = st.sampled_from(sorted({*sound, *url.fields, "x"}))
    body = sound | data.draw(st.dictionaries(names | ANY_TEXT, VALUES, max_size=3))
    path = url.path.format(**where)
    answer = ask(wsgi, "POST", path, json.dumps(body).encode(), headers)
    is_an_answer(answer, (url.path, body))
    assert answer.status < 400 or url.name in PAGES or json.loads(answer.body)["error"]["message"]


SEGMENTS = [
    "",
    "{}",
    "%00",
    "%FF",
    "..",
    "@@",
    "%2F",
    "0",
    "-1",
    "9" * 30,
    "%E2%80%AE",
    "x" * 2000,
    "1;a=1",
    "\u0661",
]


def test_no_path_segment_breaks_anything(place):
    wsgi, urls, where, headers = place
    for url in urls:
        for name in ("id", "number", "item"):
            if f"{{{name}}}" not in url.path:
                continue
            for segment in SEGMENTS:
                path = url.path.format(**where | {name: segment})
                for method in ("GET", "POST"):
                    is_an_answer(ask(wsgi, method, path, b"{}", headers), (method, path))
