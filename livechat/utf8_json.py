"""JSON in UTF-8: answers, JSON within pages, and what is stored as JSON.

Python escapes whatever is not ASCII unless it is told otherwise, which makes twelve bytes of an emoji that has four.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.config import Configurator


def dumps(value: Any, **more: Any) -> str:
    """A value as compact JSON, in which every character is itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **more)


def encoded(value: Any, **more: Any) -> bytes:
    """The same as UTF-8. Half a character (a lone surrogate) is no text and becomes a question mark."""
    return dumps(value, **more).encode("utf-8", "replace")


def includeme(config: Configurator) -> None:
    from pyramid.renderers import JSON  # here: the command line does without, and starts quicker

    config.add_renderer("json", JSON(encoded))

    def in_pages() -> None:
        policies = config.get_jinja2_environment().policies
        policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}

    config.action("livechat.utf8_json", in_pages, order=1000)
