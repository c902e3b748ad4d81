"""Concurrency: an account that changes during a login, and two admins who change the team at the same time."""

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from livechat.accounts import admins, passwords, sign_in
from livechat.accounts.login_limits import Attempt
from livechat.accounts.passwords import Pool
from livechat.actors import admin_actor
from livechat.db.locks import TEAM, take_turns
from livechat.db.session import transaction, writing
from livechat.desk import canned_replies
from livechat.exceptions import Refused
from livechat.models import Admin as AdminRow
from livechat.models import now

from ...databases import rows
from ...factories import PASSWORD, Admin, add_admin, has_password, hash_of
from ..conversation.test_exactly_once import at_once

NEW = "something else entirely"


@pytest.fixture
def anna(wsgi, engine):
    """Anna, an owner, not signed in."""
    return Admin(wsgi, engine, add_admin(engine, "anna", "Anna Antwort"))


class Interrupted(Pool):
    """A pool that runs something else after a password was verified and before the result counts."""

    def __init__(self, between):
        super().__init__(1, 8)
        self.between = between

    def run(self, work):
        result = super().run(work)
        between, self.between = self.between, None
        if between is not None:
            between()
        return result


class Together(Pool):
    """A pool that holds everybody until so many passwords have been verified."""

    def __init__(self, many):
        super().__init__(many, 0)
        self.all_are_here = threading.Barrier(many)

    def run(self, work):
        result = super().run(work)
        self.all_are_here.wait(60)
        return result


@pytest.fixture
def once_hashed(monkeypatch):
    """A function that runs something as soon as the next password has been verified."""
    return lambda act: monkeypatch.setattr(passwords, "pool", Interrupted(act))


@pytest.fixture
def changes(engine):
    """A function that changes an admin's row in a separate transaction."""

    def change(act, username="anna"):
        with transaction(engine) as db:
            return act(db, admins.find_admin(db, username))

    return change


@pytest.fixture(scope="module")
def new_hash():
    return hash_of(NEW)


@pytest.fixture(scope="module")
def weak_hash():
    """A hash of PASSWORD with the parameters of another version."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def logins_that_hold(engine):
    return rows(engine, "SELECT id FROM admin_logins WHERE revoked_at IS NULL")


def test_a_login_begun_with_the_old_password_does_not_survive_a_new_one(
    anna, once_hashed, changes, engine, new_hash
):
    once_hashed(lambda: changes(lambda db, row: admins.store_password(db, row, new_hash)))
    answer = anna.signs_in(status=422)
    assert "Incorrect username or password." in answer.html.get_text()
    assert logins_that_hold(engine) == []
    anna.signs_in(NEW)
    anna.dashboard()


def test_in_either_order_an_old_password_opens_nothing_after_a_new_one(
    anna, changes, engine, new_hash
):
    people = [Admin(anna.app.app, engine, anna.row) for _ in range(4)]
    at_once(
        *[lambda one=one: one.signs_in(status=[303, 422]) for one in people],
        lambda: changes(lambda db, row: admins.store_password(db, row, new_hash)),
    )
    for one in people:
        one.dashboard(must=403)
    assert logins_that_hold(engine) == []


def test_a_login_fails_when_the_account_is_disabled_during_it(anna, once_hashed, changes, engine):
    once_hashed(lambda: changes(admins.disable))
    anna.signs_in(status=422)
    changes(admins.enable)
    assert logins_that_hold(engine) == []
    anna.dashboard(must=403)


def test_a_hash_renewed_by_another_login_keeps_nobody_out(anna, once_hashed, changes, weak_hash):
    def renew(_db, row):
        row.password_hash = hash_of(PASSWORD)

    changes(lambda _db, row: setattr(row, "password_hash", weak_hash))
    once_hashed(lambda: changes(renew))
    anna.signs_in(status=303)
    anna.dashboard()


def test_a_hash_is_renewed_at_a_login_and_never_replaces_a_newer_password(
    anna, once_hashed, changes, engine, weak_hash, new_hash
):
    changes(lambda _db, row: setattr(row, "password_hash", weak_hash))
    once_hashed(lambda: changes(lambda db, row: admins.store_password(db, row, new_hash)))
    anna.signs_in(status=422)
    assert rows(engine, "SELECT password_hash FROM admins") == [(new_hash,)]
    changes(lambda _db, row: setattr(row, "password_hash", weak_hash))
    anna.signs_in(status=303)
    [[renewed]] = rows(engine, "SELECT password_hash FROM admins")
    assert renewed != weak_hash
    anna.app.reset()
    anna.signs_in(status=303)
    assert rows(engine, "SELECT password_hash FROM admins") == [(renewed,)]


# Invitations


@pytest.fixture
def invitation(engine):
    """The token of an invitation for Ina."""
    with transaction(engine) as db:
        return admins.invite(db, admins.add_admin(db, "ina", name="Ina Neu"))


@pytest.fixture
def accepts(wsgi, engine, invitation):
    """A function that opens the link and chooses a password; returns the client that sent the form, and the answer."""

    def accept(password=PASSWORD, status=(303, 422)):
        with transaction(engine, write=False) as db:
            ina = Admin(wsgi, engine, admins.find_admin(db, "ina"))
        page = ina.app.get("/custom-admin/welcome/", {"token": invitation})
        token = page.html.find("input", {"name": "csrf_token"})["value"]
        form = {"csrf_token": token, "token": invitation, "password": password}
        return ina, ina.app.post("/custom-admin/welcome/", form, status=list(status))

    return accept


def test_of_eight_concurrent_uses_of_one_invitation_one_succeeds(accepts, engine, monkeypatch):
    monkeypatch.setattr(passwords, "pool", Together(8))
    choices = [f"password number {number}" for number in range(8)]
    found = at_once(*[lambda choice=choice: accepts(choice) for choice in choices])
    winners = [choice for choice, (_, answer) in zip(choices, found, strict=True)
               if answer.status_int == 303]  # fmt: skip
    assert len(winners) == 1
    for _, answer in found:
        assert answer.status_int == 303 or "no longer works" in answer.text
    assert len(logins_that_hold(engine)) == 1
    assert [one.dashboard(must="*").status_int for one, _ in found].count(200) == 1
    monkeypatch.setattr(passwords, "pool", Pool(1, 0))
    with transaction(engine) as db:
        assert has_password(db, "ina", winners[0])


@pytest.mark.parametrize("how", ["newer", "disabled", "password set"])
def test_an_invitation_that_ends_during_its_use_does_nothing(
    accepts, once_hashed, changes, engine, new_hash, how
):
    act = {
        "newer": admins.invite,
        "disabled": admins.disable,
        "password set": lambda db, row: admins.store_password(db, row, new_hash),
    }[how]
    once_hashed(lambda: changes(act, "ina"))
    accepts(status=[422])
    assert logins_that_hold(engine) == []
    [[kept]] = rows(engine, "SELECT password_hash FROM admins")
    assert kept == (new_hash if how == "password set" else None)


# While a password is hashed, no connection is held


def test_no_connection_is_held_while_a_password_is_hashed(anna, once_hashed, accepts):
    registry, held = anna.app.app.registry, []

    def look():
        for name in ("livechat.engine", "livechat.reading_engine"):
            held.append(registry[name].pool.checkedout())

    once_hashed(look)
    anna.signs_in()
    anna.app.reset()
    once_hashed(look)
    anna.signs_in("wrong password", status=422)
    once_hashed(look)
    accepts(status=[303])
    assert held == [0] * 6


# The team


@pytest.fixture
def overlap(engine):
    """A function that runs `first` in a transaction that stays open until `second` waits for it or has finished.
    Returns both results, or the code of a refusal."""

    def overlap(first, second):
        results = []

        def do(act):
            # Take turns as a request does; the command line does so on its own.
            with Session(engine, expire_on_commit=False) as db:
                try:
                    results.append(act(writing(db)))
                except Refused as refused:
                    results.append(refused.code)
                else:
                    db.commit()

        with Session(engine, expire_on_commit=False) as db:
            results.append(first(writing(db)))
            other = threading.Thread(target=do, args=[second])
            other.start()
            other.join(0.5)
            db.commit()
        other.join(30)
        return results

    return overlap


def test_of_two_first_admins_added_at_once_one_is_owner(overlap):
    found = overlap(
        lambda db: admins.add_admin(db, "anna").role, lambda db: admins.add_admin(db, "ben").role
    )
    assert found == ["owner", "agent"]


def test_of_two_who_add_one_username_at_once_one_is_refused(overlap):
    found = overlap(*[lambda db: admins.add_admin(db, "clara").username] * 2)
    assert found == ["clara", "username_taken"]


def test_a_username_just_taken_by_another_program_is_refused(overlap):
    def without_a_turn(db):
        db.add(AdminRow(username="clara", name="Clara", created_at=now(), role="agent"))
        db.flush()

    found = overlap(without_a_turn, lambda db: admins.add_admin(db, "clara").username)
    assert found == [None, "username_taken"]


@pytest.mark.parametrize("how", ["disable", "role"])
def test_of_two_owners_who_disable_or_demote_each_other_one_stays(anna, engine, overlap, how):
    ben = add_admin(engine, "ben")
    with transaction(engine) as db:
        admins.set_role(db, admins.find_admin(db, "ben"), "owner")

    def shut_out(by, whom):
        def act(db):
            actor, row = admin_actor(by.id, by.name), admins.find_admin(db, whom)
            if how == "disable":
                admins.disable(db, row, actor)
            else:
                admins.set_role(db, row, "agent", actor)

        return act

    assert overlap(shut_out(anna.row, "ben"), shut_out(ben, "anna")) == [None, "forbidden"]
    left = "SELECT username FROM admins WHERE role = 'owner' AND disabled_at IS NULL"
    assert rows(engine, left) == [("anna",)]


def test_an_owner_who_resigns_while_another_is_disabled_by_the_command_line_leaves_one(
    anna, engine, overlap
):
    add_admin(engine, "ben")
    with transaction(engine) as db:
        admins.set_role(db, admins.find_admin(db, "ben"), "owner")
    actor = admin_actor(anna.row.id, anna.name)
    found = overlap(
        lambda db: admins.set_role(db, admins.find_admin(db, "ben"), "viewer"),
        lambda db: admins.set_role(db, admins.find_admin(db, "anna"), "agent", actor),
    )
    assert found == [None, "last_owner"]


def test_a_login_that_begins_while_all_are_ended_ends_too_or_begins_afterwards(
    anna, overlap, engine
):
    overlap(
        lambda db: (
            sign_in._find_admin(db, Attempt("192.0.2.1", "anna"), lock=True)
            and admins.sign_in(db, admins.find_admin(db, "anna"), 1)
        ),
        lambda db: admins.sign_out_everywhere(db, admins.find_admin(db, "anna")),
    )
    assert logins_that_hold(engine) == []


@pytest.mark.parametrize("act", ["add", "role", "disable", "enable", "invite"])
def test_a_demoted_owner_changes_nothing_more_in_the_team(anna, engine, act):
    add_admin(engine, "ben")
    anna.is_signed_in()
    answers = []

    def do():
        headers = anna.json | {"X-CSRF-Token": anna.csrf_token}
        data = {"act": act, "username": "clara" if act == "add" else "ben", "role": "owner"}
        path = "/custom-admin/chat/team/"
        answers.append(anna.app.post_json(path, data, headers=headers, status="*"))

    before = "SELECT username, role, invite_hash, disabled_at FROM admins WHERE username != 'anna'"
    with transaction(engine) as db:
        kept = db.connection().exec_driver_sql(before).all()
        take_turns(db, TEAM)
        db.get_one(AdminRow, anna.row.id).role = "agent"
        db.flush()
        second = threading.Thread(target=do)
        second.start()
        second.join(0.5)  # it waits for us, or has not come so far: both lead to the same result
        assert not answers
    second.join(30)
    assert answers[0].status_int == 403
    assert rows(engine, before) == kept


def test_two_who_add_the_last_canned_reply_at_once_do_not_exceed_the_limit(
    admin, overlap, monkeypatch
):
    monkeypatch.setattr(canned_replies, "MOST", 6)
    actor = admin_actor(admin.row.id, admin.name)
    for everybody in (True, False):

        def add(code, everybody=everybody):
            options = {"title": "", "body": "x", "everybody": everybody}
            return lambda db: bool(canned_replies.add(db, actor, code=code, **options))

        assert overlap(add("one"), add("two")) == [True, True]
        assert overlap(add("three"), add("four")) == [True, "too_many_replies"]
