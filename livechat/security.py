"""Who sends a request, and whether it may come from there: identities, CSRF and Origin rules."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from pyramid.authorization import ACLHelper, Authenticated, Everyone
from pyramid.config import Configurator
from pyramid.interfaces import ICSRFStoragePolicy, ISecurityPolicy
from pyramid.request import Request, RequestLocalCache
from pyramid.response import Response
from zope.interface import implementer

from .accounts.logins import admin_by_login
from .actors import Actor, admin_actor
from .cookies import (
    CSRF_COOKIE,
    LOGIN_COOKIE,
    cookie_name,
    read_cookie,
    remove_former,
    set_cookie,
)
from .exceptions import NotAllowed
from .settings import Settings, origin_of, site_allowed


def of_role(role: str) -> str:
    """The principal of the admins with this role, for ACLs."""
    return f"role:{role}"


@dataclass(frozen=True)
class AdminIdentity:
    """A signed-in admin, as plain values detached from the database."""

    id: int
    username: str
    name: str
    login_id: int
    role: str

    @property
    def actor(self) -> Actor:
        """This admin as an actor on conversations."""
        return admin_actor(self.id, self.name)


@dataclass(frozen=True)
class Identity:
    """Whom a request comes from: a guest by its bearer token, an admin by its cookie, or neither.

    The two never mix: the ACLs of the customer side name no admins, those of the desk no guests. So a cookie opens
    nothing under /chat/, and a token nothing under /custom-admin/.
    """

    guest_id: int | None = None
    admin: AdminIdentity | None = None


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Reads the identity once per request, and lets the tree's ACLs decide."""

    def __init__(self) -> None:
        self.acl = ACLHelper()
        self.cache = RequestLocalCache(self._load)

    def _load(self, request: Request) -> Identity:
        guest = admin = None
        if token := bearer_token(request):
            guest = request.realtime.poll_cache.guest_id(lambda: request.db, token)
        if cookie := login_token(request):
            found = admin_by_login(request.db, cookie)
            if found is not None and _may_use(request, cookie, found.device):
                admin = AdminIdentity(
                    found.id, found.username, found.name, found.login_id, found.role
                )
                request.registry["livechat.logins_seen"].note(found.login_id, found.seen_at)
        return Identity(guest, admin)

    def identity(self, request: Request) -> Identity:
        identity: Identity = self.cache.get_or_create(request)
        return identity

    def authenticated_userid(self, request: Request) -> str | None:
        admin = self.identity(request).admin
        return admin.username if admin else None

    def permits(self, request: Request, context: Any, permission: str) -> Any:
        identity = self.identity(request)
        principals = [Everyone]
        if identity.guest_id is not None:
            principals += [Authenticated, f"guest:{identity.guest_id}"]
        if identity.admin is not None:
            principals += [Authenticated, of_role(identity.admin.role)]
        return self.acl.permits(context, principals, permission)

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Headers that keep an admin signed in. `userid`: the login's token (see `accounts.admins.sign_in`)."""
        lasts = request.livechat.login_hours * 3600
        return set_cookie(request, LOGIN_COOKIE, userid, lasts, _desk_path(request))

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        path = _desk_path(request)
        gone = set_cookie(request, LOGIN_COOKIE, "", 0, path)
        return gone + remove_former(request, LOGIN_COOKIE, path)


def bearer_token(request: Request) -> str | None:
    """The token of ``Authorization: Bearer``; None if it is missing or malformed."""
    match = re.fullmatch(
        r"bearer +([A-Za-z0-9_-]{20,100})", request.headers.get("Authorization", ""), re.I
    )
    return match[1] if match else None


def login_token(request: Request) -> str | None:
    """The token of the login cookie; None if it is missing or malformed."""
    token = read_cookie(request.cookies, cookie_name(request, LOGIN_COOKIE))
    return token or read_cookie(request.cookies, LOGIN_COOKIE) or None


def _may_use(request: Request, token: str, device: str | None) -> bool:
    """Whether a login may be used with the cookie that carries it.

    Over https a subdomain could have planted a cookie without the prefix. Only logins from before the prefix, which
    have no device, may still use one; the response gives them the new name.
    """
    if read_cookie(request.cookies, cookie_name(request, LOGIN_COOKIE)) == token:
        return True
    if device is not None:
        return False
    headers = SecurityPolicy.remember(request.registry.getUtility(ISecurityPolicy), request, token)
    headers += remove_former(request, LOGIN_COOKIE, _desk_path(request))
    name = cookie_name(request, LOGIN_COOKIE)

    def renew(_request: Request, response: Response) -> None:
        said = response.headers.getall("Set-Cookie")
        if not any(one.startswith(f"{name}=") for one in said):  # not when signing out
            response.headerlist.extend(headers)

    request.add_response_callback(renew)
    return True


def _desk_path(request: Request) -> str:
    path: str = request.resource_path(request.root["custom-admin"])
    return path


@implementer(ICSRFStoragePolicy)
class CSRFTokens:
    """CSRF tokens without storage: an HMAC of the login's token, or of a cookie of their own before signing in."""

    def new_csrf_token(self, request: Request) -> str:
        seed = secrets.token_urlsafe(32)
        request.new_csrf_seed = seed
        headers = set_cookie(request, CSRF_COOKIE, seed, 24 * 3600, _desk_path(request))
        request.add_response_callback(
            lambda _request, response: response.headerlist.extend(headers)
        )
        return _masked(self._token(request, seed))

    def get_csrf_token(self, request: Request) -> str:
        seed = login_token(request) if request.identity.admin else None
        seed = seed or getattr(request, "new_csrf_seed", None)
        seed = seed or request.cookies.get(cookie_name(request, CSRF_COOKIE))
        return _masked(self._token(request, seed)) if seed else self.new_csrf_token(request)

    def check_csrf_token(self, request: Request, supplied_token: Any) -> bool:
        # A token sent as a file field of a form is an object and no text.
        if not isinstance(supplied_token, str) or not supplied_token.isascii():
            return False
        return hmac.compare_digest(
            _unmasked(self.get_csrf_token(request)), _unmasked(supplied_token)
        )

    @staticmethod
    def _token(request: Request, seed: str) -> str:
        key = request.livechat.secret.encode()
        return hmac.new(key, b"csrf " + seed.encode(), hashlib.sha256).hexdigest()


def own_origin(request: Request) -> str:
    """The chat's own origin: that of the configured public URL, in development that of the request."""
    url = request.livechat.public_url or request.host_url
    return origin_of(url) or ""


def check_own_origin(request: Request) -> None:
    """Refuse an unsafe request that another site makes a browser send to the desk. Raises NotAllowed."""
    origin = request.headers.get("Origin")
    if origin is None and "Referer" in request.headers:
        origin = origin_of(request.headers["Referer"]) or "null"
    if origin is not None and origin.lower() != own_origin(request):
        raise NotAllowed(
            "origin_refused",
            "This request came from another site. Open the page itself and try again.",
        )


def check_site(request: Request) -> None:
    """Refuse a customer's request from a site that is neither the chat's own nor allowed. Raises NotAllowed."""
    origin = request.headers.get("Origin")
    if origin is None or origin.lower() == own_origin(request):
        return
    if not site_allowed(origin, request.livechat.allowed_sites):
        raise NotAllowed("origin_refused", "This site is not on the chat's list of allowed sites.")


def embedding_site(request: Request, given: Any) -> str | None:
    """The origin of the page that embeds the chat, if it is an allowed site or the chat's own; otherwise None.

    For a request that the page itself sends, the browser vouches for its Origin. The chat's frame has the chat's own
    Origin; `given` is what the frame says about the page around it. It is as trustworthy as the frame, which is ours
    and only appears in allowed sites.
    """
    own, origin = own_origin(request), request.headers.get("Origin", "").lower()
    site = origin if origin not in {"", own} else given
    if not isinstance(site, str) or len(site) > 300:
        return None
    site = site.lower()
    return site if site == own or site_allowed(site, request.livechat.allowed_sites) else None


def _masked(token: str) -> str:
    """The token XORed with random bytes, so that the size of a compressed page reveals nothing of it (BREACH)."""
    plain = bytes.fromhex(token)
    mask = secrets.token_bytes(len(plain))
    return (mask + bytes(a ^ b for a, b in zip(mask, plain, strict=True))).hex()


def _unmasked(token: str) -> str:
    """The token itself. A text that is not a masked token stays as it is."""
    try:
        given = bytes.fromhex(token)
    except ValueError:
        return token
    if len(given) != 2 * hashlib.sha256().digest_size:
        return token
    mask, hidden = given[: len(given) // 2], given[len(given) // 2 :]
    return bytes(a ^ b for a, b in zip(mask, hidden, strict=True)).hex()


def signature_holds(secret: str, email: str, signature: str) -> bool:
    """Whether the shop has signed an email address: hex HMAC-SHA256 with the shared secret."""
    expected = hmac.new(secret.encode(), email.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.lower().encode())


def client_address(request: Request) -> str:
    """The client's IP address. X-Forwarded-For counts only as far as our own proxies wrote it."""
    address = request.environ.get("REMOTE_ADDR", "")
    trusted = request.livechat.trusted_proxies
    if trusted:
        hops = [
            hop.strip()
            for hop in request.headers.get("X-Forwarded-For", "").split(",")
            if hop.strip()
        ]
        if len(hops) >= trusted:
            address = hops[-trusted]
    return str(address)


def network_of(address: str) -> str:
    """The network of an address: an IPv4 address, or the /64 of one IPv6 household; ``unknown`` for no address."""
    # Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    bare = re.fullmatch(r"\[(.+)\](?::\d+)?|([\d.]+):\d+", address, re.ASCII)
    try:
        ip = ip_address(bare[1] or bare[2] if bare else address)
    except ValueError:
        return "unknown"
    if ip.version == 6 and ip.ipv4_mapped is None:
        return str(ip_network((ip, 64), strict=False))
    return str(ip.ipv4_mapped if ip.version == 6 else ip)


def request_settings(request: Request) -> Settings:
    """``request.livechat``: the settings."""
    settings: Settings = request.registry["livechat.settings"]
    return settings


def includeme(config: Configurator) -> None:
    config.set_security_policy(SecurityPolicy())
    config.set_csrf_storage_policy(CSRFTokens())
    # Pyramid's own Origin check does nothing over plain http; ours is in web/derivers.py.
    config.set_default_csrf_options(require_csrf=True, check_origin=False)
    config.add_request_method(request_settings, "livechat", reify=True)
