"""How livechat refuses: every refusal has a code for programs and one sentence for people."""

from __future__ import annotations

from typing import Any

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("livechat")


class Refused(Exception):
    """An act that was refused and changed nothing. Views respond with `status`; the command line exits with 1."""

    status = 400
    retry_after: int | None = None
    """Seconds after which a retry makes sense, if waiting helps."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.more: dict[str, Any] = {}
        """What the response carries besides the error."""

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of the response."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Unreadable(Refused):
    """The request is malformed."""

    status = 400


class NotAllowed(Refused):
    """The request comes from someone, or from a site, that may not do this."""

    status = 403


class Conflict(Refused):
    """Somebody else was faster, or the state of the conversation does not allow it."""

    status = 409


class TooLarge(Refused):
    """The request has more bytes than allowed."""

    status = 413


class WrongType(Refused):
    """The body has a type other than JSON."""

    status = 415


class Invalid(Refused):
    """One field is invalid."""

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__("invalid", message, field)


class TooMany(Refused):
    """Too many requests. `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("too_many_requests", message)
        self.retry_after = retry_after


class Busy(Refused):
    """Too much of the same work is already waiting. `retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("busy", message)
        self.retry_after = retry_after


class WrongLogin(Refused):
    """The username or the password is wrong; the response does not say which."""

    status = 422

    def __init__(self) -> None:
        super().__init__("wrong_login", _("Incorrect username or password."), "password")


class TooManyStreams(Refused):
    """No further stream is possible now; polling works."""

    status = 503
    retry_after = 60

    def __init__(self) -> None:
        super().__init__(
            "too_many_streams", "Too many live connections right now. Poll for updates instead."
        )


class Missing(Refused):
    """The thing asked for does not exist; only for those who may know that."""

    status = 404

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)
