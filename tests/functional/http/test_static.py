"""Static files: cached for ever at an address that changes with their content, and compressed once."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from livechat.web import assets, headers

GZIP = {"Accept-Encoding": "gzip, br"}
NAMES = ("common/dom.js", "desk/light.css", "sheets/chat.css")


@pytest.fixture
def wsgi(boot: Callable[..., Any]) -> Any:
    """The application as operators run it."""
    return boot(development=False)


def place(app: Any) -> str:
    """The current base address of static files, as the conversation page names it."""
    return re.search(r"/static/[0-9a-f]{12}/", app.get("/chat/").text)[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_cached_for_ever(app: Any, name: str) -> None:
    plain = app.get(place(app) + name)
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert plain.content_type == ("text/css" if name.endswith(".css") else "text/javascript")
    assert "/*" not in plain.text


@pytest.mark.parametrize("path", [*NAMES, "/widget.js"])
def test_a_file_is_compressed_for_clients_that_accept_it(app: Any, wsgi: Any, path: str) -> None:
    path = path if path.startswith("/") else place(app) + path
    plain = app.get(path)
    request = app.RequestClass.blank(path, headers=GZIP)
    packed = request.get_response(wsgi)
    assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert packed.content_length == len(packed.body) < len(plain.body)
    request.method = "HEAD"
    head = request.get_response(wsgi)
    assert (head.body, head.content_length) == (b"", packed.content_length)
    assert app.get(path, headers={"If-None-Match": f'"{plain.etag}"'}, status=304).body == b""


@pytest.mark.parametrize("path", ["common/dom.js", "/widget.js"])
def test_a_file_is_compressed_once(app: Any, path: str) -> None:
    path = path if path.startswith("/") else place(app) + path
    app.get(path, headers=GZIP)
    before = headers.gzip_once.cache_info().misses
    for _ in range(3):
        app.get(path, headers=GZIP)
        app.head(path, headers=GZIP)
    assert headers.gzip_once.cache_info().misses == before


@pytest.mark.parametrize(
    "name",
    ["", "common", "common/", "no.js", "sheets/no.css", "common/../tokens.css", "../settings.py"],
)
def test_other_names_are_not_found(app: Any, name: str) -> None:
    assert app.get(place(app) + name, status=404).headers["Cache-Control"] == "no-store"


def test_a_file_is_read_only(app: Any) -> None:
    app.post(f"{place(app)}common/dom.js", status=405)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the static files that a test may change."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path / "static")
    return Path(shutil.copytree(Path(assets.__file__).parents[1] / "static", assets.FOLDER))


def test_developers_see_their_changes(boot: Callable[..., Any], folder: Path) -> None:
    app = TestApp(boot(development=True))
    for name, address in (("common/dom.js", "common/dom.js"), ("tokens.css", "sheets/chat.css")):
        address = place(app) + address
        app.get(address)
        (folder / name).write_text("/* changed */")
        answer = app.get(address, headers=GZIP)
        assert "/* changed */" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    (folder / "widget/loader.js").write_text("/* changed */")
    assert app.get("/widget.js").text == "/* changed */"


def test_a_running_server_sends_the_files_that_its_addresses_name(
    boot: Callable[..., Any], folder: Path
) -> None:
    app = TestApp(boot(development=False, shop_name="Before"))
    address = f"{place(app)}common/dom.js"
    before = app.get(address).text
    (folder / "common/dom.js").write_text("let a = 1;")
    assert app.get(address).text == before
    after = TestApp(boot(development=False, shop_name="After"))
    assert place(after) != place(app)
    assert after.get(f"{place(after)}common/dom.js").text == "let a=1;"
