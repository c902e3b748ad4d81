"""Scripts and style sheets as they are sent: without the comments that stand on lines of their own.

The sources explain themselves at length and visitors pay for every byte, so the server leaves the
explanations out; there is no build step. Line numbers stay, so that an error in a console names the
line of the source. In development nothing is left out (see headers.py).
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def without_comments(source: str) -> str:
    """The same lines, empty where there was nothing but a comment.

    Only whole lines are looked at: a comment behind code stays. A template string in a script must not
    have a line that begins like a comment; tests/unit/test_lean.py holds our sources to that.
    """
    lines = []
    inside = False
    for line in source.split("\n"):
        text = line.strip()
        if inside or text.startswith("/*"):
            _comment, end, behind = text.partition("*/")
            inside = not end
            if not behind.strip():
                behind = ""
            elif text.startswith("/*"):
                behind = line  # `/** @type {X} */ (value)`: code with a comment in front
            lines.append(behind)
        else:
            lines.append("" if text.startswith("//") else line)
    return "\n".join(lines)
