"""Parses a search into words, phrases and filters. No input can break the syntax of either database's index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from ..exceptions import Invalid
from ..models import Status

LONGEST_QUERY = 500
MOST_WORDS = 32
AROUND = 60  # characters before the first hit of a snippet
SNIPPET = 180  # characters

FILTERS = ("from", "tag", "product", "before", "after", "status", "assignee")
# Both databases split texts at characters that are neither letters nor digits. Accents stay with their letters.
WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
_MARKS = re.compile(r"[\u0300-\u036f]+")
_PIECE = re.compile(r'(-?)(?:([A-Za-z]+):(?=[^\s]))?("[^"]*"?|\S+)')


@dataclass(frozen=True)
class Term:
    """A phrase of one or more consecutive words. `prefix`: the last word may be the beginning of a longer one."""

    words: tuple[str, ...]
    prefix: bool

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The words without case and accents."""
        return tuple(map(fold, self.words))

    @property
    def goes_on(self) -> bool:
        """Whether the last word matches longer words. A single letter counts as a whole word."""
        return self.prefix and (len(self.words) > 1 or len(self.words[0]) > 1)


@dataclass(frozen=True)
class Query:
    """A parsed search. `sender` is customer, admin, note or a username; `before` and `after` are midnights in UTC."""

    terms: tuple[Term, ...] = ()
    excluded: tuple[Term, ...] = ()
    sender: str = ""
    tags: tuple[str, ...] = ()
    product: tuple[Term, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    status: str = ""
    assignee: str = ""

    @property
    def nothing(self) -> bool:
        """Whether the query has neither words nor filters; excluded words do not count."""
        return self == Query(excluded=self.excluded)


def parse(text: str) -> Query:
    """Parse a search. Raises Invalid when it is too long or a filter has an invalid value."""
    if len(text) > LONGEST_QUERY:
        raise Invalid("q", f"The search is too long: at most {LONGEST_QUERY} characters.")
    found: dict[str, Any] = {}
    terms: list[Term] = []
    excluded: list[Term] = []
    tags: list[str] = []
    for minus, name, value in _PIECE.findall(text):
        known = name.lower() in FILTERS and not minus and WORD.search(value)
        if not known:
            made = term(f"{name} {value}" if name else value, exact=_is_quoted(value) and not name)
            if made:
                (excluded if minus else terms).append(made)
        elif name.lower() == "tag":
            tags.append(value.strip('"'))
        else:
            found |= _filter(name.lower(), value.strip('"'))
    if sum(len(each.words) for each in (*terms, *excluded)) > MOST_WORDS:
        raise Invalid("q", f"The search has too many words: at most {MOST_WORDS}.")
    return Query(terms=tuple(terms), excluded=tuple(excluded), tags=tuple(tags), **found)


def term(text: str, *, exact: bool = False) -> Term | None:
    """The words of a text as a phrase, or None without any. With `exact`, the last word is not a prefix."""
    words = tuple(match[0] for match in WORD.finditer(unicodedata.normalize("NFC", text)))
    return Term(words, prefix=not exact) if words else None


def fold(text: str) -> str:
    """Remove case and accents from a text."""
    if text.isascii():
        return text.lower()
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text))
    # Character by character: lower() on the whole text turns a sigma at the end of a word into another letter.
    return "".join(lower if len(lower := each.lower()) == 1 else each for each in bare)


def matches(text: str, query: Query) -> bool:
    """Whether a text contains all terms of a query and none of the excluded ones."""

    folded = fold(text)

    def has(wanted: Term) -> bool:
        return all(word in folded for word in wanted.folded) and bool(
            next(_hits(text, [wanted]), None)
        )

    return all(map(has, query.terms)) and not any(map(has, query.excluded))


def snippet(text: str, terms: Sequence[Term]) -> list[dict[str, Any]]:
    """The part of a text around the first hit, of about SNIPPET characters: ``[{"text": …, "hit": bool}]``."""
    text = " ".join(text.split())
    hits = list(_hits(text, terms))
    start, end = _window(text, hits[0][0] if hits else 0)
    parts: list[dict[str, Any]] = []
    at = start
    for first, last in hits:
        if first >= end:
            break
        if first < at:
            continue
        parts += [{"text": text[at:first], "hit": False}] if first > at else []
        at = min(last, first + SNIPPET)  # a word can be as long as a message
        parts.append({"text": text[first:at], "hit": True})
    if at < end:
        parts.append({"text": text[at:end], "hit": False})
    if start:
        parts.insert(0, {"text": "… ", "hit": False})
    if max(at, end) < len(text):
        parts.append({"text": " …", "hit": False})
    return _joined(parts)


def _filter(name: str, value: str) -> dict[str, Any]:
    match name:
        case "before" | "after":
            return {name: _day(name, value)}
        case "from":
            return {"sender": value.lstrip("@")}
        case "product":
            made = term(value)
            return {"product": (made,)} if made else {}
        case "status":
            if value.lower() not in set(Status):
                raise Invalid("q", "status: must be followed by waiting, active or closed.")
            return {"status": value.lower()}
    return {"assignee": value.lstrip("@")}


def _day(name: str, value: str) -> datetime:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        raise Invalid(
            "q", f"{name}: must be followed by a day, such as {name}:2026-01-31."
        ) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _is_quoted(value: str) -> bool:
    return value.startswith('"')


def _hits(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    """The start and end of each hit in a text, in order."""
    words = [(match.start(), match.end(), fold(match[0])) for match in WORD.finditer(text)]
    at = 0
    while at < len(words):
        length = max((_length_at(words, at, each) for each in terms), default=0)
        if length:
            yield words[at][0], words[at + length - 1][1]
        at += length or 1


def _length_at(words: Sequence[tuple[int, int, str]], at: int, wanted: Term) -> int:
    """The number of words that a term matches at this index; 0 without a match."""
    *beginning, end = wanted.folded
    count = len(wanted.folded)
    if at + count > len(words):
        return 0
    *first, last = (word[2] for word in words[at : at + count])
    fits = last.startswith(end) if wanted.goes_on else last == end
    return count if fits and first == beginning else 0


def _window(text: str, first: int) -> tuple[int, int]:
    start = max(0, first - AROUND)
    if start:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + SNIPPET)
    if end < len(text):
        space = text.rfind(" ", first + 1, end)
        end = space if space > 0 else end
    return start, end


def _joined(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge neighbouring parts that are both hits or both not."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        if joined and joined[-1]["hit"] == part["hit"]:
            joined[-1]["text"] += part["text"]
        else:
            joined.append(dict(part))
    return joined
