"""Canned replies: who may see and change them, their variables, and which are refused."""

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow

from ..conversation.test_exactly_once import at_once

HOURS = {"code": "hours", "title": "Hours", "body": "We open at 9.", "scope": "all"}


def posts(admin, path, data, *, status="2*"):
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    url = path if path.startswith("http") else f"/custom-admin/chat/{path}"
    return admin.app.post_json(url, data, headers=headers, status=status)


def adds(admin, *, status=201, **more):
    return posts(admin, "replies/", HOURS | more, status=status).json


def lists(admin):
    return admin.app.get("/custom-admin/chat/replies/", headers=admin.json).json["replies"]


def picks(admin, number, search=""):
    path = f"/custom-admin/chat/{number}/replies/"
    return admin.app.get(path, {"q": search}, headers=admin.json).json["replies"]


@pytest.fixture
def ben(new_admin):
    return new_admin("ben", "Ben Berater")


@pytest.fixture
def number(customer, admin):
    return admin.number_of(customer)


def test_private_replies_are_visible_only_to_their_author(admin, ben, number):
    reply = adds(admin, code="mine", scope="mine")["reply"]
    adds(admin)
    assert [one["code"] for one in lists(ben)] == ["hours"]
    assert [one["code"] for one in picks(ben, number)] == ["hours"]
    for path in (reply["links"]["self"], reply["links"]["remove"], reply["links"]["used"]):
        posts(ben, path, HOURS, status=404)
    assert {one["code"] for one in lists(admin)} == {"mine", "hours"}


def test_variables_are_filled_in_once_and_unknown_ones_stay(admin, new_customer):
    one = new_customer()
    one.starts("hello", name="{product.name}", product="42")
    body = (
        "Hi {customer.name|you}, {product.id|x} {unknown} {customer.__class__} {{admin.name}} <b>{"
    )
    adds(admin, body=body)
    (reply,) = picks(admin, admin.number_of(one))
    assert reply["text"] == (
        f"Hi {{product.name}}, {{product.id|x}} {{unknown}} {{customer.__class__}} {{{admin.name}}} <b>{{"
    )


def test_a_fallback_replaces_an_unknown_value(admin, new_customer):
    one = new_customer()
    one.starts("hello", name=None, email=None)
    adds(admin, body="Hi {customer.name|there}{customer.email|} {product.price}")
    assert picks(admin, admin.number_of(one))[0]["text"] == "Hi there {product.price}"


def test_a_code_is_unique(admin, ben):
    adds(admin)
    assert adds(ben, code="/HOURS", status=409)["error"]["code"] == "code_taken"
    found = at_once(
        *[
            lambda one=one: posts(one, "replies/", HOURS | {"code": "new"}, status=[201, 409])
            for one in (admin, ben)
        ]
    )
    assert sorted(answer.status_int for answer in found) == [201, 409]


def test_a_reply_that_has_just_been_removed_is_missing(admin, ben):
    reply = adds(admin)["reply"]["links"]
    found = at_once(
        *[
            lambda one=one: posts(one, reply["remove"], {}, status=[200, 404])
            for one in (admin, ben)
        ]
    )
    assert sorted(answer.status_int for answer in found) == [200, 404]
    posts(admin, reply["self"], HOURS, status=404)


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": "two words"},
        {"code": "x" * 41},
        {"code": "a\u0000"},
        {"code": 7},
        {"body": ""},
        {"body": "x" * 4001},
        {"body": "a\u0000"},
        {"title": "x" * 101},
        {"scope": "theirs"},
    ],
)
def test_invalid_replies_are_refused(admin, wrong):
    adds(admin, status=422, **wrong)
    assert lists(admin) == []


def test_equivalent_accents_make_the_same_code(admin):
    assert adds(admin, code="cafe\u0301")["reply"]["code"] == "caf\u00e9"
    adds(admin, code="caf\u00e9", status=409)
    adds(admin, code="a" + "\u0301" * 300, status=422)


@pytest.mark.parametrize("search", ["%", "_", '"', "zzz", "\\"])
def test_a_search_is_taken_literally(admin, number, search):
    adds(admin)
    assert picks(admin, number, search) == []


@pytest.mark.parametrize("search", ["überweis", "UBER", "ÜBERWEISUNG", "Straße zwei"])
def test_a_search_ignores_case_and_accents(admin, number, search):
    adds(admin, code="Zahlung", title="Überweisung", body="In der Straße zwei.")
    assert [one["code"] for one in picks(admin, number, search)] == ["zahlung"]


def test_a_private_reply_replaces_a_shared_one_with_the_same_code_in_the_picker(admin, ben, number):
    adds(admin, body="From nine to five.")
    adds(admin, body="From nine to six.", scope="mine")
    assert [one["text"] for one in picks(admin, number, "hours")] == ["From nine to six."]
    assert [one["text"] for one in picks(ben, number, "hours")] == ["From nine to five."]
    assert len(lists(admin)) == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "Enter a reply."),
        ("x" * 4001, "The reply is too long: 4,001 of at most 4,000 characters."),
    ],
)
def test_an_error_message_is_about_the_reply(admin, body, told):
    assert adds(admin, body=body, status=422)["error"]["message"] == told


def test_the_picker_lists_prefix_matches_first_and_then_the_most_used(admin, number):
    for code, title in (("ship", "x"), ("return", "ship it back"), ("size", "x")):
        adds(admin, code=code, title=title)
    used = next(one for one in picks(admin, number) if one["code"] == "size")
    posts(admin, used["links"]["used"], {})
    assert picks(admin, number)[0]["code"] == "size"
    assert [one["code"] for one in picks(admin, number, "SHIP")] == ["ship", "return"]


def test_a_viewer_sees_them_but_changes_none(admin, ben, engine, number):
    reply = adds(admin)["reply"]["links"]
    with transaction(engine) as db:
        admins.set_role(db, db.get_one(AdminRow, ben.row.id), "viewer")
    assert len(lists(ben)) == 1
    assert not ben.page("replies/").html.find("form", {"class": "reply-form"})
    for path in ("replies/", *reply.values()):
        posts(ben, path, HOURS, status=403)


def test_customers_and_strangers_get_nothing(admin, customer, app, number):
    adds(admin)
    for path in ("replies/", f"{number}/replies/"):
        answer = app.get(f"/custom-admin/chat/{path}", headers=customer.who, status=[303, 403])
        assert "hours" not in answer.text


def test_the_page_works_with_plain_forms(admin):
    form = dict(HOURS)
    admin.submits("replies/", **form)
    page = admin.submits("replies/", status=409, **form)
    assert "A reply with the code /hours already exists." in page.text
    assert page.html.find("input", {"id": "code-new"})["value"] == "hours"
    (reply,) = lists(admin)
    admin.submits(f"replies/{reply['id']}/", **form | {"body": "We open at 10."})
    assert lists(admin)[0]["body"] == "We open at 10."
    admin.submits(f"replies/{reply['id']}/remove/")
    assert lists(admin) == []
    assert "No canned replies yet" in admin.page("replies/").text


def test_the_page_shows_the_number_of_unread_messages(admin, customer):
    customer.sends("and more")
    assert admin.page("replies/").html.find(id="calls-number").text == "2"


def test_changes_to_shared_replies_are_audited(admin):
    reply = adds(admin)["reply"]["links"]
    adds(admin, code="own", scope="mine")
    posts(admin, reply["self"], HOURS | {"body": "x"})
    posts(admin, reply["remove"], {})
    entries = admin.app.get("/custom-admin/chat/audit/", headers=admin.json).json["entries"]
    acts = [entry["act"] for entry in entries if entry["act"].startswith("reply")]
    assert acts == ["reply_removed", "reply_changed", "reply_added"]


def test_making_a_shared_reply_private_removes_it_for_the_others(admin, ben):
    reply = adds(admin)["reply"]["links"]
    posts(ben, reply["self"], HOURS | {"code": "mine-now", "scope": "mine"})
    assert lists(admin) == []
    posts(ben, reply["self"], HOURS | {"code": "mine-still", "scope": "mine"})
    posts(ben, reply["self"], HOURS | {"code": "ours"})
    entries = admin.app.get("/custom-admin/chat/audit/", headers=admin.json).json["entries"]
    told = [(one["act"], one["target"]) for one in entries if one["act"].startswith("reply")]
    assert told == [
        ("reply_added", "/ours"),
        ("reply_removed", "/hours"),
        ("reply_added", "/hours"),
    ]
