"""The hints that processes send each other. They carry ids and no text; the database is the source of truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Changed:
    """These sessions have changed."""

    session_ids: tuple[int, ...]


@dataclass(frozen=True)
class Typing:
    """Someone starts or stops typing in a session; `admin_id` is None for its customer."""

    session_id: int
    admin_id: int | None
    typing: bool


@dataclass(frozen=True)
class Presence:
    """The customers of these sessions came or left. Only the desk is told."""

    session_ids: tuple[int, ...]


Hint = Changed | Typing | Presence


def encode(hint: Hint) -> str:
    """Encode a hint, as in ``s12,15`` or ``t9:7:1``. It is short because channels limit the length of a payload."""
    match hint:
        case Changed(ids):
            return "s" + ",".join(map(str, ids))
        case Presence(ids):
            return "h" + ",".join(map(str, ids))
        case Typing(session_id, admin_id, typing):
            return f"t{session_id}:{admin_id or 0}:{int(typing)}"


def decode(text: str) -> Hint | None:
    """Decode a hint. Returns None for a text that `encode` does not produce."""
    if match := re.fullmatch(r"([sh])(\d{1,9}(?:,\d{1,9})*)", text, re.ASCII):
        kind = Changed if match[1] == "s" else Presence
        return kind(tuple(int(number) for number in match[2].split(",")))
    if match := re.fullmatch(r"t(\d{1,9}):(\d{1,9}):([01])", text, re.ASCII):
        return Typing(int(match[1]), int(match[2]) or None, match[3] == "1")
    return None


def split(
    session_ids: Sequence[int], kind: type[Changed] | type[Presence] = Changed, size: int = 500
) -> list[Changed | Presence]:
    """Split many sessions into hints of at most `size` sessions, each short enough for every channel."""
    return [kind(tuple(session_ids[i : i + size])) for i in range(0, len(session_ids), size)]
