"""The search: hits and their order, filters, permissions; and that no query can break it."""

import pytest
from sqlalchemy import text

from livechat.conversation.opening import Opening, Product, describe
from livechat.db.session import transaction
from livechat.models import ChatMessage, ChatSession, Sender, SessionTag
from livechat.realtime.sqlite_upkeep import tidy
from livechat.search import engine as searching
from livechat.search import index

from ...databases import rows
from ...factories import new_id

PATH = "/custom-admin/chat/search/"


def search(admin, q, status=200, **more):
    return admin.app.get(PATH, {"q": q, **more}, headers=admin.json, status=status).json


def found(admin, q):
    """Return the numbers of chat and entry, newest first."""
    return [(hit["number"], hit["seq"]) for hit in search(admin, q)["hits"]]


def notes(admin, number, body):
    return admin.posts(number, "note", {"body": body, "client_id": new_id()}, status=201)


@pytest.fixture
def shop(admin, new_admin, new_customer):
    """Three chats: Jörg asks for a lamp and is answered; Ann has a crème brûlée; Zoë said nothing."""
    new_customer().starts(
        "Is the brass lamp in stock?",
        name="Jörg Müller",
        email="jm@example.com",
    )
    admin.sends(1, "The lamp comes on Friday")
    notes(admin, 1, "lamp: supplier is late")
    new_customer().starts("Crème brûlée, please", name="Ann")
    new_customer().starts(name="Zoë Lamprecht", email="zoe@shop.example", product="77")
    return admin


@pytest.fixture
def long_ago_soon(monkeypatch):
    """Treat a few rows like thousands: anything older than the newest five has to be looked up."""
    few = {"WINDOW": 5, "WIDER": 5, "DENSE": 1, "SAMPLE": 20, "FREQUENT": 3}
    for name, value in few.items():
        monkeypatch.setattr(index, name, value)


def test_messages_notes_and_sessions_are_found_newest_first(shop):
    assert [number for number, _seq in found(shop, "lamp")] == [3, 1, 1, 1]
    kinds = [hit["from"] for hit in search(shop, "lamp")["hits"]]
    assert kinds == ["session", "note", "admin", "customer"]


@pytest.mark.parametrize(
    ("q", "numbers"),
    [
        ("CREME", [2]),
        ("crème brul", [2]),
        ("brûlée", [2]),
        ('"brass lamp"', [1]),
        ('"lamp brass"', []),
        ("bras stoc", [1]),
        ("jorg", [1]),
        ("muller jorg", [1]),
        ("jm@example.com", [1]),
        ("jm@exam", [1]),
        ("zoe 77", [3]),
        ("lamp -brass -friday -supplier", [3]),
        ("tock", []),
        ("joined", []),
    ],
)
def test_words_phrases_prefixes_and_accents(shop, q, numbers):
    assert [number for number, _seq in found(shop, q)] == numbers


def test_a_hit_has_its_place_and_marks_the_matching_words(shop):
    (hit,) = search(shop, "creme")["hits"]
    assert hit["snippet"] == [
        {"text": "Crème", "hit": True},
        {"text": " brûlée, please", "hit": False},
    ]
    assert hit | {"created_at": "", "snippet": []} == {
        "number": 2,
        "name": "Ann",
        "seq": 1,
        "from": "customer",
        "author": hit["author"],
        "snippet": [],
        "created_at": "",
        "link": "http://localhost/custom-admin/chat/2/?at=1#m1",
    }
    (known,) = search(shop, "zoe@shop.example")["hits"]
    assert (known["seq"], known["from"]) == (None, "session")
    assert known["link"] == "http://localhost/custom-admin/chat/3/"
    assert [part["text"] for part in known["snippet"] if part["hit"]] == ["zoe@shop.example"]


def test_filters(shop, new_admin, engine):
    ben = new_admin("ben")
    notes(ben, 2, "a lamp for Ann, too")
    shop.posts(1, "tags", {"add": ["delivery", "gift card"]})
    shop.closes(1)

    def senders(q):
        return [(hit["number"], hit["from"]) for hit in search(shop, q)["hits"]]

    assert senders("lamp from:customer") == [(1, "customer")]
    assert senders("lamp from:admin") == [(1, "admin")]
    assert senders("lamp from:note") == [(2, "note"), (1, "note")]
    assert senders("lamp from:ben") == senders("from:BEN") == [(2, "note")]
    assert senders("lamp from:me") == [(1, "note"), (1, "admin")]
    assert {number for number, _ in senders("lamp tag:delivery")} == {1}
    assert senders('tag:"gift card" tag:delivery') == [(1, "session")]
    assert senders("lamp tag:delivery -friday -supplier") == [(1, "customer")]
    assert senders("delivery") == [(1, "session")]
    assert senders("lamp tag:nothing") == []
    assert senders("lamp status:waiting") == [(2, "note"), (3, "session")]
    assert {number for number, _ in senders("lamp status:closed")} == {1}
    assert {number for number, _ in senders("lamp assignee:anna")} == {1}
    assert senders("assignee:none") == [(3, "session"), (2, "session")]
    assert senders("product:77") == [(3, "session")]
    assert senders("lamp product:77") == [(3, "session")]
    assert senders("lamp product:42") == []
    with transaction(engine) as db:
        for message in db.query(ChatMessage).filter_by(session_id=1):
            message.created_at = message.created_at.replace(year=2020, month=5, day=17)
    assert [hit[0] for hit in senders("lamp before:2020-05-18")] == [1, 1, 1]
    assert senders("lamp before:2020-05-17") == []
    assert [hit[0] for hit in senders("lamp after:2020-05-17 before:2020-05-18")] == [1, 1, 1]
    assert 1 not in {hit[0] for hit in senders("lamp after:2020-05-18 from:customer")}
    assert senders("lamp after:2999-01-01") == []


def test_pages_continue_without_gap_or_repetition(admin, new_customer):
    customer = new_customer()
    for n in range(40):
        customer = new_customer()
        customer.starts(f"needle {n}", name=f"Needle {n}")
    seen, before = [], ""
    while before is not None:
        page = search(admin, "needle", before=before)
        assert len(page["hits"]) <= searching.PAGE
        seen += [(hit["number"], hit["seq"]) for hit in page["hits"]]
        before = page["next"]
    assert len(seen) == len(set(seen)) == 80
    assert [number for number, _seq in seen] == sorted((n for n, _ in seen), reverse=True)


@pytest.mark.parametrize(
    ("q", "numbers"),
    [
        ("zebra", [4, 1]),
        ("lamp zebra", [1]),
        ("zeb lam", [1]),
        ("lamp zebra -striped", []),
        ("lamp zebra from:customer", [1]),
        ("lamp zebra from:admin", []),
        ("lamp zebra before:2020-01-01", []),
        ("zebra lion", []),
        ("lamp unheard", []),
        ('"zebra lamp"', []),
        ('"striped zebra" lamp', [1]),
    ],
)
@pytest.mark.usefixtures("long_ago_soon")
def test_a_rare_word_is_found_however_old_next_to_a_frequent_one(q, numbers, admin, new_customer):
    for body in ["a striped zebra under a lamp", "a lion", "no animal", "a zebra"]:
        new_customer().starts(body)
    for n in range(30):
        new_customer().starts(f"a lamp {n}", name="Guest")
    assert [number for number, _seq in found(admin, q)] == numbers


@pytest.mark.usefixtures("long_ago_soon")
def test_the_list_finds_an_old_name_with_a_frequent_half(admin, new_customer):
    for name in ["Guest 123", "Guest 7", *["Guest"] * 30]:
        new_customer().starts("hello", name=name)
    assert [s["number"] for s in admin.dashboard(q="guest 12").json["sessions"]] == [1]


def test_filters_with_few_matches_are_searched_page_by_page(
    admin, new_customer, engine, monkeypatch
):
    monkeypatch.setattr(searching, "SOME", 5)
    monkeypatch.setattr(searching, "LOOKED", 10)
    monkeypatch.setattr(searching, "FEW", 0)
    new_customer().starts("needle first", name="A")
    admin.posts(1, "tags", {"add": ["rare"]})
    for n in range(30):
        new_customer().starts(f"needle {n}")
    page = search(admin, "needle tag:rare")
    assert page["hits"] == []
    assert page["upto"]
    shown = admin.page("search/?q=needle+tag:rare")
    assert "Load more" in shown.text
    hits = []
    while page["next"]:
        page = search(admin, "needle tag:rare", before=page["next"])
        hits += page["hits"]
    assert [hit["number"] for hit in hits] == [1]


def test_every_write_is_indexed(shop, engine):
    """Whether it goes through the application or not."""
    with transaction(engine) as db:
        session = db.get_one(ChatSession, 2)
        describe(session, Opening(name="Änne", product=Product("9", "Kandelaber")))
    assert found(shop, "kande anne") == [(2, None)]
    assert (2, None) not in found(shop, "ann -anne")
    with engine.begin() as db:
        db.execute(text("UPDATE chat_messages SET body = 'quite new' WHERE session_id = 2"))
    assert found(shop, "brul") == []
    assert found(shop, "quite") == [(2, 1)]
    shop.posts(2, "tags", {"add": ["wholesale"]})
    assert found(shop, "wholesale") == [(2, None)]
    with engine.begin() as db:
        db.execute(text("UPDATE tags SET name = 'retail'"))
    assert (found(shop, "wholesale"), found(shop, "retail")) == ([], [(2, None)])
    with engine.begin() as db:
        db.execute(text("DELETE FROM session_tags"))
        db.execute(text("DELETE FROM chat_messages WHERE session_id = 2"))
    assert found(shop, "retail") == found(shop, "quite") == []


def test_new_entries_are_indexed_before_anybody_searches(shop, engine):
    count = "SELECT count(*) FROM search_messages"
    if engine.dialect.name == "sqlite":
        count += "_docsize"  # the indexed messages; without it, all messages are counted
        assert rows(engine, count) == [(0,)]
        tidy(engine)
        with engine.connect() as db:  # and the log is in the database
            _busy, pages, moved = db.execute(text("PRAGMA wal_checkpoint(PASSIVE)")).one()
            assert pages == moved
    written = rows(engine, "SELECT count(*) FROM chat_messages WHERE sender != 'system'")
    assert rows(engine, count) == written != [(0,)]


def test_system_messages_are_not_hits(shop, engine):
    shop.takes(2)
    bodies = rows(engine, "SELECT body FROM chat_messages WHERE sender = 'system'")
    assert any("joined" in body for (body,) in bodies)
    assert found(shop, "joined") == []


HARMLESS = [
    "", " ", "%", "_", '"', '""', '"""', "*", "(", ")", "()", "^", ":", "-", "--", "- -", "NEAR", "OR", "AND",
    "NOT", "NEAR(a, b)", "a OR b", "NOT a", "a AND", "body:a", "{body}:a", "a*b*", "'", "''", "';--", "\\", "&",
    "|", "!", "<->", "a:*", "'a':*", "\x01", "👍", "\u202e", "Ω≈ç", "日本語", "हिन्दी", "ß",
    "e" + "\u0301" * 300, "tag:%", 'tag:"', "tag:''", "product:%", "product:*", "from::", "tag::", "x" * 500,
    "a b c d e f g h i j k l m n o p", "before:", "%s %d", "{0}", "1e5 0x1f -5 1.5", "\ufffe", "-a -b",
    "from:note -a", "status:active -a", "product:77 -a",
]  # fmt: skip


def test_every_query_that_can_be_typed_is_harmless(shop):
    for q in HARMLESS:
        assert isinstance(search(shop, q)["hits"], list), q
        assert shop.page(f"search/?{_query(q)}").status_int == 200
        assert shop.dashboard(q=q[:200]).status_int == 200


def test_half_characters_and_nul_are_refused_as_everywhere(shop):
    for raw in ("%00", "a%00b", "%ed%a0%80", "%ff"):
        answer = shop.app.get(f"{PATH}?q={raw}", headers=shop.json, status=400)
        assert answer.json["error"]["code"] == "bad_request"


def _query(q):
    from urllib.parse import urlencode

    return urlencode({"q": q})


@pytest.mark.parametrize(
    ("q", "says"),
    [
        ("x" * 4000, "too long"),
        ("% " * 2000, "too long"),
        ("before:yesterday", "2026-01-31"),
        ("status:open", "waiting, active or closed"),
        ("from:nobody-here", "no admin"),
        ("assignee:nobody-here", "no admin"),
        ("a " * 33, "too many words"),
    ],
)
def test_an_invalid_query_is_explained_in_a_sentence(shop, q, says):
    error = search(shop, q, status=422)["error"]
    assert (error["code"], error["field"]) == ("invalid", "q")
    assert says in error["message"]
    page = shop.page(f"search/?{_query(q)}", status=422)
    assert says in page.html.find(id="problem").text
    assert page.html.find("input", id="q")["aria-invalid"] == "true"


@pytest.mark.parametrize("before", ["x", "h1", "h1.x", "h99999999999.1", "h-1.1", "%00", "l1"])
def test_an_invalid_cursor_is_refused(shop, before):
    assert search(shop, "lamp", status=422, before=before)["error"]["field"] == "before"


def test_the_page_shows_hits_as_text_and_never_as_markup(admin, new_customer):
    new_customer().starts("<b>needle</b> <script>alert(1)</script>", name="<i>Ann</i>")
    page = admin.page("search/?q=needle+b+script")
    assert [mark.text for mark in page.html.select("mark")][:2] == ["b", "needle"]
    assert "<script>alert" not in page.text
    assert page.html.select_one(".hit a").text == "<i>Ann</i>"
    assert page.html.select_one(".hit a")["href"].endswith("/1/?at=1#m1")
    assert page.html.find("input", id="q")["value"] == "needle b script"
    assert "No results" in admin.page("search/?q=zeppelin").text
    assert "Search all chats" in admin.page("search/").text


def test_only_admins_who_may_see_the_desk_can_search(shop, app, new_customer):
    customer = new_customer()
    customer.starts("lamp")
    for headers in ({}, customer.who):
        answer = app.get(PATH, {"q": "lamp"}, headers=headers | shop.json, status=[303, 401, 403])
        assert "brass" not in answer.text
    assert app.get(PATH, {"q": "lamp"}, headers={"Accept": "text/html"}, status=303)
    customer.app.get(f"/chat/search/{customer.id}/", headers=customer.who, status=404)
    customer.app.get("/chat/search/?q=lamp", headers=customer.who, status=404)


def test_notes_stay_with_admins(shop, new_customer):
    assert (1, "note") in [(h["number"], h["from"]) for h in search(shop, "supplier")["hits"]]
    assert Sender.NOTE in searching.KINDS


def test_the_list_is_searched_by_the_index_and_within_new_words(shop):
    def listed(q):
        return sorted(s["number"] for s in shop.dashboard(q=q).json["sessions"])

    assert listed("jorg") == listed("Müller") == listed("muller JM@example") == [1]
    assert listed("lampre") == listed("precht") == [3]
    assert listed("example") == [1, 3]
    assert listed("nobody") == []


def test_a_tagged_session_is_found_with_all_its_tags(shop, engine):
    shop.posts(1, "tags", {"add": ["one", "two"]})
    with transaction(engine) as db:
        assert db.query(SessionTag).count() == 2
    assert found(shop, "one two jorg") == [(1, None)]
