"""How livechat says no: each refusal carries a code for programs and one sentence for a person."""

from __future__ import annotations

from typing import Any

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("livechat")


class Refused(Exception):
    """An act that was not done. Nothing has changed. Views answer with `status`, the command line exits 1."""

    status = 400

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.more: dict[str, Any] = {}
        """What else the answer carries beside the error."""


class Unreadable(Refused):
    """The request cannot be read at all."""

    status = 400


class NotAllowed(Refused):
    """The request comes from where it may not come from."""

    status = 403


class Conflict(Refused):
    """Somebody was first, or the conversation is not in the state for it."""

    status = 409


class TooLarge(Refused):
    """More bytes than a request may have."""

    status = 413


class WrongType(Refused):
    """Not JSON."""

    status = 415


class Invalid(Refused):
    """One field is wrong."""

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__("invalid", message, field)


class TooMany(Refused):
    """Too fast. `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("too_many_requests", message)
        self.retry_after = retry_after


class Busy(Refused):
    """Too much of the same work is waiting already. `retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("busy", message)
        self.retry_after = retry_after


class WrongLogin(Refused):
    """Name or password is wrong; which of them is not said."""

    status = 422

    def __init__(self) -> None:
        super().__init__("wrong_login", _("Incorrect username or password."), "password")


class TooManyStreams(Refused):
    """No further stream now; asking now and then works as well."""

    status = 503
    retry_after = 60

    def __init__(self) -> None:
        super().__init__(
            "too_many_streams", "Too many live connections right now. Poll for updates instead."
        )


class Missing(Refused):
    """What is asked for does not exist (only for those who may know)."""

    status = 404

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)
