"""Limits on sign-in attempts, what strangers cannot do to an owner, and what is logged."""

import itertools
import logging
import re
from datetime import timedelta

import pytest

from livechat.accounts import admins, login_limits, passwords
from livechat.accounts.passwords import Pool
from livechat.db.session import transaction
from livechat.models import LoginCount, now
from livechat.web import devices

from ...databases import rows
from ...factories import PASSWORD, Admin, add_admin
from ..conversation.test_exactly_once import at_once

WRONG = "wrong password"
A_DAY = 24 * 3600


@pytest.fixture
def anna(wsgi, engine):
    """Anna, not signed in."""
    return Admin(wsgi, engine, add_admin(engine, "anna", "Anna Antwort"))


@pytest.fixture
def stranger(anna, engine):
    """A function that creates a client in a separate network who signs in as Anna or as somebody else."""
    numbers = itertools.count(1)

    def new(app, username="anna"):
        one = Admin(app, engine, anna.row, address=f"203.0.113.{next(numbers)}")
        one.username = username
        return one

    return new


@pytest.fixture
def quick(monkeypatch):
    """Password hashes that take almost no time, for tests of how many are verified."""
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_NOBODYS_HASH", passwords._hash_of_nothing())
    return cheap.hash(PASSWORD)


@pytest.fixture
def quick_anna(anna, quick, engine):
    """Anna, whose password takes no time to verify."""
    with transaction(engine) as db:
        admins.find_admin(db, "anna").password_hash = quick
    return anna


# From many networks


@pytest.mark.parametrize("username", ["anna", "nobody"])
def test_distributed_guesses_are_stopped_and_do_not_reveal_whether_the_name_exists(
    boot, quick_anna, stranger, username
):
    wsgi = boot(limit_account_login_failures="5/day")
    for _ in range(5):
        stranger(wsgi, username).signs_in(WRONG, status=422)
    held_up = stranger(wsgi, username).signs_in(PASSWORD, status=429)
    assert 1 <= int(held_up.headers["Retry-After"]) <= A_DAY
    assert "Use a browser you have signed in with before" in held_up.html.get_text()
    stranger(wsgi, "somebody else").signs_in(WRONG, status=422)


def test_strangers_do_not_lock_out_a_browser_known_to_the_account(
    boot, quick_anna, stranger, engine
):
    wsgi = boot(limit_account_login_failures="2/day", limit_network_login_failures="4/day")
    quick_anna.app.app = wsgi
    quick_anna.signs_in()
    quick_anna.signs_out()
    neighbour = Admin(wsgi, engine, quick_anna.row)  # in the same network
    for _ in range(2):
        neighbour.signs_in(WRONG, status=422)
    neighbour.signs_in(PASSWORD, status=429)
    quick_anna.signs_in(WRONG, status=422)
    quick_anna.signs_in(PASSWORD, status=303)


def test_a_known_browser_has_a_separate_limit(boot, quick_anna):
    wsgi = boot(limit_login_failures="2/day")
    quick_anna.app.app = wsgi
    quick_anna.signs_in()
    quick_anna.signs_out()
    for _ in range(2):
        quick_anna.signs_in(WRONG, status=422)
    quick_anna.signs_in(PASSWORD, status=429)


def test_a_browser_is_known_only_to_accounts_that_signed_in_with_it(
    boot, quick_anna, stranger, quick, engine
):
    wsgi = boot(limit_account_login_failures="1/day")
    row = add_admin(engine, "mallory")
    with transaction(engine) as db:
        admins.find_admin(db, "mallory").password_hash = quick
    mallory = Admin(wsgi, engine, row, address="203.0.113.99")
    mallory.signs_in()
    mallory.signs_out()
    stranger(wsgi).signs_in(WRONG, status=422)
    mallory.username = "anna"
    mallory.signs_in(PASSWORD, status=429)


def test_one_browser_may_be_known_to_several_accounts(boot, quick_anna, stranger, quick, engine):
    wsgi = boot(limit_account_login_failures="1/day")
    quick_anna.app.app = wsgi
    with transaction(engine) as db:
        admins.add_admin(db, "ben", password_hash=quick)
    for name in ("anna", "ben"):
        quick_anna.username = name
        quick_anna.signs_in()
        quick_anna.signs_out()
    for name in ("anna", "ben"):
        stranger(wsgi, name).signs_in(WRONG, status=422)
        quick_anna.username = name
        quick_anna.signs_in()
        quick_anna.signs_out()


@pytest.mark.parametrize(
    "cookie",
    ["", "x", "." * 9, "a" * 22, f"{'a' * 22}.{'b' * 22}", f"{'ä' * 22}.{'b' * 22}", "a" * 5000],
)
def test_a_forged_cookie_proves_nothing(boot, quick_anna, stranger, cookie):
    wsgi = boot(limit_account_login_failures="1/day")
    stranger(wsgi).signs_in(WRONG, status=422)
    forger = stranger(wsgi)
    page = forger.app.get("/custom-admin/login/")
    token = page.html.find("input", {"name": "csrf_token"})["value"]
    kept = "; ".join(f"{name}={value}" for name, value in forger.app.cookies.items())
    headers = {"Cookie": f"{kept}; {devices.COOKIE}={cookie}".encode().decode("latin-1")}
    form = {"csrf_token": token, "username": "anna", "password": PASSWORD}
    forger.app.post("/custom-admin/login/", form, headers=headers, status=429)


def test_the_cookie_is_hidden_from_scripts_and_remembers_the_latest_accounts(quick_anna):
    headers = quick_anna.signs_in().headers.getall("Set-Cookie")
    [cookie] = [header for header in headers if header.startswith(devices.COOKIE)]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/custom-admin/"} <= attributes
    value = ""
    for number in range(8):
        value = devices.remember_account("secret", value, f"admin{number}")
    known = [devices.known_device("secret", value, f"admin{number}") for number in range(8)]
    assert known[:3] == [None] * 3
    assert len(set(known[3:])) == 1
    assert devices.known_device("another secret", value, "admin7") is None


def test_an_admin_locked_out_everywhere_gets_in_with_a_new_link(boot, quick_anna, stranger, engine):
    wsgi = boot(limit_account_login_failures="1/day")
    stranger(wsgi).signs_in(WRONG, status=422)
    stranger(wsgi).signs_in(PASSWORD, status=429)
    with transaction(engine) as db:
        token = admins.invite(db, admins.find_admin(db, "anna"))
    owner = stranger(wsgi)
    page = owner.app.get("/custom-admin/welcome/", {"token": token})
    csrf = page.html.find("input", {"name": "csrf_token"})["value"]
    form = {"csrf_token": csrf, "token": token, "password": "a new password"}
    owner.app.post("/custom-admin/welcome/", form, status=303)
    owner.dashboard()
    owner.signs_out()
    owner.signs_in("a new password")  # this browser is known to the account from now on


def test_attempts_at_invitations_are_limited_too(boot, app):
    app.app = boot(limit_network_login_failures="3/day")
    page = app.get("/custom-admin/login/")
    csrf = page.html.find("input", {"name": "csrf_token"})["value"]
    for number in range(3):
        form = {"csrf_token": csrf, "token": f"{number}" * 43, "password": "long enough"}
        app.post("/custom-admin/welcome/", form, status=422)
    held_up = app.post("/custom-admin/welcome/", form, status=429)
    assert 1 <= int(held_up.headers["Retry-After"]) <= A_DAY


# Counting


def test_concurrent_guesses_are_verified_only_up_to_the_limit(boot, quick_anna, stranger):
    wsgi = boot(limit_account_login_failures="3/day")
    people = [stranger(wsgi) for _ in range(10)]
    forms = []
    for one in people:
        page = one.app.get("/custom-admin/login/")
        token = page.html.find("input", {"name": "csrf_token"})["value"]
        forms.append({"csrf_token": token, "username": "anna", "password": WRONG})

    def guess(one, form):
        return one.app.post("/custom-admin/login/", form, status="*").status_int

    found = at_once(*[lambda pair=pair: guess(*pair) for pair in zip(people, forms, strict=True)])
    assert sorted(found) == [422] * 3 + [429] * 7


def test_processes_share_their_counts(boot, quick_anna, stranger):
    one = boot(limit_login_failures="2/day", limit_account_login_failures="3/day")
    two = boot(limit_login_failures="2/day", limit_account_login_failures="3/day", login_hours=3)
    assert one is not two
    attacker = stranger(one)
    attacker.signs_in(WRONG, status=422)
    attacker.app.app = two
    attacker.signs_in(WRONG, status=422)
    attacker.signs_in(WRONG, status=429)
    stranger(one).signs_in(WRONG, status=422)
    stranger(two).signs_in(PASSWORD, status=429)


def test_a_refused_attempt_is_not_counted(boot, quick_anna, stranger, engine):
    wsgi = boot(limit_login_failures="1/day", limit_network_login_failures="2/day")
    attacker = stranger(wsgi)
    attacker.signs_in(WRONG, status=422)
    for _ in range(3):
        attacker.signs_in(WRONG, status=429)
    attacker.username = "another"
    attacker.signs_in(WRONG, status=422)
    attacker.username = "a third"
    attacker.signs_in(WRONG, status=429)


def test_counting_starts_over_after_the_period(boot, quick_anna, stranger, engine):
    wsgi = boot(limit_login_failures="1/day")
    attacker = stranger(wsgi)
    attacker.signs_in(WRONG, status=422)
    attacker.signs_in(WRONG, status=429)
    with transaction(engine) as db:
        db.query(LoginCount).update({"ends_at": now() - timedelta(milliseconds=1)})
    attacker.signs_in(WRONG, status=422)
    attacker.signs_in(WRONG, status=429)


def test_expired_counts_are_deleted_and_others_are_kept(quick_anna, stranger, engine):
    wsgi = quick_anna.app.app
    stranger(wsgi).signs_in(WRONG, status=422)
    reading = wsgi.registry["livechat.reading_engine"]
    assert login_limits.forget_old(engine, reading) == 0
    with transaction(engine) as db:
        one = db.query(LoginCount).first()
        one.ends_at = now() - timedelta(milliseconds=1)
    assert login_limits.forget_old(engine, reading) == 1
    assert len(rows(engine, "SELECT key FROM login_counts")) == 2


def test_the_counts_contain_no_names_or_networks(quick_anna, stranger, engine):
    stranger(quick_anna.app.app).signs_in(WRONG, status=422)
    for [key] in rows(engine, "SELECT key FROM login_counts"):
        assert re.fullmatch(r"[0-9a-f]{64}", key)


# Too many at the same time


@pytest.mark.parametrize("known", [True, False])
def test_a_full_queue_answers_try_again_and_counts_nothing(
    boot, quick_anna, stranger, monkeypatch, engine, known
):
    monkeypatch.setattr(passwords, "pool", Pool(1, 1))
    one = stranger(boot(limit_login_failures="1/day"), "anna" if known else "nobody")
    with passwords.pool.place(), passwords.pool.place():
        answer = one.signs_in(status=503)
        assert int(answer.headers["Retry-After"]) >= 1
        assert "Try again in a few seconds." in answer.html.get_text()
        assert answer.html.find("input", {"name": "username"})["value"] == one.username
    assert rows(engine, "SELECT key FROM login_counts") == []
    one.signs_in(status=303 if known else 422)


def test_strangers_cannot_take_the_places_of_known_browsers(
    quick_anna, stranger, monkeypatch, engine
):
    quick_anna.signs_in()
    quick_anna.signs_out()
    with transaction(engine) as db:
        token = admins.invite(db, admins.add_admin(db, "ina"))
    monkeypatch.setattr(passwords, "pool", Pool(1, 2, kept_free=1))
    with passwords.pool.place(stranger=True), passwords.pool.place(stranger=True):
        stranger(quick_anna.app.app).signs_in(status=503)
        quick_anna.signs_in(status=303)
        invited = stranger(quick_anna.app.app)
        page = invited.app.get("/custom-admin/welcome/", {"token": token})
        csrf = page.html.find("input", {"name": "csrf_token"})["value"]
        form = {"csrf_token": csrf, "token": token, "password": PASSWORD}
        invited.app.post("/custom-admin/welcome/", form | {"token": "x" * 43}, status=503)
        invited.app.post("/custom-admin/welcome/", form, status=303)


# Logging


@pytest.fixture
def log(caplog):
    """A function that returns the lines logged so far."""
    caplog.set_level(logging.INFO, "livechat")
    return lambda: [
        record.getMessage() for record in caplog.records if record.name.startswith("livechat")
    ]


def audited(engine):
    query = "SELECT act, target, actor_name FROM audit WHERE actor_key = 'nobody' ORDER BY id"
    return [tuple(row) for row in rows(engine, query)]


def test_each_failure_and_each_lock_is_logged(boot, quick_anna, stranger, log):
    one = stranger(boot(limit_login_failures="2/day"))
    one.signs_in(WRONG, status=422)
    one.signs_in(WRONG, status=422)
    one.signs_in(WRONG, status=429)
    failed = "Failed sign-in as anna from 203.0.113.1: wrong password"
    assert [line for line in log() if line.startswith("Failed")] == [failed] * 2
    [locked] = [line for line in log() if line.startswith("Too many")]
    assert "as anna from 203.0.113.1" in locked


@pytest.mark.parametrize("state", ["disabled", "invited"])
def test_the_log_has_the_reason_and_the_page_does_not(quick_anna, stranger, engine, log, state):
    with transaction(engine) as db:
        row = admins.add_admin(db, state, password_hash=None)
        if state == "disabled":
            row.password_hash = admins.find_admin(db, "anna").password_hash
            admins.disable(db, row)
    page = stranger(quick_anna.app.app, state).signs_in(status=422)
    assert "disabled" not in page.html.find(id="problem").get_text()
    why = {"disabled": "the account is disabled", "invited": "no password is set"}[state]
    assert log() == [f"Failed sign-in as {state} from 203.0.113.1: {why}"]


@pytest.mark.parametrize(
    "typed", ["my secret password", "x\nINFO livechat: all is well", "\x1b[2J"]
)
def test_an_unknown_username_is_not_logged(quick_anna, stranger, engine, log, typed):
    stranger(quick_anna.app.app, typed).signs_in(status=422)
    [line] = log()
    assert line == ("Failed sign-in as an unknown name from 203.0.113.1: there is no such admin")
    assert audited(engine) == []


def test_a_network_in_the_log_is_an_address_whatever_the_client_claims(
    boot, quick_anna, engine, log
):
    wsgi = boot(trusted_proxies=1)
    one = Admin(wsgi, engine, quick_anna.row, address="127.0.0.1")
    one.app.extra_environ["HTTP_X_FORWARDED_FOR"] = "evil\tline"
    one.signs_in(WRONG, status=422)
    assert log() == ["Failed sign-in as anna from unknown: wrong password"]


def test_failures_are_audited_and_many_of_them_make_few_entries(
    boot, quick_anna, stranger, admin_of, engine
):
    wsgi = boot(limit_login_failures="4/day", limit_account_login_failures="6/day")
    one, two = stranger(wsgi), stranger(wsgi)
    for _ in range(4):
        one.signs_in(WRONG, status=422)
    one.signs_in(WRONG, status=429)
    for _ in range(2):
        two.signs_in(WRONG, status=422)
    stranger(wsgi).signs_in(WRONG, status=429)
    assert audited(engine) == [
        ("sign_in_failed", "anna", None),
        ("locked_out", "anna", None),
        ("sign_in_failed", "anna", None),
        ("locked_out", "anna", None),
    ]
    owner = admin_of(wsgi)
    found = owner.app.get("/custom-admin/chat/audit/", headers=owner.json).json["entries"]
    told = [
        entry["sentence"] for entry in found if entry["act"] in {"sign_in_failed", "locked_out"}
    ]
    assert told == [
        "Sign-in as Anna Antwort from new browsers was temporarily locked after 6 failed attempts.",
        "Sign-in as Anna Antwort failed from 203.0.113.2.",
        "Sign-in as Anna Antwort from 203.0.113.1 was temporarily locked after 4 failed attempts.",
        "Sign-in as Anna Antwort failed from 203.0.113.1.",
    ]
    page = owner.page("audit/?act=locked_out")
    assert told[0] in page.html.main.get_text()
    assert "Sign-in locked" in page.text


@pytest.fixture
def admin_of(quick_anna, engine):
    """A function that returns Anna, signed in without the form."""
    return lambda wsgi: Admin(wsgi, engine, quick_anna.row).is_signed_in()


def test_a_network_that_tries_many_names_is_audited(boot, stranger, quick, engine):
    wsgi = boot(limit_network_login_failures="2/day")
    one = stranger(wsgi)
    for name in ("zoe", "max"):
        one.username = name
        one.signs_in(WRONG, status=422)
    assert audited(engine) == [("locked_out", None, None)]
