"""Invitations: the one-time link with which an admin sets a password."""

from datetime import timedelta

import pytest

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from livechat.models import now

from ...databases import rows
from ...factories import has_password, hash_of


@pytest.fixture
def invitation(engine):
    """The token of an invitation for Ina."""
    with transaction(engine) as db:
        return admins.invite(db, admins.add_admin(db, "ina", name="Ina Neu"))


def accepts(app, token, password, **expected):
    page = app.get("/custom-admin/welcome/", {"token": token})
    field = page.html.find("input", {"name": "csrf_token"})
    form = {
        "csrf_token": field["value"] if field else csrf_of(app),
        "token": token,
        "password": password,
    }
    return app.post("/custom-admin/welcome/", form, **expected)


def csrf_of(app):
    page = app.get("/custom-admin/login/")
    return page.html.find("input", {"name": "csrf_token"})["value"]


def test_an_invitation_sets_a_password_once_and_signs_in(app, wsgi, invitation, engine):
    page = app.get("/custom-admin/welcome/", {"token": invitation}, status=200)
    assert "Ina Neu" in page.html.get_text()
    # The address contains the token; "no-referrer" would make browsers send "Origin: null" with the form.
    assert page.headers["Referrer-Policy"] == "strict-origin"
    answer = accepts(app, invitation, "a brand new password", status=303)
    assert answer.location == "http://localhost/custom-admin/chat/"
    app.get("/custom-admin/chat/", headers={"Accept": "application/json"}, status=200)
    app.reset()
    accepts(app, invitation, "second use of a link", status=422)
    app.get("/custom-admin/chat/", headers={"Accept": "application/json"}, status=403)
    with transaction(engine) as db:
        assert has_password(db, "ina", "a brand new password")
        assert not has_password(db, "ina", "second use of a link")


@pytest.mark.parametrize("password", ["", "tiny", "x" * 1001])
def test_a_password_of_wrong_length_is_refused_and_the_invitation_stays_valid(
    app, invitation, password
):
    page = accepts(app, invitation, password, status=422)
    assert page.html.find("input", {"name": "password"})
    assert password == "" or password not in page.text
    accepts(app, invitation, "long enough now", status=303)


@pytest.mark.parametrize("password", ["password", "12345678", "inaneu2026", "customer service"])
def test_a_weak_password_is_refused_and_the_invitation_stays_valid(
    app, invitation, password, engine
):
    page = accepts(app, invitation, password, status=422)
    assert "too easy to guess" in page.html.find(id="problem").get_text()
    assert not page.html.find("input", {"name": "password"}).get("value")
    accepts(app, invitation, page.html.select_one(".suggestion").get_text(), status=303)


@pytest.mark.parametrize("how", ["expired", "disabled", "newer", "unknown", "none", "password set"])
def test_an_invalid_invitation_says_so_and_changes_nothing(app, invitation, engine, how):
    with transaction(engine) as db:
        row = db.query(AdminRow).filter_by(username="ina").one()
        if how == "expired":
            row.invite_expires_at = now() - timedelta(seconds=1)
        elif how == "disabled":
            admins.disable(db, row)
        elif how == "newer":
            admins.invite(db, row)
        elif how == "password set":
            admins.store_password(db, row, hash_of("a password set since"))
    token = {"unknown": "x" * 43, "none": ""}.get(how, invitation)
    page = app.get("/custom-admin/welcome/", {"token": token}, status=200)
    assert page.html.find("input", {"name": "password"}) is None
    accepts(app, token, "a brand new password", status=422)
    assert rows(engine, "SELECT id FROM admin_logins") == []


def test_a_disabled_admin_cannot_be_invited(invitation, engine):
    from livechat.exceptions import Conflict

    with transaction(engine) as db:
        row = admins.find_admin(db, "ina")
        admins.disable(db, row)
        with pytest.raises(Conflict, match="disabled"):
            admins.invite(db, row)
