"""Triage: unread marks, held answers, tags, priority, snooze, block, transfer, bulk acts; and who may do them."""

from datetime import UTC, datetime, timedelta

import pytest

from livechat.accounts import admins
from livechat.conversation import triage
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from tests.factories import new_id


def session(admin, number):
    return admin.opens(number).json["session"]


def desk_posts(admin, path, data, *, status=200):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    return admin.app.post_json(f"/custom-admin/chat/{path}/", data, headers=headers, status=status)


def desk_gets(admin, path):
    return admin.app.get(f"/custom-admin/chat/{path}/", headers=admin.json).json


def becomes(engine, admin, role):
    with transaction(engine) as db:
        admins.set_role(db, db.get_one(AdminRow, admin.row.id), role)


def later(**time):
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


@pytest.fixture
def number(customer, admin):
    return admin.number_of(customer)


@pytest.fixture
def ben(new_admin):
    return new_admin("ben", "Ben Berater")


# Unread


def test_only_customers_messages_count_as_unread(admin, ben, customer, number):
    assert session(ben, number)["unread"] == 1
    admin.sends(number, "hello")
    admin.posts(number, "note", {"body": "note", "client_id": new_id()}, status=201)
    assert session(ben, number)["unread"] == 1
    customer.sends("more")
    assert session(ben, number)["unread"] == 2


def test_one_admins_reading_does_not_affect_the_others(admin, ben, customer, number):
    admin.has_seen(number, session(admin, number)["seq"])
    assert session(admin, number)["unread"] == 0
    assert session(ben, number)["unread"] == 1


def test_mark_unread_makes_the_last_message_unread_for_this_admin(admin, ben, customer, number):
    customer.sends("second")
    for one in (admin, ben):
        one.has_seen(number, session(one, number)["seq"])
    assert admin.posts(number, "unread", {}).json["session"]["unread"] == 1
    assert session(ben, number)["unread"] == 0
    assert [one["number"] for one in admin.dashboard(view="unread").json["sessions"]] == [number]
    admin.has_seen(number, session(admin, number)["seq"])
    assert session(admin, number)["unread"] == 0


def test_a_late_read_receipt_does_not_move_backwards(admin, customer, number):
    customer.sends("second")
    admin.has_seen(number, session(admin, number)["seq"])
    admin.has_seen(number, 1)
    assert session(admin, number)["unread"] == 0


def test_the_news_count_all_unread_messages(admin, customer, new_customer, number):
    other = new_customer()
    other.starts("a")
    other.sends("b")
    assert admin.opens(number).json["news"]["unread"] == 3


# Concurrent answers


def test_an_answer_is_held_when_a_colleague_has_just_answered(admin, ben, customer, number):
    seen = session(ben, number)["seq"]
    admin.sends(number, "I am on it")
    data = {"body": "I will do it", "client_id": new_id(), "seen_seq": seen}
    held = ben.posts(number, "send", data, status=409).json
    assert held["error"]["code"] == "answered_meanwhile"
    assert [message["body"] for message in held["messages"]] == ["I am on it"]
    assert "I will do it" not in customer.sees()
    del data["seen_seq"]
    ben.posts(number, "send", data, status=201)
    assert customer.sees()[-1] == "I will do it"


def test_an_admins_own_answer_or_a_customers_message_holds_nothing(admin, customer, number):
    seen = session(admin, number)["seq"]
    admin.sends(number, "one")
    customer.sends("thanks")
    data = {"body": "two", "client_id": new_id(), "seen_seq": seen}
    admin.posts(number, "send", data, status=201)


def test_repeating_a_sent_answer_is_not_held(admin, ben, customer, number):
    seen = session(ben, number)["seq"]
    data = {"body": "first", "client_id": new_id(), "seen_seq": seen}
    ben.posts(number, "send", data, status=201)
    admin.sends(number, "second")
    ben.posts(number, "send", data, status=200)


def test_admins_are_told_who_else_has_the_chat_open(admin, ben, customer, number, listens):
    hers = listens(admin, number)
    his = listens(ben, number)
    told = hers.next("viewers", lambda viewers: viewers["admins"])
    assert told.data == {"admins": [{"username": "ben", "name": ben.name}]}
    his.close()
    hers.next("viewers", lambda viewers: not viewers["admins"])


# Tags, priority, snooze, block


def test_tags_are_normalised_and_searchable(admin, customer, number):
    tagged = admin.posts(number, "tags", {"add": ["Refund", " refund ", "#Übergröße"]}).json
    assert tagged["session"]["tags"] == ["refund", "übergröße"]
    assert desk_gets(admin, "tag-names")["tags"] == ["refund", "übergröße"]
    assert len(admin.dashboard(tag="REFUND").json["sessions"]) == 1
    assert admin.posts(number, "tags", {"remove": ["refund"]}).json["session"]["tags"] == [
        "übergröße"
    ]
    assert admin.dashboard(tag="refund").json["sessions"] == []


@pytest.mark.parametrize("tag", ["", "x" * 41, "a<b>", "a\u0000b", 7, [[]], {}])
def test_an_invalid_tag_is_refused(admin, number, tag):
    admin.posts(number, "tags", {"add": [tag] if tag != [[]] else tag}, status=[200, 422])
    assert session(admin, number)["tags"] == []


def test_priorities_decide_which_chat_is_next(admin, customer, new_customer, number):
    urgent = new_customer()
    urgent.starts("urgent")
    admin.posts(admin.number_of(urgent), "priority", {"priority": "urgent"})
    assert desk_posts(admin, "take", {}).json["session"]["id"] == urgent.id
    assert desk_posts(admin, "take", {}).json["session"]["id"] == customer.id
    assert desk_posts(admin, "take", {}, status=409).json["error"]["code"] == "nobody_waits"
    admin.posts(number, "priority", {"priority": "very"}, status=422)


def test_a_snoozed_chat_comes_back_when_the_customer_writes(admin, customer, number):
    admin.takes(number)
    until = admin.posts(number, "snooze", {"until": later(hours=3)}).json["session"]
    assert until["snoozed_until"]
    assert admin.dashboard(view="mine").json["sessions"] == []
    assert len(admin.dashboard(view="snoozed").json["sessions"]) == 1
    customer.sends("one more thing")
    assert session(admin, number)["snoozed_until"] is None
    assert len(admin.dashboard(view="mine").json["sessions"]) == 1


def test_a_snoozed_chat_comes_back_in_time(admin, customer, number, engine):
    admin.posts(number, "snooze", {"until": later(seconds=600)})
    with transaction(engine) as db:
        assert triage.unsnooze_due(db, datetime.now(UTC) + timedelta(seconds=601)) == 1
    assert session(admin, number)["snoozed_until"] is None
    assert "put" not in "".join(customer.sees())


@pytest.mark.parametrize("until", ["yesterday", 7, [], "\u0000", "0001-01-01T00:00:00+23:00"])
def test_an_invalid_time_is_refused(admin, number, until):
    admin.posts(number, "snooze", {"until": until}, status=422)


@pytest.mark.parametrize("days", [-1, 400])
def test_a_past_or_distant_time_is_refused(admin, number, days):
    admin.posts(number, "snooze", {"until": later(days=days)}, status=422)


def test_a_blocked_customer_is_told_and_keeps_their_messages(admin, customer, number):
    admin.posts(number, "block", {"blocked": True})
    refused = customer.sends("one more", status=409).json["error"]
    assert refused["code"] == "blocked"
    assert "saved" in refused["message"]
    customer.starts("again", status=409)
    assert customer.sees() == ["hello"]
    assert session(admin, number)["blocked"] is True
    admin.posts(number, "block", {"blocked": False})
    customer.sends("thanks")


# Transfer


def test_a_transfer_takes_its_note_along(admin, ben, customer, number):
    admin.takes(number)
    admin.posts(number, "transfer", {"admin": "ben", "note": "She wants a refund."})
    assert session(ben, number)["assignee"] == "ben"
    assert ben.reads(number).json["messages"][-1]["body"] == "She wants a refund."
    assert "refund" not in "".join(customer.sees())


def test_a_refused_transfer_leaves_no_note(admin, ben, customer, number, engine):
    version = session(admin, number)["version"]
    ben.takes(number)
    data = {"admin": "anna", "note": "for you", "version": version}
    admin.posts(number, "transfer", data, status=409)
    assert "for you" not in [message["body"] for message in ben.reads(number).json["messages"]]


def test_disabled_admins_and_viewers_are_assigned_no_chats(admin, ben, customer, number, engine):
    becomes(engine, ben, "viewer")
    for verb in ("assign", "transfer"):
        refused = admin.posts(number, verb, {"admin": "ben"}, status=422).json["error"]
        assert refused["field"] == "admin"
    with transaction(engine) as db:
        admins.disable(db, db.get_one(AdminRow, ben.row.id))
    admin.posts(number, "transfer", {"admin": "ben"}, status=422)


def test_each_chat_of_a_bulk_act_gets_its_own_answer(admin, ben, customer, new_customer, number):
    other = new_customer()
    other.starts("b")
    second = admin.number_of(other)
    ben.closes(second)
    data = {"numbers": [number, second, 99999], "act": "assign", "admin": "ben"}
    done = desk_posts(admin, "bulk", data).json
    assert done["done"] == [number]
    assert [one["number"] for one in done["refused"]] == [second, 99999]
    tagged = desk_posts(admin, "bulk", {"numbers": [number, second], "act": "tag", "tag": "x"})
    assert tagged.json["done"] == [number, second]
    desk_posts(admin, "bulk", {"numbers": [number], "act": "close"})
    assert session(admin, number)["status"] == "closed"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"numbers": [], "act": "close"},
        {"numbers": list(range(101)), "act": "close"},
        {"numbers": ["1"], "act": "close"},
        {"numbers": [1], "act": "delete"},
        {"numbers": [1], "act": "tag"},
        {"numbers": [1], "act": "assign", "admin": "nobody-of-this-name"},
    ],
)
def test_an_invalid_bulk_act_is_refused(admin, data):
    desk_posts(admin, "bulk", data, status=422)


# Personal data


def test_a_draft_continues_on_other_devices_and_is_private(admin, ben, number):
    admin.posts(number, "draft", {"body": "Dear ", "note": True})
    path = f"{number}/draft"
    draft = desk_gets(admin, path)["draft"]
    assert (draft["body"], draft["note"]) == ("Dear ", True)
    assert desk_gets(ben, path)["draft"] is None
    admin.posts(number, "draft", {"body": " "})
    assert desk_gets(admin, path)["draft"] is None


def test_views_are_saved_and_removed(admin, ben):
    view = {"name": "Refunds", "query": {"tag": "refund", "view": "mine", "evil": "x"}}
    saved = desk_posts(admin, "views", view, status=201).json["view"]
    assert saved["query"] == {"tag": "refund", "view": "mine"}
    assert "tag=refund" in saved["links"]["self"]
    assert desk_gets(admin, "views")["views"] == [saved]
    assert desk_gets(ben, "views")["views"] == []
    headers = ben.json | {"X-CSRF-Token": ben.csrf_token}
    ben.app.post_json(saved["links"]["remove"], {}, headers=headers, status=404)
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    admin.app.post_json(saved["links"]["remove"], {}, headers=headers)
    assert desk_gets(admin, "views")["views"] == []
    desk_posts(admin, "views", {"name": "x", "query": {"view": "nonsense"}}, status=422)
    desk_posts(admin, "views", {"name": "", "query": {"view": "mine"}}, status=422)


def test_preferences_are_kept(admin):
    chosen = desk_posts(admin, "preferences", {"theme": "light", "shortcuts": False}).json
    assert chosen["preferences"]["theme"] == "light"
    again = desk_posts(admin, "preferences", {"density": "compact"}).json["preferences"]
    assert (again["theme"], again["shortcuts"], again["density"]) == ("light", False, "compact")
    desk_posts(admin, "preferences", {"theme": "pink"}, status=422)


def test_earlier_chats_of_the_same_customer_are_listed(admin, customer, new_customer, number):
    customer.closes()
    customer.starts("again")
    now = admin.number_of(customer)
    assert [one["number"] for one in desk_gets(admin, f"{now}/earlier")["sessions"]] == [number]
    stranger = new_customer()
    stranger.starts("hi")
    assert desk_gets(admin, f"{admin.number_of(stranger)}/earlier")["sessions"] == []


def test_an_earlier_chat_of_the_same_browser_needs_no_verified_address(admin, customer):
    customer.closes()
    customer.starts("again")
    now = admin.number_of(customer)
    (one,) = desk_gets(admin, f"{now}/earlier")["sessions"]
    assert one["unverified"] is False


def test_colleagues_are_listed_with_role_and_presence(admin, ben):
    admin.dashboard()
    found = {one["username"]: one for one in desk_gets(admin, "colleagues")["admins"]}
    assert (found["anna"]["role"], found["ben"]["role"]) == ("owner", "agent")
    assert found["ben"]["presence"] == "offline"


# Permissions


def test_a_viewer_reads_and_keeps_read_receipts_but_does_nothing_else(
    admin, ben, customer, number, engine
):
    becomes(engine, ben, "viewer")
    assert ben.opens(number).json["session"]["number"] == number
    ben.has_seen(number, 1)
    ben.posts(number, "unread", {})
    ben.posts(number, "draft", {"body": "x"})
    desk_posts(ben, "preferences", {"theme": "dark"})
    for verb in ("send", "note", "assign", "close", "reopen", "transfer", "tags", "priority"):
        refused = ben.posts(number, verb, {"body": "x", "client_id": "1"}, status=403).json
        assert refused["error"]["code"] == "forbidden"
    for verb in ("snooze", "block", "typing"):
        ben.posts(number, verb, {}, status=403)
    for path in ("take", "bulk"):
        desk_posts(ben, path, {}, status=403)
    page = ben.submits(f"{number}/close/", status=403)
    assert "have permission" in page.text


def test_withdrawing_a_role_takes_effect_at_once(admin, ben, customer, number, engine):
    ben.takes(number)
    becomes(engine, ben, "viewer")
    ben.sends(number, "too late", status=403)
    assert session(admin, number)["assignee"] is None


def test_the_first_admin_is_owner_and_the_last_owner_stays(admin, ben, engine):
    from livechat.actors import admin_actor
    from livechat.exceptions import Conflict

    with transaction(engine) as db:
        anna = db.get_one(AdminRow, admin.row.id)
        actor = admin_actor(anna.id, anna.name)
        for act in (
            lambda: admins.set_role(db, anna, "agent", actor),
            lambda: admins.disable(db, anna, actor),
        ):
            with pytest.raises(Conflict, match="only owner"):
                act()
