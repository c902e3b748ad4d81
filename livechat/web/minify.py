"""Scripts and style sheets as they are sent: without comments, indentation and needless spaces.

The sources explain themselves at length and visitors pay for every byte, so the server leaves the explanations out.
There is no build step: rjsmin and rcssmin take out what means nothing, and rename and rewrite nothing.
"""

from __future__ import annotations

from functools import lru_cache

from rcssmin import cssmin
from rjsmin import jsmin


@lru_cache(maxsize=256)
def lean_script(source: str) -> str:
    """The same script, shorter."""
    return str(jsmin(source))


@lru_cache(maxsize=64)
def lean_sheet(source: str) -> str:
    """The same style sheet, shorter."""
    return str(cssmin(source))
