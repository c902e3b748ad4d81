"""What processes tell each other: hints that carry ids and no text. The truth stands in the database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Changed:
    """These sessions are not what they were."""

    session_ids: tuple[int, ...]


@dataclass(frozen=True)
class Typing:
    """Somebody begins or ends to type in a session; `admin_id` is None for its customer."""

    session_id: int
    admin_id: int | None
    typing: bool


@dataclass(frozen=True)
class Presence:
    """The customers of these sessions came or left. Only the desk is told."""

    session_ids: tuple[int, ...]


Hint = Changed | Typing | Presence


def encode(hint: Hint) -> str:
    """``s12,15`` or ``t9:7:1``: short, for channels that limit the length of what is said."""
    match hint:
        case Changed(ids):
            return "s" + ",".join(map(str, ids))
        case Presence(ids):
            return "h" + ",".join(map(str, ids))
        case Typing(session_id, admin_id, typing):
            return f"t{session_id}:{admin_id or 0}:{int(typing)}"


def decode(text: str) -> Hint | None:
    """None for what no version of ours has said."""
    if match := re.fullmatch(r"([sh])(\d{1,9}(?:,\d{1,9})*)", text, re.ASCII):
        kind = Changed if match[1] == "s" else Presence
        return kind(tuple(int(number) for number in match[2].split(",")))
    if match := re.fullmatch(r"t(\d{1,9}):(\d{1,9}):([01])", text, re.ASCII):
        return Typing(int(match[1]), int(match[2]) or None, match[3] == "1")
    return None


def split(
    session_ids: Sequence[int], kind: type[Changed] | type[Presence] = Changed, size: int = 500
) -> list[Changed | Presence]:
    """Many sessions as hints that are each short enough for every channel."""
    return [kind(tuple(session_ids[i : i + size])) for i in range(0, len(session_ids), size)]
