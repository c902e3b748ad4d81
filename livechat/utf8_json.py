"""JSON in UTF-8: answers, JSON within pages, and what is stored as JSON.

Python escapes every character outside ASCII by default, which turns the four bytes of an emoji into twelve.
"""

from __future__ import annotations

import json
from typing import Any


def dumps(value: Any, **more: Any) -> str:
    """A value as compact JSON, in which every character is itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **more)


def encoded(value: Any, **more: Any) -> bytes:
    """The same as UTF-8. Half a character (a lone surrogate) is no text and becomes a question mark."""
    return dumps(value, **more).encode("utf-8", "replace")
