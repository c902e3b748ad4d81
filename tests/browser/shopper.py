"""A customer's browser: the shop's page, the gold button, and the conversation in its frame."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from ..server import Server
from .chromium import Ear

SENDING, WAITING = "Sending…", "Not sent yet. Retrying…"
SENT = re.compile("^(Sent|Seen)$")


class Shopper:
    """A customer in the demo shop. Methods that begin with `sees` wait until their condition is true."""

    def __init__(self, context: BrowserContext, server: Server, page: Page | None = None) -> None:
        self.context = context
        self.server = server
        self.ear: Ear = context.ear
        self.shop = f"{server.url}/demo/"
        self.chat_origin = f"http://localhost:{server.port}"
        self.page = page or context.new_page()
        self.alone = False  # the conversation is a page, not a frame

    # Navigating

    def visits(self, path: str = "") -> Shopper:
        """Open a page of the shop, or any page."""
        self.page.goto(path if path.startswith("http") else self.shop + path)
        return self

    def visits_the_full_page_chat(self) -> Shopper:
        """Open the conversation as a page."""
        self.alone = True
        return self.visits(f"{self.chat_origin}/chat/")

    def opens_the_chat(self) -> Shopper:
        """Press the gold button."""
        self.button.click()
        return self.sees_the_chat()

    def closes_the_chat(self) -> Shopper:
        """Press the X in the corner of the conversation, which a phone has, too."""
        self.push("Hide chat").click()
        expect(self.panel).to_be_hidden()
        return self

    def opens_another_tab(self, path: str = "") -> Shopper:
        """Open a second tab of the same browser."""
        return Shopper(self.context, self.server, self.context.new_page()).visits(path)

    # Elements

    @property
    def button(self) -> Locator:
        """The gold button."""
        name = re.compile("^(Open|Hide) chat")
        return self.page.get_by_role("button", name=name).and_(self.page.locator("[aria-expanded]"))

    @property
    def panel(self) -> Locator:
        """The panel that the gold button opens."""
        return self.page.get_by_role("dialog", name="Chat")

    @property
    def chat(self) -> FrameLocator | Page:
        """The conversation."""
        return self.page if self.alone else self.page.frame_locator('iframe[title="Chat"]')

    @property
    def frame(self) -> Any:
        """The conversation's frame, for checks of what a person cannot see."""
        if self.alone:
            return self.page.main_frame
        return next(frame for frame in self.page.frames if frame.url.endswith("/chat/"))

    @property
    def box(self) -> Locator:
        """The text box."""
        return self.chat.get_by_role("textbox", name="Message")

    @property
    def log(self) -> Locator:
        """The list of messages."""
        return self.chat.get_by_role("log")

    @property
    def bodies(self) -> Locator:
        """The texts of all messages, from both sides."""
        return self.log.locator(".text")

    @property
    def scroller(self) -> Locator:
        """The scrolling element."""
        return self.chat.get_by_role("region", name="Conversation")

    @property
    def pill(self) -> Locator:
        """“2 new messages”, shown while the customer has scrolled up."""
        return self.chat.get_by_role("button", name=re.compile("new message"))

    @property
    def typing(self) -> Locator:
        """“Anna is typing”."""
        return self.chat.locator("#typing")

    @property
    def queue(self) -> Locator:
        """“You're next in the queue.”"""
        return self.chat.locator("#queue")

    def push(self, name: str) -> Locator:
        """A button of the conversation."""
        return self.chat.get_by_role("button", name=name, exact=True)

    def line(self, text: str) -> Locator:
        """The line with this message."""
        body = self.page.locator(".text").filter(has_text=text)
        return self.log.get_by_role("listitem").filter(has=body)

    # Writing and reading

    def gives(self, name: str = "", email: str = "") -> Shopper:
        """Fill in name and e-mail address."""
        if name:
            self.chat.get_by_label("Your name").fill(name)
        if email:
            self.chat.get_by_label("Email").fill(email)
        return self

    def writes(self, text: str) -> Shopper:
        """Type a message and press Enter."""
        self.types(text)
        self.box.press("Enter")
        return self

    def types(self, text: str) -> Shopper:
        """Type without sending."""
        self.box.fill(text)
        return self

    def sends(self, text: str) -> Shopper:
        """Write a message and wait until it was sent."""
        self.writes(text)
        return self.sees_sent(text)

    def sees_the_chat(self) -> Shopper:
        """Wait until the conversation is open and its script has started: only the script fills in the status."""
        expect(self.box).to_be_visible()
        expect(self.chat.locator("header p")).not_to_be_empty()
        if not self.alone:
            expect(self.panel.get_by_text("Opening chat…")).to_be_hidden()
        return self

    def sees(self, *texts: str) -> Shopper:
        """Wait until the list contains these messages."""
        for text in texts:
            expect(self.line(text)).to_be_visible()
        return self

    def sees_line(self, text: str | re.Pattern[str]) -> Shopper:
        """Wait for a system message, such as “The chat was closed.”."""
        expect(self.log.get_by_text(text).first).to_be_visible()
        return self

    def sees_exactly(self, *texts: str) -> Shopper:
        """Wait until the list contains exactly these messages, in this order."""
        expect(self.bodies).to_have_text(list(texts))
        return self

    def sees_sent(self, text: str) -> Shopper:
        """Wait until this message has arrived."""
        expect(self.line(text).get_by_text(SENT)).to_be_attached()
        return self

    def sees_not_sent_yet(self, text: str) -> Shopper:
        """Wait until this message is marked as kept for another try."""
        expect(self.line(text).get_by_text(WAITING)).to_be_visible()
        return self

    def sees_status(self, text: str) -> Shopper:
        """Wait for the line below the shop's name."""
        expect(self.chat.locator("header").get_by_text(text)).to_be_visible()
        return self

    def sees_badge(self, count: int) -> Shopper:
        """Wait for the number on the gold button, in its accessible name and in the page's title."""
        name = f"Open chat, {count} unread message{'' if count == 1 else 's'}"
        if count == 0:
            expect(self.button).to_have_accessible_name("Open chat")
            expect(self.page).not_to_have_title(re.compile(r"^\("))
        else:
            expect(self.button).to_have_accessible_name(name)
            expect(self.button.get_by_text(str(count), exact=True)).to_be_visible()
            expect(self.page).to_have_title(re.compile(rf"^\({count}\) "))
        return self

    def hurries(self) -> Shopper:
        """Poll at once: tell the browser that the network is back."""
        self.frame.evaluate("dispatchEvent(new Event('online'))")
        return self
