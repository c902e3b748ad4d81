"""What must be true at the end, whatever broke before: each rule yields a sentence for each violation."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from typing import Any

from .evidence import Evidence
from .history import Outcome

SENT = ("send", "reply", "start", "note")


def violations(evidence: Evidence) -> list[str]:
    """Return every broken promise as a sentence."""
    return [sentence for rule in RULES for sentence in rule(evidence)]


def what_was_acknowledged_is_there(e: Evidence) -> Iterator[str]:
    """With its acknowledged number, text and other fields."""
    for operation in e.history.with_outcome(Outcome.OK, *SENT):
        message = operation.message
        if message.get("body") != operation.body or message.get("client_id") != operation.client_id:
            yield f"{operation.body!r} was acknowledged as {message}"
            continue
        side = "admin" if operation.kind in {"reply", "note"} else "customer"
        found = e.lists(operation.about, side)
        there = found[message["seq"] - 1] if message["seq"] <= len(found) else None
        if as_anybody_sees(there) != as_anybody_sees(message):
            yield f"{operation.body!r} was acknowledged as {message}, but there is {there}"


def what_was_refused_is_not_there(e: Evidence) -> Iterator[str]:
    """A refusal is final. But an attempt without an answer may be carried out after the next one was refused,
    when the closed chat is open again."""
    stored = {row.client_id for row in e.entries if row.client_id}
    for operation in e.history.with_outcome(Outcome.FAILED, *SENT):
        if operation.client_id in stored and not operation.lost:
            yield f"{operation.body!r} was refused ({operation.answer}), but is there"


def nothing_is_there_twice(e: Evidence) -> Iterator[str]:
    """Neither by client_id nor by text; and nothing is there that nobody sent."""
    known = {o.client_id: o for o in e.history.operations if o.client_id}
    people = [row for row in e.entries if row.sender != "system"]
    for what, counted in (
        ("client_id", Counter(row.client_id for row in people)),
        ("text", Counter(row.body for row in people)),
    ):
        yield from (f"The {what} {one!r} is there {n} times" for one, n in counted.items() if n > 1)
    for row in people:
        operation = known.get(row.client_id)
        if operation is None or operation.body != row.body:
            yield f"Nobody wrote {row.body!r}"
        elif operation.about != e.tags.get(row.session_id, operation.about):
            yield f"{row.body!r} is in the conversation of {e.tags[row.session_id]}"


def numbers_have_no_gap(e: Evidence) -> Iterator[str]:
    """In both numberings, in SQL and in the API."""
    by_session = e.by_session()
    for session in e.sessions:
        entries = by_session[session.id]
        seqs = [row.seq for row in entries]
        public = [row.public_seq for row in entries if row.public_seq is not None]
        for name, numbers, last in (
            ("seq", seqs, session.seq),
            ("public_seq", public, session.public_seq),
        ):
            if numbers != list(range(1, last + 1)):
                yield f"Session {session.id} has {name} {numbers}, its counter says {last}"
    for side, answers in (("customer", e.customers), ("admin", e.admins)):
        for tag, answer in answers.items():
            numbers = [message["seq"] for message in answer.get("messages", [])]
            if not numbers or numbers != list(range(1, len(numbers) + 1)):
                yield f"The API gives the {side} of {tag} the numbers {numbers}"


def everybody_sees_one_order(e: Evidence) -> Iterator[str]:
    """Customers and admins, by API and by SQL, long-time readers and new ones."""
    for sight in e.sights:
        yield from sight.wrong
        final = e.lists(sight.tag, sight.side)
        if len(sight.messages) < len(final):
            yield f"{sight.who} never got more than {len(sight.messages)} of {len(final)} entries"
        for seen, stored in zip_longest(sight.messages, final[: len(sight.messages)]):
            if as_anybody_sees(seen) != as_anybody_sees(stored):
                yield f"{sight.who} has {seen}, but there is {stored}"
                break
    by_session = e.by_session()
    for number, tag in e.tags.items():
        stored = by_session[number]
        at_desk = [(m["seq"], said(m["from"], m["body"])) for m in e.lists(tag, "admin")]
        if at_desk != [(row.seq, said(row.sender, row.body)) for row in stored]:
            yield f"The desk's list of {tag} is not the stored one"
        shown = [(m["seq"], said(m["from"], m["body"])) for m in e.lists(tag, "customer")]
        public = [row for row in stored if row.public_seq is not None]
        if shown != [(row.public_seq, said(row.sender, row.body)) for row in public]:
            yield f"The customer's list of {tag} is not the stored one"


def as_anybody_sees(message: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a message without the fields that only its author sees."""
    return message and {name: value for name, value in message.items() if name != "client_id"}


def said(sender: str, body: str) -> tuple[str, str]:
    """Return sender and text; system messages are worded for their reader, so their text is left out."""
    return sender, "" if sender == "system" else body


def order_follows_acknowledgement(e: Evidence) -> Iterator[str]:
    """An acknowledged message precedes those that were begun after it, and times never decrease."""
    by_tag: dict[str, list[tuple[float, float, int, str]]] = defaultdict(list)
    place = {row.client_id: row.seq for row in e.entries if row.client_id}
    for o in e.history.with_outcome(Outcome.OK, *SENT):
        if o.client_id in place and o.ended is not None:
            by_tag[o.about].append((o.began, o.ended, place[o.client_id], o.body or ""))
    for operations in by_tag.values():
        ends = sorted(operations, key=lambda o: o[1])
        highest, upto = (0, ""), 0
        for began, _ended, seq, body in sorted(operations):
            while ends[upto][1] < began:
                highest = max(highest, (ends[upto][2], ends[upto][3]))
                upto += 1
            if highest[0] > seq:
                yield f"{body!r} was begun after {highest[1]!r} was acknowledged, but comes before it"
    for before, after in pairwise(e.entries):
        if before.session_id == after.session_id and str(after.created_at) < str(before.created_at):
            yield f"In session {after.session_id} entry {after.seq} is older than the one before"


def everybody_agrees_who_has_it(e: Evidence) -> Iterator[str]:
    """System messages give status and assignee of each version; all answers and SQL must agree with them."""
    replayed = {number: _replay(e, lines) for number, lines in e.by_session().items()}
    for session in e.sessions:
        told = replayed[session.id].get(session.version)
        if (
            told != (session.status, session.assignee)
            or len(replayed[session.id]) != session.version
        ):
            yield f"{session} does not follow from its lines: {replayed[session.id]}"
    by_tag = {tag: replayed.get(number, {}) for number, tag in e.tags.items()}
    for o in e.history.with_outcome(Outcome.OK, "assign", "close", "reopen"):
        shape, states = o.answer.get("session", {}), by_tag.get(o.about, {})
        if "version" not in shape:
            continue  # a customer's answer
        state = (shape["status"], shape["assignee"])
        if states.get(shape["version"]) != state:
            yield f"{o.who} was answered {state} for {o.kind} {o.wanted}; the lines say {states}"
        elif o.kind == "assign" and shape["assignee"] != o.wanted["admin"]:
            yield f"{o.wanted} was answered with success, but {shape['assignee']} has it"
    for sight in e.sights:
        for version, state in sight.states.items():
            if by_tag.get(sight.tag, {}).get(version) != state:
                yield f"{sight.who} saw version {version} as {state}; the lines say otherwise"


def one_race_has_one_winner(e: Evidence) -> Iterator[str]:
    """A conversation changes its assignee only for an admin who asked for it at that very version. So of several
    admins who ask, one gets it, and the others are told the assignee."""
    # An assignment has no client_id: one that succeeded, but whose answer was lost, may be refused when
    # repeated, because another admin has been assigned since.
    wanted = {
        (o.about, o.wanted["version"], o.wanted["admin"])
        for o in e.history.operations
        if o.kind == "assign" and (o.outcome is not Outcome.FAILED or o.attempts > 1)
    }
    # Answering an unassigned conversation assigns it, whatever its version.
    answered = {(o.about, o.who) for o in e.history.operations if o.kind == "reply"}
    for number, lines in e.by_session().items():
        tag, version = e.tags.get(number, ""), 0
        for row in lines:
            version += row.event in VERSIONED
            if row.event not in {"taken", "assigned", "unassigned"}:
                continue
            admin = e.names.get(_details(row).get("admin"))
            by_answer = row.event == "taken" and (tag, admin) in answered
            if (tag, version, admin) not in wanted and not by_answer:
                yield f"{tag} was {row.event} {admin} at version {version}, which nobody wanted then"
    for o in e.history.with_outcome(Outcome.FAILED, "assign"):
        error = o.answer.get("error", {})
        if error.get("code") not in {"taken", "stale", "session_closed"}:
            yield f"{o.wanted} was refused with {error}"
        elif error["code"] == "taken" and not any(
            f"({name})" in error["message"] for name in e.names.values()
        ):
            yield f"The refusal of {o.wanted} names nobody: {error}"


def nobody_sees_what_is_not_theirs(e: Evidence) -> Iterator[str]:
    """Readers see no text of other conversations, and customers no internal entry."""
    yield from e.history.wrong
    seen = [(s.who, s.tag, s.side, s.messages) for s in e.sights]
    for side, answers in (("customer", e.customers), ("admin", e.admins)):
        seen += [(f"The {side}", tag, side, a.get("messages", [])) for tag, a in answers.items()]
    for who, tag, side, messages in seen:
        for message in messages:
            if message["from"] != "system" and not message["body"].startswith(f"{tag} "):
                yield f"{who} of {tag} saw {message['body']!r}"
            internal = message["from"] == "note" or message.get("event") == "unassigned"
            if side == "customer" and internal:
                yield f"{who} of {tag} saw an internal line: {message}"


def what_is_unread_is_counted_right(e: Evidence) -> Iterator[str]:
    """The counters of sessions and read receipts agree with a count of the messages."""
    by_session = e.by_session()
    for session in e.sessions:
        written = sum(row.sender == "customer" for row in by_session[session.id])
        if session.customer_count != written:
            yield f"Session {session.id} counts {session.customer_count} of {written} messages"
    for read in e.reads:
        entries = by_session[read.session_id]
        upto = sum(row.sender == "customer" and row.seq <= read.seq for row in entries)
        if read.customer_count != upto:
            yield f"A mark counts {read.customer_count} of {upto} messages: {read}"


def the_desk_sees_the_list_as_it_is(e: Evidence) -> Iterator[str]:
    """This is checked for readers who have watched the list all the time without reloading."""
    for sight in e.lists_seen:
        yield from sight.wrong
        yield from sight.differences(e)


VERSIONED = {"taken", "assigned", "unassigned", "closed", "reopened"}
"""System messages each of which increments a conversation's version."""


def _details(row: Any) -> dict[str, Any]:
    return json.loads(row.details) if isinstance(row.details, str) else row.details or {}


def _replay(e: Evidence, lines: list[Any]) -> dict[int, tuple[str, str | None]]:
    """Return status and assignee at each version, from the session's system messages."""
    state: tuple[str, str | None] = ("waiting", None)
    states = {1: state}
    for row in lines:
        match row.event:
            case "taken" | "assigned":
                admin = _details(row)["admin"]
                state = ("active", e.names.get(admin, admin))
            case "unassigned":
                state = ("waiting", None)
            case "closed":
                state = ("closed", state[1])
            case "reopened":
                state = ("active" if state[1] else "waiting", state[1])
        if row.event in VERSIONED:
            states[len(states) + 1] = state
    return states


RULES = (
    what_was_acknowledged_is_there,
    what_was_refused_is_not_there,
    nothing_is_there_twice,
    numbers_have_no_gap,
    everybody_sees_one_order,
    order_follows_acknowledgement,
    everybody_agrees_who_has_it,
    one_race_has_one_winner,
    nobody_sees_what_is_not_theirs,
    what_is_unread_is_counted_right,
    the_desk_sees_the_list_as_it_is,
)
