"""The static files: /static/FINGERPRINT/…, so that they can be cached for ever, modules that import each other too."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path

from pyramid.config import Configurator

from .permissions import Permission

A_YEAR = 365 * 24 * 3600


def fingerprint(folder: Path) -> str:
    """A short hash of every file below a folder. One for all, because modules import each other by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def includeme(config: Configurator) -> None:
    folder = Path(str(files("livechat").joinpath("static")))
    # Whoever works on these files wants to see the change, not the cache.
    lasts = 0 if config.registry["livechat.settings"].development else A_YEAR
    config.add_static_view(
        f"static/{fingerprint(folder)}",
        "livechat:static",
        cache_max_age=lasts,
        permission=Permission.VISIT,
    )
