"""The desk without JavaScript: plain forms."""

import pytest

from ...factories import new_id


@pytest.fixture
def number(admin, customer):
    """The number of the customer's conversation."""
    return admin.number_of(customer)


def test_a_plain_form_answers_and_leads_back_to_the_conversation(admin, customer, number):
    answer = admin.submits(f"{number}/send/", body="from a form", client_id=new_id())
    assert answer.location == f"http://localhost/custom-admin/chat/{number}/"
    assert customer.sees()[-1] == "from a form"
    admin.submits(f"{number}/assign/", admin="")
    assert admin.opens(number).json["session"]["assignee"] is None
    version = admin.opens(number).json["session"]["version"]
    admin.submits(f"{number}/assign/", admin="anna", version=str(version))
    assert admin.opens(number).json["session"]["assignee"] == "anna"
    admin.submits(f"{number}/seen/", seq="1")
    admin.submits(f"{number}/close/")
    assert admin.opens(number).json["session"]["status"] == "closed"
    admin.submits(f"{number}/reopen/")
    assert admin.opens(number).json["session"]["status"] == "active"


def test_a_plain_form_keeps_line_breaks_as_browsers_send_them(admin, customer, number):
    admin.submits(f"{number}/send/", body="one\r\ntwo", client_id=new_id())
    assert customer.sees()[-1] == "one\ntwo"


def test_a_refused_plain_form_shows_the_text_again(admin, number):
    admin.closes(number)
    page = admin.submits(f"{number}/send/", body="<b>my text", client_id=new_id(), status=409)
    assert page.content_type == "text/html"
    assert "&lt;b&gt;my text" in page.text
    assert "<b>my text" not in page.text


@pytest.mark.parametrize(
    ("verb", "fields", "field"),
    [
        ("send", {"body": " ", "client_id": "1"}, "body"),
        ("send", {"body": "x", "client_id": ""}, "client_id"),
        ("assign", {"admin": "nobody"}, "admin"),
        ("assign", {"admin": "anna", "version": "١"}, "version"),
        ("assign", {"admin": "anna", "version": "9" * 30}, "version"),
        ("seen", {"seq": "1_0"}, "seq"),
    ],
)
def test_a_plain_form_with_a_wrong_field_is_422(admin, number, verb, fields, field):
    headers = {"Accept": "application/json", "X-CSRF-Token": admin.csrf_token}
    path = f"/custom-admin/chat/{number}/{verb}/"
    answer = admin.app.post(path, fields, headers=headers, status=422)
    assert answer.json["error"]["field"] == field


def test_a_form_that_requests_json_gets_json(admin, number):
    headers = {"Accept": "application/json", "X-CSRF-Token": admin.csrf_token}
    path = f"/custom-admin/chat/{number}/send/"
    answer = admin.app.post(path, {"body": "x", "client_id": "1"}, headers=headers, status=201)
    assert answer.json["message"]["body"] == "x"
