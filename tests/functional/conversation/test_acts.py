"""Acts on conversations as the command line performs them: without a request or a login."""

import pytest
from sqlalchemy import text

from livechat.accounts import admins, password_rules
from livechat.actors import STAFF, admin_actor
from livechat.conversation import assignment, messages
from livechat.db.session import transaction
from livechat.exceptions import Conflict, Invalid, Missing
from livechat.models import ChatSession

from ...factories import has_password, hash_of


def do(engine, act):
    with transaction(engine) as db:
        return act(db, db.query(ChatSession).one())


def test_an_answer_from_the_command_line_is_not_shown_as_the_customers(customer, engine):
    do(engine, lambda db, session: messages.send(db, session, STAFF, "from the shell", "s1"))
    message = customer.reads().json["messages"][-1]
    assert (message["from"], message["body"]) == ("admin", "from the shell")
    assert message["author"] != "Ann Customer"


def test_unassigning_an_admins_chats_leaves_closed_and_other_chats_alone(
    new_customer, new_admin, engine
):
    anna, ben = new_admin("anna"), new_admin("ben")
    for _ in range(4):
        new_customer().starts("hi")
    anna.takes(1)
    anna.takes(2)
    anna.closes(2)
    ben.takes(3)
    with transaction(engine) as db:
        assert admins.disable(db, admins.find_admin(db, "anna")) == 1
        assert admins.disable(db, admins.find_admin(db, "anna")) == 0
    shown = {s["number"]: (s["status"], s["assignee"]) for s in ben.dashboard().json["sessions"]}
    assert shown[1] == ("waiting", None)
    assert shown[2] == ("closed", "anna")
    assert shown[3] == ("active", "ben")
    # After it is reopened, it is not assigned to an admin who cannot answer.
    reopened = ben.reopens(2).json["session"]
    assert (reopened["status"], reopened["assignee"]) == ("waiting", None)


def test_a_failed_act_leaves_nothing(customer, engine):
    def send_and_fail(db, session):
        messages.send(db, session, STAFF, "never", "s1")
        raise RuntimeError("too late")

    with pytest.raises(RuntimeError, match="too late"):
        do(engine, send_and_fail)
    assert customer.sees() == ["hello"]


@pytest.mark.parametrize(
    "username",
    ["", " ", "a b", "x" * 65, "-x", ".x", "me", "none", "ME", "a/b", "a\x00", "a\nb", "<b>"],
)
def test_a_confusing_username_is_refused(engine, username):
    with pytest.raises(Invalid) as refused, transaction(engine) as db:
        admins.add_admin(db, username)
    assert refused.value.field in {"username", "name"}


def test_usernames_are_unique_regardless_of_case(engine):
    with transaction(engine) as db:
        admins.add_admin(db, "Änna", name="Änna Ä")
    with pytest.raises(Conflict, match="already"), transaction(engine) as db:
        admins.add_admin(db, "ÄNNA")
    with transaction(engine) as db:
        assert admins.find_admin(db, " äNNa ").name == "Änna Ä"
        with pytest.raises(Missing):
            admins.find_admin(db, "nobody")


@pytest.mark.parametrize("password", ["", "x" * (password_rules.SHORTEST_PASSWORD - 1), "x" * 1001])
def test_a_password_has_a_minimum_and_maximum_length(password):
    with pytest.raises(Invalid) as refused:
        password_rules.check(password)
    assert refused.value.field == "password"


def test_a_password_is_normalised_before_hashing(engine):
    with transaction(engine) as db:
        admins.add_admin(db, "anna", password_hash=hash_of("Äpfel und Birnen"))
    with transaction(engine) as db:
        assert has_password(db, "anna", "A\u0308pfel und Birnen")
        assert not has_password(db, "anna", "Apfel und Birnen")
        assert not has_password(db, "nobody", "Äpfel und Birnen")


def test_of_two_acts_on_the_same_old_version_one_wins(customer, new_admin, engine):
    anna, ben = new_admin("anna"), new_admin("ben")
    with transaction(engine, write=False) as stale:
        session = stale.query(ChatSession).one()
        version = session.version
    do(
        engine,
        lambda db, row: assignment.assign(
            db, row, admin_actor(anna.row.id, "anna"), admins.find_admin(db, "anna"), version
        ),
    )
    with pytest.raises(Conflict, match="anna"):
        do(
            engine,
            lambda db, row: assignment.assign(
                db, row, admin_actor(ben.row.id, "ben"), admins.find_admin(db, "ben"), version
            ),
        )


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_a_transaction_that_postgresql_aborts_is_repeated_with_its_body(customer, admin, engine):
    # A trigger that fails the first try as PostgreSQL does for conflicting transactions.
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE tries"))
        connection.execute(
            text(
                "CREATE FUNCTION fail_once() RETURNS trigger AS $$ BEGIN"
                " IF nextval('tries') % 2 = 1 THEN RAISE EXCEPTION USING ERRCODE = '40001';"
                " END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER fail_once BEFORE INSERT ON chat_messages"
                " FOR EACH ROW EXECUTE FUNCTION fail_once()"
            )
        )
    try:
        admin.engine.dispose()
        customer.sends("x" * 4000, "c2", status=201)
        data = {"body": "a form", "client_id": "f1", "csrf_token": admin.csrf_token}
        with engine.begin() as connection:
            connection.execute(text("UPDATE chat_sessions SET assignee_id = 1, status = 'active'"))
        admin.app.post("/custom-admin/chat/1/send/", data, status=303)
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER fail_once ON chat_messages"))
            connection.execute(text("DROP FUNCTION fail_once"))
            connection.execute(text("DROP SEQUENCE tries"))
    assert customer.sees() == ["hello", "x" * 4000, "a form"]
