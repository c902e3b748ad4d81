"""The settings, read from the ini file and the environment into one frozen dataclass."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import urlsplit

PREFIX = "livechat."
DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105 - refused outside development
SHORTEST_SECRET = 32

Asked = Literal["optional", "required", "hidden"]
Assignment = Literal["manual", "automatic"]
Streams = Literal["auto", "on", "off"]


class SettingsError(Exception):
    """The settings cannot be used. The text says what to correct, one problem on a line."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, typed. An ini file calls them ``livechat.NAME``, the environment ``LIVECHAT_NAME``."""

    database_url: str = "sqlite:///livechat.sqlite3"
    """An SQLAlchemy URL: ``sqlite:///…`` or ``postgresql+psycopg://…``."""

    public_url: str | None = None
    """The URL at which browsers reach the chat; without one (development only) the host of each request."""

    allowed_sites: tuple[str, ...] = ()
    """Origins that may embed the chat: ``https://shop.com``, ``https://*.shop.com``, ``http://localhost:*``."""

    secret: str = ""
    """At least 32 random characters: the key of CSRF tokens and of what devices and limits remember."""

    identity_secret: str | None = None
    """Shared with the shop, which signs its customers' email addresses with it; see docs/embedding.md."""

    development: bool = False
    """Allows the sample secret and a missing public URL. Never use it for a real site."""

    demo_shop: bool = False
    """Serves the demo shop under /demo/; only together with ``development``."""

    shop_name: str = "Customer service"
    """The name at the top of the chat."""

    guest_name: Asked = "optional"
    guest_email: Asked = "optional"
    """Whether guests are asked for a name and an email address."""

    trusted_proxies: int = 0
    """How many reverse proxies append to X-Forwarded-For; 0 ignores the header."""

    login_hours: int = 24 * 7
    """How long admins stay signed in, in hours."""

    hsts_seconds: int = 0
    """For how many seconds browsers use only https for the whole host (RFC 6797); 0 sends no header."""

    busy_timeout_ms: int = 3000
    """How long a writer waits for SQLite's write lock or a row on PostgreSQL before it gets a 503, in milliseconds."""

    wakeup: str = ""
    """How processes wake each other for news: empty for the database's own way, or ``redis://host:port/0``."""

    streams: Streams = "auto"
    """Live connections. ``auto``: as many as the limits allow on gevent, next to none on threads."""

    assignment: Assignment = "manual"
    """``automatic``: waiting chats are assigned to admins who are at the desk."""

    assignment_limit: int = 0
    """How many chats an admin is assigned automatically; 0 means no limit. Admins may take more."""

    assignment_return_minutes: int = 0
    """After how many minutes without an answer a chat is unassigned; 0 means never."""

    limit_guest_streams: int = 20
    limit_network_streams: int = 5000
    limit_all_streams: int = 20000
    """Live connections of one customer or login, of one network, and in total, in each process."""

    limit_guest_sends: str = "240/minute"
    limit_network_sends: str = "3000/minute"
    limit_all_sends: str = "30000/minute"
    limit_guest_acts: str = "600/minute"
    limit_network_acts: str = "12000/minute"
    limit_all_acts: str = "60000/minute"
    """Messages and other acts (closing, typing, read receipts): of a guest, a network, in total; for each process."""

    limit_network_starts: str = "600/minute"
    limit_all_starts: str = "6000/minute"
    """Conversations started from one network, and in total."""

    limit_login_failures: str = "10/15minutes"
    limit_network_login_failures: str = "100/15minutes"
    """Wrong passwords for one name from one network (or a browser that knows it), and from one network in total."""

    limit_account_login_failures: str = "20/hour"
    """Wrong passwords for one name from all networks, except from browsers that know the name."""


def from_mapping(ini: Mapping[str, str], environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. The environment (`environ`, by default os.environ) overrides the ini file.

    Raises SettingsError, which names every wrong line and not only the first.
    """
    env = os.environ if environ is None else environ
    known = {field.name: field for field in fields(Settings)}
    given: dict[str, str] = {}
    problems = []
    for key, text in ini.items():
        if key.startswith(PREFIX):
            name = key.removeprefix(PREFIX)
            if name in known:
                given[name] = text
            else:
                problems.append(f"{key} is not a livechat setting. Check the spelling.")
    for name in known:
        if f"LIVECHAT_{name.upper()}" in env:
            given[name] = env[f"LIVECHAT_{name.upper()}"]
    values: dict[str, Any] = {}
    for name, text in given.items():
        if "change me" in text.lower():
            problems.append(f"{PREFIX}{name} is still the sample value. Replace it with your own.")
            continue
        try:
            values[name] = _READ[str(known[name].type)](text.strip())
        except ValueError as error:
            problems.append(f"{PREFIX}{name} = {text.strip()}: {error}")
    if problems:
        raise SettingsError("\n".join(problems))
    settings = Settings(**values)
    if problems := _complaints(settings):
        raise SettingsError("\n".join(problems))
    return settings


def for_development(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings without an ini file: defaults for this machine only."""
    defaults = {
        "livechat.development": "true",
        "livechat.demo_shop": "true",
        "livechat.allowed_sites": "http://127.0.0.1:* http://localhost:*",
        "livechat.secret": DEVELOPMENT_SECRET,
    }
    return from_mapping(defaults, environ)


def _complaints(settings: Settings) -> list[str]:
    problems = []
    if not settings.database_url.startswith(("sqlite://", "postgresql+psycopg://")):
        problems.append(
            "livechat.database_url must begin with sqlite:/// or postgresql+psycopg://, "
            "the two supported databases."
        )
    if settings.database_url in {"sqlite://", "sqlite:///", "sqlite:///:memory:"}:
        problems.append(
            "livechat.database_url must name a file, such as sqlite:////var/lib/livechat/livechat.sqlite3."
        )
    for name in _LIMITS:
        if not re.fullmatch(r"\d+/\d*(second|minute|hour|day)s?", getattr(settings, name)):
            problems.append(f"livechat.{name} must look like 240/minute or 10/15minutes.")
    if settings.wakeup and not settings.wakeup.startswith(("redis://", "rediss://", "unix://")):
        problems.append(
            "livechat.wakeup must be empty or begin with redis://, rediss:// or unix://."
        )
    if settings.public_url and origin_of(settings.public_url) is None:
        problems.append(
            f"livechat.public_url = {settings.public_url}: give scheme and host, "
            "such as https://chat.your-shop.com."
        )
    if settings.hsts_seconds and not (settings.public_url or "").startswith("https:"):
        problems.append(
            "livechat.hsts_seconds is for a livechat.public_url that begins with https://."
        )
    if settings.development:
        return problems
    if settings.demo_shop:
        problems.append("livechat.demo_shop is for development. Remove the line.")
    if not settings.secret:
        problems.append(
            "livechat.secret is missing. Create one with: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(32))" '
            "and set it as LIVECHAT_SECRET."
        )
    elif settings.secret == DEVELOPMENT_SECRET:
        problems.append("livechat.secret is still the sample value. Replace it with a random one.")
    elif len(settings.secret) < SHORTEST_SECRET or len(set(settings.secret)) < 10:
        problems.append(
            f"livechat.secret is too weak: use at least {SHORTEST_SECRET} random characters."
        )
    if settings.identity_secret is not None and len(settings.identity_secret) < SHORTEST_SECRET:
        problems.append(
            f"livechat.identity_secret is too weak: use at least {SHORTEST_SECRET} characters."
        )
    if not settings.public_url:
        problems.append(
            "livechat.public_url is missing: the address at which browsers reach the chat, "
            "such as https://chat.your-shop.com."
        )
    return problems


def _text(text: str) -> str:
    return text


def _optional(text: str) -> str | None:
    return text or None


def _boolean(text: str) -> bool:
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0", ""}:
        return False
    raise ValueError("must be true or false")


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("must be a whole number")
    return int(text)


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be {', '.join(choices[:-1])} or {choices[-1]}")
        return text

    return read


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin_pattern(word) for word in re.split(r"[\s,]+", text) if word)


def _origin_pattern(text: str) -> str:
    if not re.fullmatch(
        r"https?://(\*\.)?(\[[0-9a-f:]+\]|[\w.-]+)(:(\d{1,5}|\*))?/?", text, re.ASCII
    ):
        raise ValueError(
            f"{text} is not an origin. Give scheme and host, such as https://www.your-shop.com"
        )
    pattern = text.rstrip("/").lower()
    # Browsers omit a scheme's default port.
    scheme = pattern.partition(":")[0]
    return pattern.removesuffix({"http": ":80", "https": ":443"}[scheme])


_READ: dict[str, Callable[[str], Any]] = {
    "str": _text,
    "str | None": _optional,
    "bool": _boolean,
    "int": _count,
    "Asked": _one_of("optional", "required", "hidden"),
    "Assignment": _one_of("manual", "automatic"),
    "Streams": _one_of("auto", "on", "off"),
    "tuple[str, ...]": _origins,
}
_LIMITS = [
    field.name
    for field in fields(Settings)
    if field.name.startswith("limit_") and field.type == "str"
]


def origin_of(url: str) -> str | None:
    """The origin of a URL as browsers write it (``https://shop.com``, ``http://localhost:6543``), or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in {None, default} else f":{port}")


def site_allowed(origin: str, patterns: tuple[str, ...]) -> bool:
    """Whether an Origin header's value is an allowed site. In a pattern, ``*`` matches subdomains or a port."""
    return any(_pattern_matches(origin.lower(), pattern) for pattern in patterns)


def _pattern_matches(origin: str, pattern: str) -> bool:
    expression = re.escape(pattern)
    expression = expression.replace(r"://\*\.", r"://([a-z0-9_-]+\.)+").replace(
        r":\*", r"(:[0-9]+)?"
    )
    return re.fullmatch(expression, origin) is not None
