"""The second half of strict input: one function for each kind of field. Each raises Invalid, which names the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from .exceptions import Invalid

LONGEST_BODY = 4000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def body_text(value: Any, field: str = "body", what: str = "message") -> str:
    """The text of a message, or of something that becomes one: 1 to 4,000 characters after trimming.

    Line breaks become ``\\n``. `what`: the word for it in the error.
    """
    if not isinstance(value, str):
        raise Invalid(field, f"The {what} must be text.")
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise Invalid(field, f"Enter a {what}.")
    if len(text) > LONGEST_BODY:
        parts = " Send it in parts." if what == "message" else ""
        raise Invalid(
            field,
            f"The {what} is too long: {len(text):,} of at most {LONGEST_BODY:,} characters.{parts}",
        )
    if "\x00" in text:
        raise Invalid(field, f"The {what} contains a NUL character.")
    return text


def client_id(value: Any) -> str:
    """The client's own id for a message: 1 to 100 printable ASCII characters, ideally a random UUID."""
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,100}", value):
        raise Invalid(
            "client_id",
            "client_id must be 1 to 100 printable ASCII characters, ideally a random UUID.",
        )
    return value


def start_key(value: Any, client_id: str | None) -> str | None:
    """The secret under which a start without a token can be repeated; None if it is missing.

    It has 22 to 200 characters of base64url, which hold 128 random bits. It differs from the `client_id`, which is
    stored in clear and shows up in backups.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{22,200}", value):
        raise Invalid(
            "start_key",
            "start_key must be 22 to 200 random characters from A-Z, a-z, 0-9, _ and -.",
        )
    if value == client_id:
        raise Invalid("start_key", "start_key is a secret. It must differ from client_id.")
    return value


def short_text(value: Any, field: str, longest: int) -> str | None:
    """One line of text with at most `longest` characters; None if it is missing or blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid(field, f"{field} must be text.")
    text = " ".join(value.split())
    if len(text) > longest:
        raise Invalid(field, f"{field} is too long: at most {longest} characters.")
    if _CONTROL.search(text):
        raise Invalid(field, f"{field} contains control characters.")
    return text or None


def email_address(value: Any, field: str) -> str | None:
    """A well-formed email address; None if it is missing or blank."""
    text = short_text(value, field, 254)
    if text is None:
        return None
    try:
        # test_environment: addresses below .test are fine too, because no mail is delivered.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise Invalid(field, "Enter a valid email, like name@example.com.") from None


def web_address(value: Any, field: str) -> str | None:
    """An http or https URL of at most 2,000 characters, or None. Other schemes make dangerous links."""
    text = short_text(value, field, 2000)
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or " " in text:
        raise Invalid(field, f"{field} must be a web address that starts with http:// or https://.")
    return text


def mapping(value: Any, field: str) -> Mapping[str, Any]:
    """An object; an empty one if it is missing."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Invalid(field, f"{field} must be an object.")
    return value


def product_id(value: Any) -> str:
    """The shop's id of a product, a text or a number: 1 to 100 characters, no control characters."""
    text = short_text(str(value) if is_number(value) else value, "product.id", 100)
    if text is None:
        raise Invalid("product.id", "A product needs an id.")
    return text


def whole_number(value: Any, field: str) -> int:
    """A whole number from 0 to 2**31 - 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise Invalid(field, f"{field} must be a whole number, 0 or more.")
    return value


def optional_number(value: Any, field: str) -> int | None:
    """A whole number from 0 to 2**31 - 1; None for None."""
    return None if value is None else whole_number(value, field)


def texts(value: Any, field: str) -> list[str]:
    """A list of at most 100 short texts. A single text is a list of one; a missing list is empty."""
    given = [value] if isinstance(value, str) else value or []
    if not isinstance(given, list) or len(given) > 100:
        raise Invalid(field, f"{field} must be a list of texts.")
    found = [short_text(one, field, 200) for one in given]
    return [text for text in found if text is not None]


def choice(value: Any, field: str, choices: Iterable[str]) -> str:
    """One of the given words."""
    allowed = [str(each) for each in choices]
    if not isinstance(value, str) or value not in allowed:
        raise Invalid(
            field, f"{field} must be {' or '.join([', '.join(allowed[:-1]), allowed[-1]])}."
        )
    return value


def flag(value: Any, field: str) -> bool:
    """True or false. Plain forms send only texts, so ``"true"`` and ``"false"`` are accepted as well."""
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    if not isinstance(value, bool):
        raise Invalid(field, f"{field} must be true or false.")
    return value


def text(value: Any, field: str, longest: int) -> str:
    """A text of any number of lines, unchanged and possibly empty, of at most `longest` characters."""
    if not isinstance(value, str) or "\x00" in value:
        raise Invalid(field, f"{field} must be text.")
    if len(value) > longest:
        raise Invalid(field, f"{field} is too long: at most {longest:,} characters.")
    return value


def moment(value: Any, field: str) -> datetime | None:
    """An RFC 3339 time, converted to UTC, which is also the default zone; None if it is missing or empty."""
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Invalid(field, f"{field} must be a time such as 2026-01-31T12:00:00Z.") from None


def numbers(value: Any, field: str, most: int, what: str) -> list[int]:
    """A list of 1 to `most` whole numbers, without repetitions and sorted. `what`: the word for them in the error."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise Invalid(field, f"{field} must be a list of 1 to {most} {what}.")
    return sorted({whole_number(number, field) for number in value})


def short_texts(value: Any, field: str, names: Iterable[str], longest: int) -> dict[str, str]:
    """An object's short texts under these names. Missing and blank ones are left out, and so are other names."""
    given = mapping(value, field)
    found = {name: short_text(given.get(name), f"{field}.{name}", longest) for name in names}
    return {name: text for name, text in found.items() if text is not None}


def is_number(value: Any) -> bool:
    """Whether a value is a finite number. True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
