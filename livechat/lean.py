"""Scripts and style sheets as they are sent: without comments and indentation.

The sources explain themselves at length and visitors pay for every byte, so the server leaves the
explanations out; there is no build step. Line numbers stay, so that an error in a console names the
line of the source. In development nothing is left out (see headers.py).
"""

from __future__ import annotations

import re
from functools import lru_cache

_BEHIND = re.compile(r"(.*?)\s+(?://\s.*|/\*[^*]*\*/)")
_TYPE = re.compile(r"/\*\* @.*?\*/ ?")


@lru_cache(maxsize=256)
def without_comments(source: str) -> str:
    """The same lines without indentation, and empty where there was nothing but a comment.

    A comment behind code goes, too, if the quotes before it are in pairs: else it may be part of a string.
    And so do types: `/** @type {X} */ (value)`. A template string in a script must not have a line that looks
    like a comment or has one behind it, and its indentation must not matter; tests/unit/test_lean.py holds
    our sources to that.
    """
    lines = []
    inside = False
    for line in source.split("\n"):
        text = line.strip()
        if inside or text.startswith("/*"):
            _comment, end, behind = text.partition("*/")
            inside = not end
            lines.append(_lean(behind.strip()))
        else:
            lines.append("" if text.startswith("//") else _lean(text))
    return "\n".join(lines)


def _lean(text: str) -> str:
    text = _TYPE.sub("", text)
    found = _BEHIND.fullmatch(text)
    if found is None or any(found[1].count(quote) % 2 for quote in "'\"`"):
        return text
    return found[1]
