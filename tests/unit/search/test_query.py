"""Parsing a search: words, phrases, filters, and everything that is none of these."""

from datetime import UTC, datetime

import pytest

from livechat.exceptions import Invalid
from livechat.search.query import Query, Term, fold, matches, parse, snippet


def words(text):
    return [" ".join(term.folded) for term in parse(text).terms]


def test_words_match_prefixes_and_phrases_match_exactly():
    assert parse('Blue "brass lamp"').terms == (
        Term(("Blue",), True),
        Term(("brass", "lamp"), False),
    )
    assert words("ann@example.com x-ray") == ["ann example com", "x ray"]
    assert words('"never closed') == ["never closed"]
    assert parse("-refund lamp").excluded == (Term(("refund",), True),)


def test_filters():
    query = parse(
        'FROM:@anna tag:"gift card" tag:new product:lamp status:Closed assignee:me '
        "before:2026-02-01 after:2026-01-31 oak"
    )
    assert query == Query(
        terms=(Term(("oak",), True),),
        sender="anna",
        tags=("gift card", "new"),
        product=(Term(("lamp",), True),),
        status="closed",
        assignee="me",
        before=datetime(2026, 2, 1, tzinfo=UTC),
        after=datetime(2026, 1, 31, tzinfo=UTC),
    )


def test_unknown_filters_are_words():
    assert words("colour:blue") == ["colour blue"]
    assert words("from: anna") == ["from", "anna"]
    assert words("https://shop.example/a?b=1") == ["https shop example a b 1"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "%",
        '"',
        '""',
        "*",
        "(",
        "- -- :",
        "_",
        "\x00",
        "\ud800",
        '"" "" :',
        "👍",
        "-refund",
    ],
)
def test_a_query_without_words_finds_nothing(text):
    assert parse(text).nothing


def test_operators_are_words():
    assert words("NEAR(a b) OR c* AND NOT d^ {x} : e") == [
        "near a", "b", "or", "c", "and", "not", "d", "x", "e"
    ]  # fmt: skip
    assert words("'a':* & !b | <-> c") == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 501,
        "before:yesterday",
        "after:2026-02-30",
        "after:٢٠٢٦-01-01",
        "status:open",
        "a " * 40,
    ],
)
def test_invalid_queries_are_refused_in_a_sentence(text):
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.field == "q"
    assert refused.value.message.endswith(".")


def test_folding():
    assert fold("Crème BRÛLÉE") == "creme brulee"
    assert fold("ΣΊΣΥΦΟΣ") == "σισυφοσ"
    assert fold("Straße") == "straße"


def marked(text, query):
    found = parse(query)
    return "".join(
        f"[{part['text']}]" if part["hit"] else part["text"] for part in snippet(text, found.terms)
    )


def test_a_snippet_marks_the_hits_in_their_original_spelling():
    assert marked("The Crème brûlée\nand creme", "creme") == "The [Crème] brûlée and [creme]"
    assert marked("a brass lamp, brass lamps", '"brass lamp"') == "a [brass lamp], brass lamps"
    assert marked("a brass lamp", "bra lam") == "a [brass] [lamp]"
    assert marked("Is it a lamp?", "a") == "Is it [a] lamp?"
    assert marked("nothing", "else") == "nothing"


def test_a_snippet_is_short_and_surrounds_the_first_hit():
    shown = marked("before " * 100 + "needle" + " after" * 100, "needle")
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert "[needle]" in shown
    assert len(shown) < 220
    assert len(marked("x" * 4000, "zzz")) < 200
    assert len(marked("x" * 4000, "xx")) < 200
    assert len(marked("a" + "\u0301" * 300 + " needle", "needle")) < 400


def test_a_long_query_is_parsed_quickly():
    text = "lamp " * 800
    assert marked(text, "lamp").startswith("[lamp] [lamp]")
    assert matches(text, parse("la"))
    assert not matches(text, parse("lamp -lam"))
