"""JSON in UTF-8, for responses, for pages, and for what is stored.

By default Python escapes every character outside ASCII, which turns the four bytes of an emoji into twelve.
"""

from __future__ import annotations

import json
from typing import Any


def dumps(value: Any, **more: Any) -> str:
    """A value as compact JSON, without escapes for characters outside ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), **more)


def encoded(value: Any, **more: Any) -> bytes:
    """The same as UTF-8 bytes. Half a character (a lone surrogate) becomes a question mark."""
    return dumps(value, **more).encode("utf-8", "replace")
