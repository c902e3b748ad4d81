"""The admin side of the contract, row by row, as JSON and as forms."""

import pytest

from ...factories import Customer

EXTRA = {"number", "version", "assignee", "last_message", "page", "unread"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture
def ben(new_admin):
    """Another admin."""
    return new_admin("ben", "Ben Bereit")


@pytest.fixture
def number(admin, customer):
    """The number of the customer's conversation."""
    return admin.number_of(customer)


def test_the_desks_root_leads_to_the_login_page_or_to_the_dashboard(app, admin):
    assert app.get("/custom-admin/", status=303).location.endswith("/custom-admin/login/")
    answer = admin.app.get("/custom-admin/", status=303)
    assert answer.location == "http://localhost/custom-admin/chat/"


def test_the_dashboard_counts_and_lists_as_json(admin, customer):
    answer = admin.dashboard()
    assert answer.content_type == "application/json"
    assert set(answer.json) >= {"counts", "sessions", "next"}
    assert answer.json["counts"] == {"waiting": 1, "active": 0, "closed": 0}
    assert answer.json["next"] is None
    [session] = answer.json["sessions"]
    assert set(session) >= EXTRA
    assert session["id"] == customer.id
    assert session["customer"]["name"] == "Ann Customer"
    assert session["assignee"] is None
    assert session["last_message"]["body"] == "hello"
    assert session["unread"] == 1
    assert session["waiting_since"]


def test_the_counts_follow_the_events(admin, number):
    admin.takes(number)
    assert admin.dashboard().json["counts"] == {"waiting": 0, "active": 1, "closed": 0}
    admin.closes(number)
    assert admin.dashboard().json["counts"] == {"waiting": 0, "active": 0, "closed": 1}


@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html", "", "image/png", "nonsense"])
def test_the_dashboard_is_a_page_unless_json_is_requested(admin, customer, accept):
    answer = admin.app.get("/custom-admin/chat/", headers={"Accept": accept}, status=200)
    assert answer.content_type == "text/html"
    assert "Ann Customer" in answer.text


@pytest.mark.parametrize(
    "accept",
    ["application/json", "application/json, text/plain;q=0.5", "application/json,text/html;q=0.9"],
)
def test_a_request_for_json_gets_json(admin, number, accept):
    for path in ("", f"{number}/", f"{number}/messages/"):
        answer = admin.app.get(f"/custom-admin/chat/{path}", headers={"Accept": accept})
        assert answer.content_type == "application/json"


@pytest.mark.parametrize("accept", [BROWSER, "*/*", "text/html, application/json"])
def test_a_conversation_is_a_page_for_browsers(admin, number, accept):
    answer = admin.app.get(f"/custom-admin/chat/{number}/", headers={"Accept": accept})
    assert answer.content_type == "text/html"


def test_the_list_is_sorted_by_latest_activity_and_comes_in_pages(admin, wsgi):
    customers = [Customer(wsgi) for _ in range(53)]
    for n, each in enumerate(customers):
        each.starts(f"message {n}")
    customers[0].sends("I am the newest now")
    first = admin.dashboard().json
    assert len(first["sessions"]) == 50
    assert first["sessions"][0]["id"] == customers[0].id
    second = admin.dashboard(before=first["next"]).json
    assert second["next"] is None
    listed = [session["id"] for session in first["sessions"] + second["sessions"]]
    assert listed == [customers[0].id] + [each.id for each in reversed(customers[1:])]


def test_the_list_can_be_filtered(admin, ben, new_customer):
    for name in ("waits", "anna's", "ben's", "closed"):
        new_customer().starts("hi", name=name)
    admin.takes(2)
    ben.takes(3)
    ben.closes(4)

    def names(**filters):
        return [s["customer"]["name"] for s in admin.dashboard(**filters).json["sessions"]]

    assert names(status="waiting") == ["waits"]
    assert sorted(names(status="active")) == ["anna's", "ben's"]
    assert names(status="closed") == ["closed"]
    assert names(assignee="ben") == names(assignee="BEN") == ["ben's"]
    assert names(assignee="me") == ["anna's"]
    assert sorted(names(assignee="none")) == ["closed", "waits"]
    assert names(assignee="none", status="waiting") == ["waits"]


def test_the_list_can_be_searched_by_name_email_and_product(admin, new_customer):
    new_customer().starts(name="Jörg MÜLLER", email="jm@example.com")
    new_customer().starts(name="50% off_er")
    new_customer().starts(product="8-x", name="Q")
    new_customer().app.post_json("/chat/start/9/", {"product": {"name": "Gold Lamp"}})

    def found(q):
        return sorted(s["number"] for s in admin.dashboard(q=q).json["sessions"])

    assert found("müller") == found("JÖRG mü") == found("jm@EXAMPLE") == [1]
    assert found("%") == found("off_er") == [2]
    assert found("_") == [2]
    assert found("8-X") == [3]
    assert found("lamp gold") == [4]
    assert found("nobody") == []
    assert found("  ") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"status": "open"}, "status"),
        ({"assignee": "nobody-here"}, "assignee"),
        ({"q": "x" * 201}, "q"),
        ({"before": "%%%"}, "before"),
        ({"before": "bnVsbA"}, "before"),
        ({"before": "WzEsIC0xXQ"}, "before"),
    ],
)
def test_an_invalid_filter_is_refused_by_name(admin, filters, field):
    assert admin.dashboard(must=422, **filters).json["error"]["field"] == field


def test_a_conversation_as_json(admin, customer, number):
    answer = admin.opens(number).json
    assert set(answer) >= {"session", "messages", "cursor"}
    session = answer["session"]
    assert session["number"] == number
    assert session["id"] == customer.id
    assert session["customer"] == {"name": "Ann Customer", "email": "ann@example.com"}
    [message] = answer["messages"]
    assert (message["seq"], message["from"], message["body"]) == (1, "customer", "hello")
    assert message["author"] == "Ann Customer"


def test_an_answer_takes_a_waiting_session_and_adds_a_system_message(admin, customer, number):
    answer = admin.sends(number, "hi there", "a1")
    assert set(answer.json) == {"message", "cursor"}
    message = answer.json["message"]
    assert (message["from"], message["author"], message["seq"]) == ("admin", "Anna Antwort", 3)
    session = admin.opens(number).json["session"]
    assert (session["status"], session["assignee"]) == ("active", "anna")
    assert session["waiting_since"] is None
    assert customer.sees() == ["hello", "Anna Antwort joined the chat.", "hi there"]


def test_an_answering_colleague_does_not_take_the_session_away(admin, ben, number):
    admin.sends(number, "I have it")
    ben.sends(number, "and I know more")
    assert admin.opens(number).json["session"]["assignee"] == "anna"


def test_the_same_answer_again_returns_the_same_message(admin, ben, number):
    first = admin.sends(number, "once", "a1")
    again = admin.sends(number, "once", "a1", status=200)
    assert again.json == first.json
    refusal = admin.sends(number, "other", "a1", status=409)
    assert refusal.json["error"]["code"] == "client_id_reused"
    # A client_id belongs to its author: a colleague's is a different one.
    assert ben.sends(number, "other", "a1").json["message"]["body"] == "other"


def test_messages_since_a_cursor(admin, customer, number):
    cursor = admin.opens(number).json["cursor"]
    assert admin.reads(number, cursor).json["messages"] == []
    customer.sends("more")
    answer = admin.reads(number, cursor).json
    assert set(answer) >= {"messages", "session", "cursor"}
    assert [message["body"] for message in answer["messages"]] == ["more"]
    assert admin.reads(number, answer["cursor"]).json["messages"] == []


def test_closing_and_reopening(admin, customer, number):
    admin.takes(number)
    closed = admin.closes(number).json["session"]
    assert closed["status"] == "closed"
    assert closed["closed_at"]
    assert admin.closes(number).json["session"]["status"] == "closed"
    assert customer.reads().json["session"]["status"] == "closed"
    assert admin.sends(number, status=409).json["error"]["code"] == "session_closed"
    assert admin.takes(number, status=409).json["error"]["code"] == "session_closed"
    reopened = admin.reopens(number).json["session"]
    assert (reopened["status"], reopened["assignee"]) == ("active", "anna")
    assert reopened["closed_at"] is None
    assert customer.sees()[1:] == [
        "Anna Antwort joined the chat.",
        "Anna Antwort closed the chat.",
        "Anna Antwort reopened the chat.",
    ]


def test_closing_a_session_that_somebody_else_has_closed_names_them(admin, ben, customer, number):
    admin.closes(number)
    refusal = ben.closes(number, status=409).json["error"]
    assert refusal["code"] == "closed"
    assert "Anna Antwort (anna)" in refusal["message"]
    admin.reopens(number)
    customer.closes()
    assert "customer" in ben.closes(number, status=409).json["error"]["message"]


def test_unread_is_counted_for_each_admin(admin, ben, customer, number):
    customer.sends("two")
    assert admin.opens(number).json["session"]["unread"] == 2
    assert admin.has_seen(number, 1).json["session"]["unread"] == 1
    assert admin.has_seen(number, 2).json["session"]["unread"] == 0
    assert admin.has_seen(number, 1).json["session"]["unread"] == 0
    assert ben.opens(number).json["session"]["unread"] == 2
    ben.sends(number, "answered")
    assert ben.opens(number).json["session"]["unread"] == 0


@pytest.mark.parametrize("seq", [None, -1, "1", 1.0, True, 2**31, 10**18])
def test_an_invalid_seen_position_is_refused(admin, customer, number, seq):
    assert admin.has_seen(number, seq, status=422).json["error"]["field"] == "seq"
    assert customer.has_seen(seq, status=422).json["error"]["field"] == "seq"


def test_the_links_of_a_session_work(admin, number):
    links = admin.opens(number).json["session"]["links"]
    headers = admin.json | {"X-CSRF-Token": admin.csrf_token}
    assert admin.app.get(links["self"], headers=headers).json["session"]["number"] == number
    assert admin.app.get(links["messages"], headers=headers).json["messages"]
    bodies = {
        "send": {"body": "x", "client_id": "1"},
        "assign": {"admin": None},
        "seen": {"seq": 1},
        "close": {},
        "reopen": {},
        "typing": {"typing": True},
        "note": {"body": "x", "client_id": "2"},
        "unread": {},
        "transfer": {"admin": "anna"},
        "tags": {"add": ["refund"]},
        "priority": {"priority": "high"},
        "snooze": {"until": None},
        "block": {"blocked": False},
        "draft": {"body": "x"},
    }
    assert set(bodies) == set(links) - {"self", "messages", "earlier", "replies", "undo"}
    for name in ("earlier", "replies"):
        assert admin.app.get(links[name], headers=headers).status_int == 200
    for verb, body in bodies.items():
        admin.app.post_json(links[verb], body, headers=headers, status="2*")
    act = admin.app.post_json(links["close"], {}, headers=headers)
    admin.app.post_json(links["undo"], {"seq": act.json["undo"]}, headers=headers, status=200)


@pytest.mark.parametrize(
    "path", ["0/", "01/", "-1/", "99/", "9999999999/", "%D9%A7/", "1_0/", "%201/"]
)
def test_a_session_that_does_not_exist_is_404_for_an_admin(admin, path):
    answer = admin.app.get(f"/custom-admin/chat/{path}", headers=admin.json, status=404)
    assert answer.json["error"]["code"] == "not_found"


def test_a_customers_token_opens_nothing_on_the_desk(customer):
    headers = customer.who | {"Accept": "application/json"}
    customer.app.get("/custom-admin/chat/", headers=headers, status=403)
    customer.app.get("/custom-admin/chat/1/", headers=headers, status=403)


def test_an_admins_cookie_opens_nothing_on_the_customer_side(admin, customer):
    admin.app.get(f"/chat/messages/{customer.id}/", status=404)
