"""The strict input layer, first half: reading a request so that nothing a client sends can break us."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.tweens import INGRESS

from ..exceptions import Refused, TooLarge, Unreadable, WrongType

LARGEST_BODY = 64 * 1024
DEEPEST_JSON = 20
MULTIPART = "multipart/form-data"
BODY = "livechat.body"  # its place in the WSGI environment


def attempts(request: Request) -> int | None:
    """How often a request may be tried when the database asks to repeat it; None is the usual number.

    To be able to repeat it, pyramid_retry copies the whole body before anything of ours can count it. So
    what is too large, or does not say how large it is, gets one attempt and is not copied.
    """
    if request.content_length is None or request.content_length > LARGEST_BODY:
        return 1
    request.request_body_tempfile_limit = LARGEST_BODY  # what is allowed stays in memory
    return None


def read_request(
    handler: Callable[[Request], Response], _registry: Any
) -> Callable[[Request], Response]:
    """A tween: read the whole body, bounded, before anything else happens, and check that path and query
    are text. A slow upload must not hold a transaction open, and an endless one must not fill memory."""

    def tween(request: Request) -> Response:
        # A client could move itself through the tree with this header.
        request.environ.pop("HTTP_X_VHM_ROOT", None)
        # Once: a request that is repeated keeps its environment, and a path is not taken off twice.
        if request.livechat.public_url and BODY not in request.environ:
            see_from_outside(request.environ, request.livechat.public_url)
        request.unreadable = None
        try:
            _check_text(request)
            # Kept for when the request is repeated: parsing a form uses its body up.
            if BODY not in request.environ:
                request.environ[BODY] = _bounded_body(request)
            request.body = request.environ[BODY]
            _check_form(request)
        except Refused as refused:
            request.unreadable = refused
        try:
            return handler(request)
        except Exception:
            # A commit that fails does so outside of Pyramid's own exception views.
            return request.invoke_exception_view(reraise=True)

    return tween


def see_from_outside(environ: dict[str, Any], public_url: str) -> None:
    """Make a request look as the browser sent it: links begin with the public URL, whatever a proxy made of
    scheme and host, and whether or not it has taken the URL's path off."""
    parts = urlsplit(public_url)
    prefix = parts.path.rstrip("/")
    environ["wsgi.url_scheme"] = parts.scheme
    environ["HTTP_HOST"] = parts.netloc
    path = environ.get("PATH_INFO", "")
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
    environ["SCRIPT_NAME"] = prefix


def readable(view: Callable[..., Response], info: Any) -> Callable[..., Response]:
    """A view deriver: what `read_request` found wrong is said here, when it is known who may know."""
    if info.exception_only:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        if request.unreadable is not None:
            raise request.unreadable
        return view(context, request)

    return wrapped


def _check_text(request: Request) -> None:
    try:
        path, query = request.path_info, list(request.GET.items())
    except UnicodeDecodeError:
        raise Unreadable("bad_request", "The address is not UTF-8 text.") from None
    if any("\x00" in text for pair in query for text in pair) or "\x00" in path:
        raise Unreadable("bad_request", "The address contains a NUL character.")


def _check_form(request: Request) -> None:
    # What names no type is a form for WebOb.
    if request.content_type not in {"", "application/x-www-form-urlencoded", MULTIPART}:
        return
    _check_charset(request, "A form")
    try:
        # WebOb would put question marks where the bytes are no text.
        (
            request.body if request.content_type == MULTIPART else unquote_to_bytes(request.body)
        ).decode()
        values = list(request.POST.values())
    except (ValueError, LookupError, OSError):
        raise Unreadable("bad_request", "The form cannot be read.") from None
    if any("\x00" in value for value in values if isinstance(value, str)):
        raise Unreadable("bad_request", "The form contains a NUL character.")


def _check_charset(request: Request, what: str) -> None:
    header = re.sub(r"[\s\"']", "", request.headers.get("Content-Type") or "").lower()
    if header.partition("charset=")[2].partition(";")[0] not in {"", "utf-8", "utf8"}:
        raise WrongType("unsupported_media_type", f"{what} must be UTF-8. Leave out the charset.")


def form_text(request: Request, name: str) -> str:
    """A text field of a form; what is missing or a file is empty."""
    value = "" if request.unreadable else request.POST.get(name, "")
    return value if isinstance(value, str) else ""


def _bounded_body(request: Request) -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise TooLarge("too_large", f"The request is larger than {LARGEST_BODY // 1024} KiB.")
    try:
        body: bytes = request.body_file.read(LARGEST_BODY + 1)
    except TimeoutError:
        raise  # our own server answers that (server/connections.py)
    except OSError:
        raise Unreadable("bad_request", "The request ended before it was complete.") from None
    if len(body) > LARGEST_BODY:
        raise TooLarge("too_large", f"The request is larger than {LARGEST_BODY // 1024} KiB.")
    return body


def json_object(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body. Raises WrongType, Unreadable."""
    if request.content_type.lower() != "application/json":
        raise WrongType("unsupported_media_type", "Send JSON, with Content-Type: application/json.")
    _check_charset(request, "JSON")
    return parse_object(request.body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Bytes as a JSON object, without what JSON forbids and what could hurt further on."""
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            object_pairs_hook=_without_duplicates,
        )
    except UnicodeDecodeError:
        raise Unreadable("bad_request", "The request is not UTF-8 text.") from None
    except ValueError as error:
        reason = str(error) if isinstance(error, _UnwantedError) else "The request is not JSON."
        raise Unreadable("bad_request", reason) from None
    if not isinstance(value, dict):
        raise Unreadable("bad_request", "The request must be a JSON object: {…}.")
    _check_strings(value)
    return value


class _UnwantedError(ValueError):
    """Legal for Python's parser, but not for us; the text is for the client."""


def _check_depth(text: str) -> None:
    # Python's parser recurses. Few brackets cannot be nested deeply, wherever they stand.
    if text.count("[") + text.count("{") <= DEEPEST_JSON:
        return
    # Strings are skipped, so that brackets in a message do not count.
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', text, re.DOTALL):
        if match[0] in "[{":
            depth += 1
            if depth > DEEPEST_JSON:
                raise _UnwantedError("The JSON is nested too deeply.")
        elif match[0] in "]}":
            depth -= 1


def _refuse_constant(name: str) -> Any:
    raise _UnwantedError(f"JSON does not allow {name}.")


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise _UnwantedError("The JSON has a number with too many digits.")
    return int(digits)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _UnwantedError("The JSON has the same key twice.")
    return result


_HALF = re.compile("[\ud800-\udfff]")


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if _HALF.search(value):
            raise Unreadable("bad_request", "The JSON contains a lone surrogate.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key)
            if "\x00" in key:
                raise Unreadable("bad_request", "The JSON has a key with a NUL character.")
            _check_strings(item)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)


def includeme(config: Configurator) -> None:
    config.add_tween(
        "livechat.web.request_body.read_request",
        under=INGRESS,
        over="livechat.web.headers.add_headers",
    )
    config.add_view_deriver(readable, under="secured_view", over="csrf_view")
