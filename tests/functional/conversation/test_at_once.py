"""Concurrent acts of several admins on one chat, and lists that change while they are paged through."""

from datetime import UTC, datetime, timedelta

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow

from ...browser.seeds import add_chat
from ...factories import new_id
from .test_exactly_once import at_once


def session(admin, number):
    return admin.opens(number).json["session"]


def desk_posts(admin, path, data, status="*"):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    return admin.app.post_json(f"/custom-admin/chat/{path}/", data, headers=headers, status=status)


def test_two_who_take_the_next_chat_get_different_ones(admin, new_admin, new_customer):
    for _ in range(2):
        new_customer().starts("hello")
    ben = new_admin("ben", "Ben")
    found = at_once(*[lambda one=one: desk_posts(one, "take", {}) for one in (admin, ben)])
    assert [answer.status_int for answer in found] == [200, 200]
    assert len({answer.json["session"]["number"] for answer in found}) == 2


def test_only_one_of_two_takes_the_last_chat(admin, new_admin, customer):
    ben = new_admin("ben", "Ben")
    found = at_once(*[lambda one=one: desk_posts(one, "take", {}) for one in (admin, ben)])
    assert sorted(answer.status_int for answer in found) == [200, 409]


def test_concurrent_take_transfer_snooze_and_close_leave_a_consistent_chat(
    admin, new_admin, customer
):
    ben, cleo = new_admin("ben", "Ben"), new_admin("cleo", "Cleo")
    number = admin.number_of(customer)
    version = session(admin, number)["version"]
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    acts = [
        lambda: admin.posts(
            number, "assign", {"admin": "anna", "version": version}, status=[200, 409]
        ),
        lambda: ben.posts(
            number,
            "transfer",
            {"admin": "cleo", "note": "n", "version": version},
            status=[200, 409],
        ),
        lambda: cleo.posts(number, "snooze", {"until": soon}, status=[200, 409]),
        lambda: ben.posts(number, "close", {}, status=[200, 409]),
    ]
    found = at_once(*acts)
    assert all(answer.status_int in {200, 409} for answer in found)
    assert not (found[0].status_int == 200 and found[1].status_int == 200)
    entries = admin.reads(number).json["messages"]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    after = session(admin, number)
    assert after["status"] == "closed"
    assert after["snoozed_until"] is None
    notes = [entry for entry in entries if entry["from"] == "note"]
    assert len(notes) == (found[1].status_int == 200)


def test_tags_added_by_two_at_once_are_both_there(admin, new_admin, customer):
    ben = new_admin("ben", "Ben")
    number = admin.number_of(customer)
    at_once(
        lambda: admin.posts(number, "tags", {"add": ["new", "one"]}),
        lambda: ben.posts(number, "tags", {"add": ["new", "two"]}),
    )
    assert session(admin, number)["tags"] == ["new", "one", "two"]


def test_concurrent_drafts_of_two_devices_leave_one(admin, customer):
    number = admin.number_of(customer)
    at_once(*[lambda n=n: admin.posts(number, "draft", {"body": f"draft {n}"}) for n in range(4)])
    path = f"/custom-admin/chat/{number}/draft/"
    assert admin.app.get(path, headers=admin.json).json["draft"]["body"].startswith("draft ")


def test_an_admin_who_is_just_being_disabled_gets_no_chat(admin, new_admin, engine, customer):
    ben = new_admin("ben", "Ben")
    number = admin.number_of(customer)

    def disable():
        with transaction(engine) as db:
            admins.disable(db, db.get_one(AdminRow, ben.row.id))

    at_once(lambda: admin.assigns(number, "ben", status=[200, 422]), disable)
    assert session(admin, number)["assignee"] is None


def test_a_list_that_changes_while_it_is_paged_through_skips_nobody(
    admin, new_customer, monkeypatch
):
    people = [new_customer() for _ in range(7)]
    for one in people:
        one.starts("hello")
    monkeypatch.setattr("livechat.desk.filters.Filters.limit", 3)
    before = {one["number"] for one in admin.dashboard().json["sessions"]}
    assert len(before) >= 3
    seen, cursor = set(), ""
    while True:
        page = admin.dashboard(**({"before": cursor} if cursor else {})).json
        seen |= {one["id"] for one in page["sessions"]}
        people[0].sends("I move to the top")
        cursor = page["next"]
        if not cursor:
            break
    assert {one.id for one in people[1:]} <= seen


def test_a_late_mark_unread_does_not_undo_a_colleagues_reading(admin, new_admin, customer):
    ben = new_admin("ben", "Ben")
    number = admin.number_of(customer)
    for one in (admin, ben):
        one.has_seen(number, 1)
    at_once(
        lambda: admin.posts(number, "unread", {}),
        lambda: customer.sends("more"),
        lambda: ben.sends(number, "on it", new_id()),
    )
    assert session(ben, number)["unread"] in {0, 1}
    assert session(admin, number)["unread"] >= 1


def test_five_hundred_unread_chats_are_counted_and_paged_without_gap(admin, new_admin, engine):
    for number in range(500):
        add_chat(engine, f"Customer {number}", "hello")
    ben = new_admin("ben", "Ben")
    first = admin.dashboard(view="unread").json
    assert first["news"]["unread"] == 500
    assert first["counts"]["waiting"] == 500
    seen, page = [], first
    while True:
        seen += [one["number"] for one in page["sessions"]]
        assert all(one["unread"] == 1 for one in page["sessions"])
        if not page["next"]:
            break
        page = admin.dashboard(view="unread", before=page["next"]).json
    assert seen == list(range(500, 0, -1))
    admin.has_seen(7, 1)
    assert admin.dashboard().json["news"]["unread"] == 499
    assert 7 not in [
        one["number"] for one in admin.dashboard(view="unread", q="Customer 6").json["sessions"]
    ]
    assert ben.dashboard().json["news"]["unread"] == 500


def test_a_name_of_three_hundred_accents_is_refused_and_one_that_fits_does_no_harm(
    admin, new_customer
):
    one = new_customer()
    error = one.starts("hello", name="Z" + "\u0301" * 300 + "oe", status=422).json["error"]
    assert error["field"] == "name"
    assert "100" in error["message"]
    name = "Z" + "\u0301" * 97 + "oe"
    one.starts("hello", name=name)
    number = admin.number_of(one)
    assert admin.opens(number).json["session"]["customer"]["name"] == name
    assert [each["number"] for each in admin.dashboard(q="zoe").json["sessions"]] == [number]
    for path in ("", f"{number}/", "search/?q=zoe", "statistics/"):
        assert name in admin.page(path).text, path
