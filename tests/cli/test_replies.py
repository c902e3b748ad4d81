"""`livechat replies`."""

from __future__ import annotations

from sqlalchemy import Engine

from .conftest import Shell


def test_replies_are_added_shown_changed_and_removed(shell: Shell, engine: Engine) -> None:
    assert shell("replies", "add", "/Hours", "We open at 9.").code == 0
    assert shell("replies", "show", "hours").out == "We open at 9.\n"
    assert shell("replies", "change", "hours", "-", "--code", "open", input="At 10.\n").code == 0
    assert shell("replies", "list").out == "open\tWe open at 9.\t0\tAt 10.\n"
    (shape,) = shell("replies", "list", "--json").objects
    assert (shape["code"], shape["body"]) == ("open", "At 10.")
    assert shell("replies", "remove", "open").code == 0
    assert shell("replies", "list").out == ""


def test_invalid_replies_are_refused_in_a_sentence(shell: Shell, engine: Engine) -> None:
    shell("replies", "add", "hours", "x")
    for words in (
        ("add", "hours", "again"),
        ("add", "two words", "x"),
        ("add", "empty", " "),
        ("show", "nothing"),
        ("change", "nothing", "x"),
        ("remove", "nothing"),
    ):
        refused = shell("replies", *words)
        assert refused.code == 1
        assert len(refused.err.strip().splitlines()) == 1
