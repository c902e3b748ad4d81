"""Every URL, read from the application's registry, so that no new view can be forgotten.

The tree (`livechat.resources`) gives the places of views, and their source gives the fields that they read.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import livechat
from livechat import resources

PAGES = {"login", "logout", "welcome"}  # pages that take a form, not JSON
# What a request needs so that its other fields are checked. A view that is not listed gets each field separately.
SOUND: dict[str, list[dict[str, Any]]] = {
    "presence": [{"state": "online"}],
    "bulk": [
        {"act": "assign", "numbers": [1], "admin": None},
        {"act": "close", "numbers": [1]},
        {"act": "tag", "numbers": [1], "tag": ["a"]},
    ],
    "team": [
        {"act": "add", "username": "new", "name": "N", "email": "n@example.com", "role": "agent"},
        {"act": "role", "username": "anna", "role": "owner"},
        {"act": "disable", "username": "nobody"},
        {"act": "enable", "username": "nobody"},
        {"act": "invite", "username": "nobody"},
    ],
    "views": [{"name": "V", "query": {"status": "waiting"}}],
    "replies": [{"code": "c", "title": "T", "body": "B", "scope": "mine"}],
    "preferences": [{"theme": "dark", "sound": True}],
    "send": [{"body": "hi", "client_id": "a", "seen_seq": 1}],
    "note": [{"body": "hi", "client_id": "n"}],
    "assign": [{"admin": None, "version": 1}],
    "transfer": [{"admin": "anna", "note": "n", "version": 1}],
    "tags": [{"add": ["a"], "remove": ["b"]}],
    "priority": [{"priority": "high"}],
    "snooze": [{"until": None}],
    "block": [{"blocked": False}],
    "draft": [{"body": "d", "note": False}],
    "seen": [{"seq": 1}],
    "typing": [{"typing": True}],
    "page": [{"page": {"url": "http://shop.example/", "title": "T"}}],
    "start": [
        {
            "name": "N",
            "email": "n@example.com",
            "message": "m",
            "client_id": "s",
            "page": {"url": "http://shop.example/", "title": "T"},
            "product": {"id": "1", "name": "P", "url": "http://shop.example/p", "price": "1"},
            "customer": {"signature": "x"},
        }
    ],
}


@dataclass(frozen=True)
class Url:
    """The URL of one view. `path` contains ``{id}``, ``{number}`` and ``{item}``. `fields` are the names its module
    reads from a body, and `parameters` those that it reads from the query."""

    path: str
    methods: frozenset[str]
    name: str
    fields: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def sound(self) -> list[dict[str, Any]]:
        """Valid bodies."""
        return SOUND.get(self.name, [{}])


def every_url(wsgi: Any) -> list[Url]:
    """Return the URLs of all views, in order. A view for a class that is not in the tree is an error."""
    places = dict(_places(resources.Root, "/"))
    found: dict[str, tuple[set[str], set[ModuleType], str]] = {}
    for item in wsgi.registry.introspector.get_category("views", []):
        view = item["introspectable"]
        kind, callable_ = view["context"], view["callable"]
        module = inspect.getmodule(callable_)
        if not isinstance(kind, type) or issubclass(kind, Exception) or _is_foreign(module):
            continue
        methods = view["request_methods"] or ("GET", "POST")
        for place in places[kind]:
            path = place + (f"{view['name']}/" if view["name"] else "")
            words = [word for word in path.split("/") if word and word != "{item}"]
            name = view["name"] or getattr(kind, "verb", "") or (words or [""])[-1]
            entry = found.setdefault(path, (set(), set(), name))
            entry[0].update([methods] if isinstance(methods, str) else methods)
            entry[1].add(module)
    return [
        Url(path, frozenset(methods), name, *_names_in(frozenset(modules)))
        for path, (methods, modules, name) in sorted(found.items())
    ]


def _is_foreign(module: ModuleType | None) -> bool:
    return module is None or not module.__name__.startswith("livechat.views.")


def _places(kind: Any, path: str) -> Iterator[tuple[type, list[str]]]:
    """Yield each class of the tree with its paths."""
    found: dict[type, list[str]] = {}
    waiting = [(kind, path)]
    while waiting:
        here, at = waiting.pop()
        found.setdefault(here, []).append(at)
        if issubclass(here, resources.Verb):
            verb = at.strip("/").split("/")[-1]
            found.setdefault(resources.of_verb(verb), []).append(f"{at}{{id}}/")
        if issubclass(here, resources.Start) and "{item}" not in at:
            waiting.append((here, f"{at}{{item}}/"))
        if issubclass(here, resources.Desk):
            found[resources.AdminSession] = [f"{at}{{number}}/"]
        if issubclass(here, resources.Root):
            found[resources.DemoShop] = [f"{at}demo/"]
        item = getattr(here, "item", None)
        if item is not None:
            waiting.append((item, f"{at}{{item}}/"))
        children = getattr(here, "children", {})
        waiting += [(child, f"{at}{name}/") for name, child in children.items()]
    yield from found.items()


@cache
def _names_in(modules: frozenset[ModuleType]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that modules, and their helpers for reading fields, take from a body and from the query."""
    root = Path(livechat.__file__).parent
    sources = [Path(str(module.__file__)) for module in modules]
    sources += [
        root / name for name in ("validation.py", "desk/preferences.py", "views/streaming.py")
    ]
    names: set[str] = set()
    asked: set[str] = set()
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=source, attr="get"),
                    args=[ast.Constant(value=str(name)), *_],
                ):
                    (asked if _is_query(source) else names).add(name)
                case ast.Subscript(value=source, slice=ast.Constant(value=str(name))):
                    (asked if _is_query(source) else names).add(name)
    names |= (
        {"theme", "density", "sound", "shortcuts"}
        if any("working" in str(path) for path in sources)
        else set()
    )
    return tuple(sorted(names)), tuple(sorted(asked))


def _is_query(source: ast.expr) -> bool:
    return isinstance(source, ast.Attribute) and source.attr in {"GET", "params"}
