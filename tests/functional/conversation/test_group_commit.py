"""On SQLite, concurrent messages of customers share a commit; each is answered as if it had been alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from livechat.conversation import group_commit

from ...factories import Admin, Customer, new_id
from ...streams import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


class Crowd:
    """Customers who write while another connection holds the database, so that all of them wait together."""

    def __init__(self, wsgi: Any, engine: Engine) -> None:
        self.commits = 0
        self._waiting = wsgi.registry["livechat.group_commit"]._waiting
        self._engine = engine

    def write(self, *acts: Callable[[], Any]) -> list[Any]:
        """Run all acts together; returns the results in order."""
        holder = self._engine.connect()
        holder.connection.dbapi_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        with ThreadPoolExecutor(len(acts)) as pool:
            try:
                running: list[Future[Any]] = [pool.submit(act) for act in acts]
                until(lambda: len(self._waiting) == len(acts))
                self.commits = 0
            finally:
                holder.close()
            return [future.result(30) for future in running]

    def count(self, _connection: Any) -> None:
        """Count a commit."""
        self.commits += 1


@pytest.fixture
def crowd(wsgi: Any, engine: Engine) -> Iterator[Crowd]:
    """Customers of the application, whose commits are counted."""
    crowd = Crowd(wsgi, engine)
    event.listen(wsgi.registry["livechat.engine"], "commit", crowd.count)
    yield crowd
    event.remove(wsgi.registry["livechat.engine"], "commit", crowd.count)


@pytest.fixture
def cleo(new_customer: Callable[[], Customer]) -> Customer:
    """Another customer, who has started a chat."""
    cleo = new_customer()
    cleo.starts("good morning")
    return cleo


@pytest.fixture
def refuses_bad(engine: Engine) -> Iterator[None]:
    """A database that refuses to store one particular message."""
    trigger = (
        "CREATE TRIGGER refuses BEFORE INSERT ON chat_messages WHEN NEW.body = 'bad'"
        " BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    with engine.begin() as connection:
        connection.execute(text(trigger))
    yield
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER refuses"))


def bodies(who: Customer) -> list[str]:
    """The bodies they see, sorted: the order of concurrent messages is not guaranteed."""
    return sorted(who.sees())


def test_all_are_stored_in_one_commit_and_one_order(
    crowd: Crowd, customer: Customer, cleo: Customer, admin: Admin
) -> None:
    answers = crowd.write(
        *[
            lambda n=n, who=who: who.sends(f"message {n}")
            for n in range(4)
            for who in (customer, cleo)
        ]
    )
    assert crowd.commits == 1
    for who, first in ((customer, "hello"), (cleo, "good morning")):
        assert bodies(who) == sorted([first, *(f"message {n}" for n in range(4))])
        messages = who.reads().json["messages"]
        assert [message["seq"] for message in messages] == [1, 2, 3, 4, 5]
        assert admin.opens(admin.number_of(who)).json["messages"][-1]["body"] == who.sees()[-1]
    acknowledged = {answer.json["message"]["id"] for answer in answers}
    shown = {m["id"] for who in (customer, cleo) for m in who.reads().json["messages"][1:]}
    assert acknowledged == shown


def test_more_than_fit_into_one_commit_are_stored_in_several_full_ones(
    crowd: Crowd, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "MOST", 2)
    crowd.write(*[lambda n=n: customer.sends(f"message {n}") for n in range(6)])
    assert crowd.commits == 3
    assert bodies(customer) == sorted(["hello", *(f"message {n}" for n in range(6))])


def test_the_same_message_twice_in_a_group_is_stored_once(
    crowd: Crowd, customer: Customer, cleo: Customer
) -> None:
    same = new_id()
    answers = crowd.write(
        lambda: customer.sends("once", same, status=[200, 201]),
        lambda: cleo.sends("between"),
        lambda: customer.sends("once", same, status=[200, 201]),
    )
    assert sorted(answer.status_int for answer in answers) == [200, 201, 201]
    assert answers[0].json["message"] == answers[2].json["message"]
    assert customer.sees() == ["hello", "once"]
    assert cleo.sees() == ["good morning", "between"]


def test_a_revoked_customer_in_a_group_is_refused_and_the_others_are_stored(
    crowd: Crowd, customer: Customer, cleo: Customer, admin: Admin
) -> None:
    admin.closes(admin.number_of(cleo))
    answers = crowd.write(
        lambda: customer.sends("one"),
        lambda: cleo.sends("too late", status=409),
        lambda: customer.sends("two"),
    )
    assert answers[1].json["error"]["code"] == "session_closed"
    assert bodies(customer) == ["hello", "one", "two"]
    assert "too late" not in cleo.sees()


@pytest.mark.usefixtures("refuses_bad")
def test_a_message_that_cannot_be_stored_does_not_fail_the_others(
    crowd: Crowd, customer: Customer, cleo: Customer
) -> None:
    answers = crowd.write(
        lambda: customer.sends("one"),
        lambda: cleo.sends("bad", status="*"),
        lambda: customer.sends("two"),
    )
    assert answers[1].status_int >= 400
    assert bodies(customer) == ["hello", "one", "two"]
    assert cleo.sees() == ["good morning"]


def test_when_nobody_can_write_all_are_refused_after_one_wait(
    boot: Callable[..., Any], engine: Engine, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wsgi = boot(busy_timeout_ms=300)
    waits = []

    def send(body: str) -> Any:
        ann = Customer(wsgi)
        ann.token, ann.id = customer.token, customer.id
        return ann.sends(body, body, status=503)

    group = wsgi.registry["livechat.group_commit"]
    store = group._store
    monkeypatch.setattr(group, "_store", lambda: (waits.append(1), store()))
    with engine.connect() as holder, ThreadPoolExecutor(6) as pool:
        holder.connection.dbapi_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
        answers = [future.result(30) for future in [pool.submit(send, f"{n}") for n in range(6)]]
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert len(waits) < 6
    assert customer.sees() == ["hello"]
