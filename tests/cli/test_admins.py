"""`livechat admins`, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from livechat.accounts import admins
from livechat.accounts.logins import admin_by_login
from livechat.db.session import transaction
from tests.factories import PASSWORD, add_admin, has_password

from .conftest import Begin, Shell

NEW = "some other words in a row"


def can_sign_in(engine: Engine, username: str, password: str) -> bool:
    with transaction(engine) as db:
        enabled = admins.find_admin(db, username).disabled_at is None
        return enabled and has_password(db, username, password)


def invited(engine: Engine, link: str) -> str | None:
    """Return the username that a link is for."""
    path, _question, token = link.rstrip("\n").partition("?token=")
    assert path == "http://localhost:6543/custom-admin/welcome/"
    with transaction(engine) as db:
        admin = admins.invited(db, token)
        return admin.username if admin else None


def test_an_admin_is_added_with_a_password_from_standard_input(
    shell: Shell, engine: Engine
) -> None:
    added = shell(
        *("admins", "add", "Anna", "--name", "Anna Berg", "--email", "anna@example.com"),
        "--password-stdin",
        input=f"{PASSWORD}\nnot this line\n",
    )
    assert (added.code, added.out, added.err) == (0, "", "Added Anna Berg (anna).\n")
    assert can_sign_in(engine, "anna", PASSWORD)
    (row,) = shell("admins", "list").rows
    assert row[:5] == ["anna", "Anna Berg", "enabled", "0", "anna@example.com"]
    again = shell("admins", "add", "ANNA", "--password-stdin", input=PASSWORD)
    assert (again.code, again.err) == (1, "An admin with the username anna already exists.\n")


def test_an_invitation_is_a_link_on_stdout(shell: Shell, engine: Engine) -> None:
    first = shell("admins", "add", "ben", "--invite")
    assert invited(engine, first.out) == "ben"
    assert "three days" in first.err
    assert shell("admins", "list").rows[0][2] == "invited"
    second = shell("admins", "passwd", "ben", "--invite", PORT="7000")
    assert second.out.startswith("http://localhost:7000/custom-admin/welcome/?token=")
    assert invited(engine, first.out) is None
    public = shell("admins", "passwd", "ben", "--invite", LIVECHAT_PUBLIC_URL="https://chat.x.com/")
    assert public.out.startswith("https://chat.x.com/custom-admin/welcome/?token=")


@pytest.mark.parametrize("database_kind", ["sqlite"])  # nothing here depends on the database
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["add", "anna"], 2, "--password-stdin or --invite"),
        (["add", "anna", "--invite", "--password-stdin"], 2, "either"),
        (["add"], 2, "NAME"),
        (["add", "an na", "--invite"], 1, "A username has"),
        (["add", "anna", "--invite", "--email", "nonsense"], 1, "valid email"),
        (["add", "anna", "--password-stdin"], 1, "Standard input has no password"),
        (["passwd", "zoe", "--invite"], 1, "There is no admin 'zoe'"),
        (["disable", "zoe"], 1, "There is no admin 'zoe'"),
        (["enable", "zoe"], 1, "There is no admin 'zoe'"),
        (["logout", "zoe"], 1, "There is no admin 'zoe'"),
    ],
)
def test_impossible_requests_are_refused_with_a_reason(
    shell: Shell, words: list[str], code: int, said: str
) -> None:
    ran = shell("admins", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert shell("admins", "list").out == ""


def test_a_bad_password_adds_no_admin(shell: Shell) -> None:
    short = shell("admins", "add", "anna", "--password-stdin", input="short\n")
    assert (short.code, "characters" in short.err) == (1, True)
    assert "UTF-8" in shell("admins", "add", "anna", "--password-stdin", input=b"\xff\xfe" * 9).err
    assert shell("admins", "list").out == ""


def test_a_weak_password_is_refused_on_standard_input(shell: Shell, engine: Engine) -> None:
    """Words known from the account count, and nothing changes."""
    add = ("admins", "add", "anna", "--name", "Anna Berg", "--password-stdin")
    for weak in ("password", "12345678", "annaberg1"):
        refused = shell(*add, input=f"{weak}\n")
        assert (refused.code, refused.out) == (1, "")
        assert "too easy to guess" in refused.err
    assert shell("admins", "list").out == ""
    add_admin(engine, "anna", "Anna Berg")
    refused = shell("admins", "passwd", "anna", "--password-stdin", input="anna berg 1\n")
    assert (refused.code, "too easy to guess" in refused.err) == (1, True)
    named = {"LIVECHAT_SHOP_NAME": "Tannenzweig"}
    refused = shell("admins", "passwd", "anna", "--password-stdin", input="tannenzweig7\n", **named)
    assert refused.code == 1
    assert can_sign_in(engine, "anna", PASSWORD)


def test_a_disabled_admin_is_signed_out_and_can_come_back(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    add_admin(engine, "anna")
    ben = add_admin(engine, "ben")
    number = begin("hello")
    shell("sessions", "assign", number, "ben")
    with transaction(engine) as db:
        token = admins.sign_in(db, ben, 1)
    out = shell("admins", "disable", "ben")
    assert (out.code, "1 open chat unassigned" in out.err) == (0, True)
    with transaction(engine) as db:
        assert admin_by_login(db, token) is None
    assert not can_sign_in(engine, "ben", PASSWORD)
    assert shell("sessions", "list").rows[0][1:3] == ["waiting", ""]
    states = {
        shape["username"]: shape["state"] for shape in shell("admins", "list", "--json").objects
    }
    assert states == {"anna": "enabled", "ben": "disabled"}
    assert "already" in shell("admins", "disable", "ben").err
    assert shell("admins", "passwd", "ben", "--invite").code == 1
    assert shell("admins", "enable", "ben").code == 0
    assert can_sign_in(engine, "ben", PASSWORD)
    assert "already enabled" in shell("admins", "enable", "ben").err


def test_a_new_password_and_logout_end_the_logins(shell: Shell, engine: Engine) -> None:
    anna = add_admin(engine, "anna")
    for words, given in ((["passwd", "anna", "--password-stdin"], NEW), (["logout", "anna"], "")):
        with transaction(engine) as db:
            token = admins.sign_in(db, anna, 1)
        assert shell("admins", *words, input=given).code == 0
        with transaction(engine) as db:
            assert admin_by_login(db, token) is None
    assert can_sign_in(engine, "anna", NEW)
    assert not can_sign_in(engine, "anna", PASSWORD)


def test_on_a_terminal_the_password_is_asked_for_twice_until_it_is_good(
    shell: Shell, engine: Engine
) -> None:
    asked = shell.on_terminal(
        *("admins", "add", "anna"),
        answers=("short", "anna2026", PASSWORD, "another", PASSWORD, PASSWORD),
    )
    assert asked.code == 0
    assert "characters" in asked.out
    assert "too easy to guess" in asked.out
    assert "don't match" in asked.out
    assert PASSWORD not in asked.out  # the input is not echoed
    assert can_sign_in(engine, "anna", PASSWORD)
    table = shell.on_terminal("admins", "list").out
    assert "Username" in table
    assert "enabled" in table


def test_roles_are_changed_and_shown(shell: Shell, engine: Engine) -> None:
    add_admin(engine, "anna", "Anna Berg")
    assert shell("admins", "add", "eva", "--role", "viewer", "--invite").code == 0
    assert [(row[0], row[6]) for row in shell("admins", "list").rows] == [
        ("anna", "owner"),
        ("eva", "viewer"),
    ]
    changed = shell("admins", "role", "eva", "owner")
    assert (changed.code, changed.out, changed.err) == (0, "", "eva now has the role owner.\n")
    assert shell("admins", "role", "Eva", "owner").err == "eva already has the role owner.\n"
    assert shell("admins", "list", "--json").objects[1]["role"] == "owner"
    assert "owner" in shell.on_terminal("admins", "list").out
    sentences = [row[6] for row in shell("audit", "--act", "role").rows]
    assert sentences == ["The command line changed the role of eva from viewer to owner."]


def test_the_last_owner_stays_owner(shell: Shell, engine: Engine) -> None:
    add_admin(engine, "anna")
    refused = shell("admins", "role", "anna", "agent")
    assert refused.code == 1
    assert refused.err == "anna is the only owner. Make someone else an owner first.\n"
    assert shell("admins", "role", "zoe", "agent").code == 1
    assert shell("admins", "role", "anna", "emperor").code == 2
    assert shell("admins", "list").rows[0][6] == "owner"
