"""`livechat audit`, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from livechat import audit
from livechat.actors import STAFF, admin_actor
from livechat.audit import Act
from livechat.db.session import transaction
from livechat.models import Audit, now
from tests.factories import add_admin

from .conftest import Begin, Shell


@pytest.fixture
def acts(engine: Engine, begin: Begin) -> int:
    """Anna is added and takes a chat that the command line closed two days before."""
    anna = add_admin(engine, "anna", "Anna Berg")
    number = begin("hello")
    with transaction(engine) as db:
        audit.record(db, STAFF, Act.CLOSED, session_id=number)
        db.query(Audit).filter_by(act=Act.CLOSED).one().created_at = now() - timedelta(days=2)
        actor = admin_actor(anna.id, anna.name)
        audit.record(db, actor, Act.TAKEN, session_id=number, target="anna")
    return number


def test_the_newest_entry_comes_first(shell: Shell, acts: int) -> None:
    rows = shell("audit").rows
    assert [row[2:] for row in rows] == [
        ["Anna Berg", "taken", str(acts), "anna", f"Anna Berg took chat #{acts}.", "admin"],
        ["", "closed", str(acts), "", f"The command line closed chat #{acts}.", "shell"],
        ["", "admin_added", "", "anna", "The command line added Anna Berg (owner).", "shell"],
    ]
    assert rows[0][1].startswith(now().date().isoformat())


def test_filters_narrow_the_output(shell: Shell, acts: int) -> None:
    def found(*words: object) -> list[str]:
        return [row[3] for row in shell("audit", *words).rows]

    assert found("--actor", "anna") == ["taken"]
    assert found("--actor", "none") == ["closed", "admin_added"]
    assert found("--act", "closed", "--session", acts) == ["closed"]
    assert found("--session", acts) == ["taken", "closed"]
    assert found("--since", (now() - timedelta(days=1)).date()) == ["taken", "admin_added"]
    some = shell("audit", "--limit", 1)
    assert len(some.rows) == 1
    assert "Only the first 1" in some.err


def test_json_and_the_terminal_agree(shell: Shell, acts: int) -> None:
    newest = shell("audit", "--json").objects[0]
    assert newest["sentence"] == f"Anna Berg took chat #{acts}."
    assert (newest["act"], newest["number"], newest["details"]) == ("taken", acts, {})
    assert f"Anna Berg took chat #{acts}." in shell.on_terminal("audit").out


def test_an_act_on_behalf_of_an_admin_belongs_to_the_shell(
    shell: Shell, begin: Begin, engine: Engine
) -> None:
    add_admin(engine, "anna", "Anna Berg")
    number = begin("hello")
    for words in (["reply", number, "We have three."], ["note", number, "@anna: refund"]):
        assert shell("sessions", *words, "--as", "anna").code == 0
    assert shell("sessions", "revoke", number).code == 0
    assert shell("admins", "logout", "anna").code == 0
    anna = "Anna Berg (command line)"
    assert [[row[2], row[3], row[6], row[7]] for row in shell("audit").rows[:5]] == [
        ["", "signed_out", "The command line signed Anna Berg out of all browsers.", "shell"],
        [
            *("", "revoked"),
            f"The command line signed the customer of chat #{number} out of all browsers.",
            "shell",
        ],
        [anna, "noted", f"{anna} added a note to chat #{number}.", "shell"],
        [anna, "wrote", f"{anna} replied in chat #{number}.", "shell"],
        [anna, "taken", f"{anna} took chat #{number}.", "shell"],
    ]
    newest = shell("audit", "--json", "--act", "wrote").objects[0]
    assert (newest["actor"], newest["actor_kind"]) == ("Anna Berg", "shell")
    assert shell("audit", "--actor", "anna").rows == []
    # The customer still reads Anna's name.
    message = shell("sessions", "show", number, "--json").objects[0]["session"]["last_message"]
    assert (message["author"], message["from"]) == ("Anna Berg", "admin")


def test_invalid_arguments_are_refused_with_a_reason(shell: Shell, acts: int) -> None:
    for words, code in (
        (("--actor", "zoe"), 1),
        (("--session", "99999999999999999999"), 1),
        (("--session", "12345"), 1),
        (("--session", "-1"), 2),
        (("--act", "nonsense"), 2),
        (("--since", "yesterday"), 2),
        (("--limit", "0"), 2),
    ):
        ran = shell("audit", *words)
        assert (ran.code, ran.out) == (code, ""), words
        assert ran.err
    assert shell("audit", "--act", "role").err == "No results.\n"
