"""The rules of the fault suite can fail: each kind of damage is found and named."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest

from .check import violations
from .evidence import Evidence
from .history import History, Outcome
from .sights import Sight

TAG = "[guest-1]"


def entry(seq: int, body: str, client_id: str | None, **more: Any) -> Any:
    """A row as it is stored."""
    row = {"session_id": 1, "seq": seq, "public_seq": seq, "sender": "customer", "event": None}
    row |= {"details": None, "created_at": f"2026-01-31 12:00:0{seq}", "body": body}
    return SimpleNamespace(**row | {"client_id": client_id} | more)


def shown(row: Any, side: str) -> dict[str, Any]:
    """The row as one side receives it."""
    seq = row.seq if side == "admin" else row.public_seq
    shape = {"seq": seq, "from": row.sender, "body": row.body, "client_id": row.client_id}
    return shape | ({"event": row.event} if row.event else {})


def read(evidence: Evidence) -> Evidence:
    """Let the API answer, and readers see, what is stored now."""
    public = [row for row in evidence.entries if row.public_seq is not None]
    evidence.customers[TAG] = {"messages": [shown(row, "customer") for row in public]}
    evidence.admins[TAG] = {"messages": [shown(row, "admin") for row in evidence.entries]}
    evidence.sights = [Sight("Ann, streaming", TAG, "customer"), Sight("Bert", TAG, "admin")]
    for sight in evidence.sights:
        sight.messages = copy.deepcopy(evidence.lists(TAG, sight.side))
    return evidence


@pytest.fixture
def evidence() -> Evidence:
    """A short afternoon without a fault: two messages, taken by Bert, unassigned, and one more message."""
    made = Evidence(
        entries=[
            entry(1, f"{TAG} one", "c1"),
            entry(2, f"{TAG} two", "c2"),
            entry(3, "", None, sender="system", event="taken", details='{"admin": "Bert"}'),
            entry(4, "", None, sender="system", event="unassigned", details="{}", public_seq=None),
            entry(5, f"{TAG} three", "c3", public_seq=4),
        ],
        sessions=[
            SimpleNamespace(
                id=1,
                status="waiting",
                version=3,
                seq=5,
                public_seq=4,
                assignee=None,
                customer_count=3,
            )
        ],
        names={"Bert": "bert", "Cleo": "cleo"},
        history=History(),
        tags={1: TAG},
    )
    read(made)
    history = made.history
    for seq, (client_id, body) in {1: ("c1", "one"), 2: ("c2", "two"), 4: ("c3", "three")}.items():
        sent = history.begin("send", "Ann", TAG, client_id=client_id, body=f"{TAG} {body}")
        history.end(sent, Outcome.OK, {"message": made.lists(TAG, "customer")[seq - 1]})
    assigned(made, "bert", version=1, answered=2)
    assigned(made, None, version=2, answered=3)
    return made


def assigned(evidence: Evidence, who: str | None, version: int, answered: int) -> None:
    """An admin was told that the chat was assigned to them, or to nobody."""
    wanted = {"by": who, "admin": who, "version": version}
    operation = evidence.history.begin("assign", "race", TAG, wanted=wanted)
    session = {"version": answered, "status": "active" if who else "waiting", "assignee": who}
    evidence.history.end(operation, Outcome.OK, {"session": session})


def test_nothing_is_found_where_all_is_well(evidence):
    assert violations(evidence) == []


def lose_the_last(e: Evidence) -> None:
    e.entries.pop()
    e.sessions[0].seq, e.sessions[0].public_seq = 4, 3
    read(e)


def store_one_twice(e: Evidence) -> None:
    e.entries.append(entry(6, f"{TAG} two", "c2", public_seq=5))
    e.sessions[0].seq, e.sessions[0].public_seq = 6, 5
    read(e)


def leave_a_gap(e: Evidence) -> None:
    e.entries[4].seq = e.sessions[0].seq = 6
    read(e)


def exchange_two(e: Evidence) -> None:
    one, two = e.entries[:2]
    one.body, two.body = two.body, one.body
    one.client_id, two.client_id = two.client_id, one.client_id
    read(e)


def show_one_reader_another_order(e: Evidence) -> None:
    e.sights[0].messages[0], e.sights[0].messages[1] = e.sights[0].messages[1::-1]


def let_one_reader_fall_behind(e: Evidence) -> None:
    e.sights[1].messages.pop()


def keep_what_was_refused(e: Evidence) -> None:
    e.history.operations[1].outcome = Outcome.FAILED


def keep_what_nobody_wrote(e: Evidence) -> None:
    e.history.operations[1].client_id = "another"


def tell_two_that_they_have_it(e: Evidence) -> None:
    assigned(e, "cleo", version=1, answered=2)


def give_it_to_who_came_too_late(e: Evidence) -> None:
    e.entries[4] = entry(5, "", None, sender="system", event="taken", details='{"admin": "Cleo"}')
    e.entries[4].public_seq = 4
    assigned(e, "cleo", version=1, answered=4)


def forget_who_has_it(e: Evidence) -> None:
    e.sessions[0].assignee, e.sessions[0].status = "bert", "active"


def show_a_strangers_text(e: Evidence) -> None:
    e.sights[0].messages[1]["body"] = "[guest-2] a secret"


def show_customers_an_internal_line(e: Evidence) -> None:
    e.sights[0].messages.append({"seq": 5, "from": "system", "body": "", "event": "unassigned"})


def show_customers_a_note(e: Evidence) -> None:
    e.sights[0].messages.append({"seq": 5, "from": "note", "body": f"{TAG} psst", "client_id": "n"})


def forget_to_count_a_message(e: Evidence) -> None:
    e.sessions[0].customer_count = 2


def count_what_was_not_read(e: Evidence) -> None:
    e.reads = [SimpleNamespace(session_id=1, admin_id=1, seq=1, customer_count=2)]


def let_times_run_backwards(e: Evidence) -> None:
    e.entries[1].created_at = "2026-01-31 11:00:00"


def answer_with_an_error_of_ours(e: Evidence) -> None:
    e.history.complain("send: 500 Something went wrong on our side.")


HARM = {
    lose_the_last: "was acknowledged as",
    store_one_twice: "is there 2 times",
    leave_a_gap: "has seq [1, 2, 3, 4, 6]",
    exchange_two: "comes before it",
    show_one_reader_another_order: "Ann, streaming has",
    let_one_reader_fall_behind: "never got more than 4 of 5",
    keep_what_was_refused: "was refused",
    keep_what_nobody_wrote: "Nobody wrote",
    tell_two_that_they_have_it: "race was answered ('active', 'cleo')",
    give_it_to_who_came_too_late: "was taken cleo at version 3, which nobody wanted then",
    forget_who_has_it: "does not follow from its lines",
    show_a_strangers_text: "saw '[guest-2] a secret'",
    show_customers_an_internal_line: "saw an internal line",
    show_customers_a_note: "saw an internal line",
    forget_to_count_a_message: "counts 2 of 3 messages",
    count_what_was_not_read: "A mark counts 2 of 1 messages",
    let_times_run_backwards: "is older than the one before",
    answer_with_an_error_of_ours: "500",
}


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__.replace("_", " "))
def test_the_rules_find_it_if_we(harm, evidence):
    harm(evidence)
    found = violations(evidence)
    assert any(HARM[harm] in sentence for sentence in found), found


def test_a_lost_attempt_may_succeed_after_the_next_was_refused(evidence):
    keep_what_was_refused(evidence)
    evidence.history.operations[1].lost = 1
    assert not any("was refused" in sentence for sentence in violations(evidence))


def test_a_reader_complains_of_a_gap_and_of_an_entry_that_changes():
    sight = Sight("Ann", TAG, "customer")
    sight.take({"seq": 1, "body": "one"})
    sight.take({"seq": 1, "body": "one"})
    assert (sight.wrong, sight.repeats) == ([], 1)
    sight.take({"seq": 3, "body": "three"})
    sight.take({"seq": 1, "body": "uno"})
    assert ["a gap" in sight.wrong[0], "uno" in sight.wrong[1]] == [True, True]


def test_a_reader_complains_when_it_is_told_to_reload():
    sight = Sight("Ann", TAG, "customer", messages=[{"seq": 1}])
    sight.reset()
    assert "to reload" in sight.wrong[0]
