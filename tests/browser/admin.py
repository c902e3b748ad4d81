"""An admin's browser: the login, the dashboard, the conversation."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import Engine

from livechat.accounts import admins
from livechat.db.session import transaction
from livechat.models import Admin as AdminRow
from livechat.security import LOGIN_COOKIE

from ..factories import PASSWORD
from ..server import Server
from .chromium import Ear
from .shopper import SENT


class Desk:
    """An admin at the desk. Methods that begin with `sees` wait until their condition is true."""

    def __init__(
        self,
        context: BrowserContext,
        server: Server,
        engine: Engine,
        row: AdminRow,
        page: Page | None = None,
    ) -> None:
        self.context, self.server, self.engine, self.row = context, server, engine, row
        self.ear: Ear = context.ear
        self.username, self.name = row.username, row.name
        self.origin = f"http://localhost:{server.port}"
        self.url = f"{self.origin}/custom-admin/chat/"
        self.page = page or context.new_page()

    # Signing in and navigating

    def is_signed_in(self) -> Desk:
        """Sign in without the form, which is slow on purpose."""
        with transaction(self.engine) as db:
            token = admins.sign_in(db, db.get_one(AdminRow, self.row.id), 24)
        # The same path as the server's cookie: another path would make it a second cookie of the same name.
        cookie = {"name": LOGIN_COOKIE, "value": token, "domain": "localhost"}
        self.context.add_cookies([{**cookie, "path": "/custom-admin/", "httpOnly": True}])
        return self

    def signs_in(self, password: str = PASSWORD, username: str | None = None) -> Desk:
        """Fill in and send the open login form."""
        self.page.get_by_label("Username").fill(username or self.username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        return self

    def loses_the_login(self) -> Desk:
        """End the login on the server, as a new password or its expiry does."""
        with transaction(self.engine) as db:
            admins.sign_out_everywhere(db, db.get_one(AdminRow, self.row.id))
        return self

    def visits(self, path: str = "") -> Desk:
        """Open the dashboard or a page below it."""
        self.page.goto(self.url + path)
        return self

    def opens(self, name: str) -> Desk:
        """Follow a customer's name on the dashboard."""
        self.row_of(name).get_by_role("link", name=name).click()
        expect(self.customer).to_have_text(name)
        return self.is_ready()

    def is_ready(self) -> Desk:
        """Wait until the page's script has started: only the script shows the sound switch."""
        expect(self.push("Sound")).to_be_visible()
        return self

    def opens_another_tab(self, path: str = "") -> Desk:
        """Open a second tab of the same browser."""
        page = self.context.new_page()
        return Desk(self.context, self.server, self.engine, self.row, page).visits(path)

    # Elements

    @property
    def rows(self) -> Locator:
        """The chats in the list."""
        return (
            self.page.locator("main")
            .get_by_role("listitem")
            .filter(has=self.page.locator("[data-is=name], .name"))
        )

    def row_of(self, name: str) -> Locator:
        """A customer's chat in the list."""
        return self.rows.filter(has=self.page.get_by_role("link", name=name, exact=True))

    @property
    def customer(self) -> Locator:
        """The heading of a conversation."""
        return self.page.get_by_role("heading", level=1)

    @property
    def box(self) -> Locator:
        """The text box."""
        return self.page.get_by_role("textbox", name="Your reply")

    @property
    def log(self) -> Locator:
        """The list of messages."""
        return self.page.get_by_role("log")

    @property
    def bodies(self) -> Locator:
        """The texts of all messages."""
        return self.log.locator(".text")

    @property
    def scroller(self) -> Locator:
        """The scrolling element."""
        return self.page.get_by_role("region", name="Messages, scrollable")

    @property
    def pill(self) -> Locator:
        """“2 new messages”, shown while the admin has scrolled up."""
        return self.page.get_by_role("button", name=re.compile("new message"))

    @property
    def typing(self) -> Locator:
        """“Clara is typing”."""
        return self.page.locator("#typing")

    def push(self, name: str) -> Locator:
        """A button."""
        return self.page.get_by_role("button", name=name, exact=True)

    def line(self, text: str) -> Locator:
        """The line with this message."""
        body = self.page.locator(".text").filter(has_text=text)
        return self.log.get_by_role("listitem").filter(has=body)

    # Acts

    def signs_out(self) -> Desk:
        """Sign out by the menu below the admin's name."""
        self.page.locator("[data-menu=own] > summary").click()
        self.push("Sign out").click()
        return self

    def opens_menu(self, name: str) -> Desk:
        """Open a menu in the header of a conversation: assign, snooze, more."""
        self.page.locator(f"[data-menu={name}] > summary").click()
        return self

    def answers(self, text: str) -> Desk:
        """Type an answer and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")
        return self

    def sees(self, *texts: str) -> Desk:
        """Wait until the conversation contains these messages."""
        for text in texts:
            expect(self.line(text)).to_be_visible()
        return self

    def sees_exactly(self, *texts: str) -> Desk:
        """Wait until the conversation contains exactly these messages, in this order."""
        expect(self.bodies).to_have_text(list(texts))
        return self

    def sees_sent(self, text: str) -> Desk:
        """Wait until this answer has arrived."""
        expect(self.line(text).get_by_text(SENT)).to_be_attached()
        return self

    def sees_line(self, text: str | re.Pattern[str]) -> Desk:
        """Wait for a system message."""
        expect(self.log.get_by_text(text).first).to_be_visible()
        return self

    def sees_status(self, status: str) -> Desk:
        """Wait for the status next to the customer's name."""
        expect(self.page.locator("main header").get_by_text(status, exact=True)).to_be_visible()
        return self

    def sees_chats(self, *names: str) -> Desk:
        """Wait until the list shows exactly these chats, in this order."""
        expect(self.rows.locator(".name").get_by_role("link")).to_have_text(list(names))
        return self

    def sees_counts(self, **counts: int) -> Desk:
        """Wait for these statistics."""
        for status, count in counts.items():
            card = self.page.get_by_role("navigation", name=re.compile("Statistics")).get_by_role(
                "link", name=re.compile(f"^{status}", re.IGNORECASE)
            )
            expect(card).to_have_accessible_name(re.compile(rf"\b{count}$"))
        return self

    def sees_title_count(self, count: int) -> Desk:
        """Wait for the number in front of the page's title."""
        title = re.compile(rf"^\({count}\) ") if count else re.compile(r"^[^(]")
        expect(self.page).to_have_title(title)
        return self
