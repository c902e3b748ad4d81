"""Makes the pictures in docs/images/: a real server, a real conversation, real browsers.

    make screenshots

It drives the product with the same people as the browser tests do (tests/browser/).
"""

from __future__ import annotations

import random
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from livechat.accounts import admins  # noqa: E402 - as are the tests
from livechat.actors import admin_actor  # noqa: E402
from livechat.conversation import notes, tags  # noqa: E402
from livechat.conversation.opening import Product  # noqa: E402
from livechat.db import schema  # noqa: E402
from livechat.db.engine import make_engine  # noqa: E402
from livechat.db.session import transaction  # noqa: E402
from livechat.desk import canned_replies  # noqa: E402
from livechat.models import Admin as AdminRow  # noqa: E402
from livechat.models import ChatMessage, ChatSession  # noqa: E402
from tests.browser.admin import Desk  # noqa: E402
from tests.browser.chromium import ARGUMENTS, DESKTOP, PHONE, Ear, find_chromium  # noqa: E402
from tests.browser.seeds import add_chat, add_messages, close_chat  # noqa: E402
from tests.browser.shopper import Shopper  # noqa: E402
from tests.factories import add_admin  # noqa: E402
from tests.server import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
EMBER = Product("41", "Ember table lamp", "https://shop.example.com/lamps/ember", "89 €")
NAMES = ("Ida Lund", "Marek Nowak", "Sofia Rossi", "Tom Baker", "Aya Mori", "Leila Haddad")
TALKS = (
    ("How long is the cable of the Wick lamp?", "Two metres. We cut it to your length for free."),
    ("Does the Ember lamp come in green?", "Not yet; in spring it will."),
    ("Can I still change my order?", "Of course, it goes out tomorrow."),
    ("My lamp arrived broken.", "I am sorry! A new one is on its way to you."),
)
HALO = Product("42", "Halo pendant", "https://shop.example.com/lamps/halo", "140 €")


def main() -> int:
    """Make all pictures; 1 when there is no Chromium."""
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        url = f"sqlite:///{folder / 'livechat.sqlite3'}"
        engine = make_engine(url)
        schema.migrate(engine)
        anna = add_admin(engine, "anna", "Anna Berg")  # the first one is an owner
        ben = add_admin(engine, "ben", "Ben Ode")
        server = Server(folder, url, demo_shop="true", shop_name="Amber & Oak").start()
        # Emulated density does not reach frames of other origins: the chat would look blurred.
        sharp = [*ARGUMENTS, "--force-device-scale-factor=2"]
        browser = playwright.chromium.launch(executable_path=chromium, args=sharp)
        try:
            take_all(browser, server, engine, anna, ben)
        finally:
            browser.close()
            server.kill()
            engine.dispose()
    return 0


def take_all(browser: Browser, server: Server, engine: Any, anna: Any, ben: Any) -> None:
    """One day in the shop."""
    fill_the_desk(engine, anna, ben)
    fill_the_month(engine, anna, ben)

    def context(kind: dict[str, Any]) -> Any:
        usual = {"color_scheme": "dark", "locale": "en-GB"}
        made = browser.new_context(**{**usual, **kind, "device_scale_factor": 2})
        made.ear = Ear(made)
        return made

    shopper = Shopper(context(DESKTOP), server).visits()
    take(shopper.page, "shop")
    shopper.visits("halo/").opens_the_chat().gives("Clara Holm", "clara@example.com")
    take(shopper.page, "chat-new")
    shopper.sends("Hello! Is the Halo dimmable, and do you have it in brass?")

    for kind, name in ((DESKTOP, "login"), (PHONE, "login-phone")):
        take(Desk(context(kind), server, engine, anna).visits().page, name)

    desk = Desk(context(DESKTOP), server, engine, anna).is_signed_in().visits()
    desk.row_of("Clara Holm").wait_for()
    take(desk.page, "dashboard")
    desk.opens("Clara Holm").answers("Good evening, Clara. Yes to both: it dims down to a glow.")
    shopper.sees("it dims down to a glow")
    desk.answers("We have three in brushed brass on the shelf.")
    shopper.sees("We have three").sends("Wonderful. Could you put one aside until Friday?")
    desk.line("put one aside").wait_for()
    take(shopper.page, "chat")
    take(desk.page, "conversation")

    phone = Shopper(context(PHONE), server).visits("halo/")
    take(phone.page, "shop-phone")
    phone.opens_the_chat().gives("Milo")
    phone.sends("Does the cable come in black, too?")
    number = newest(engine)
    add_messages(engine, number, ben, "It does, in black and in gold. Both are 2 m long.")
    phone.sees("It does, in black and in gold.")
    phone.sends("Then the gold one, please 😊")
    take(phone.page, "chat-phone")

    pocket = Desk(context(PHONE), server, engine, ben).is_signed_in().visits()
    pocket.row_of("Milo").wait_for()
    take(pocket.page, "dashboard-phone")
    pocket.opens("Milo")
    take(pocket.page, "conversation-phone")

    fill_the_shelves(engine, anna)
    write_with_canned_replies(desk, "picker")
    write_with_canned_replies(pocket, "picker-phone")
    light = Desk(context({**DESKTOP, "color_scheme": "light"}), server, engine, anna)
    take(light.is_signed_in().visits("2/").page, "conversation-light")
    for each, name in ((desk, "palette"), (pocket, "palette-phone")):
        each.visits("2/").is_ready().page.keyboard.press("Control+k")
        each.page.get_by_role("dialog").wait_for()
        take(each.page, name)
    pages = {
        "search": "search/?q=lamp",
        "statistics": "statistics/",
        "replies": "replies/",
        "team": "team/",
        "audit": "audit/",
    }
    owner = Desk(context(PHONE), server, engine, anna).is_signed_in()
    for name, path in pages.items():
        take(desk.visits(path).page, name)
        take(owner.visits(path).page, f"{name}-phone")
    with transaction(engine) as db:
        token = admins.invite(db, db.get_one(AdminRow, ben.id))
    for each, name in ((desk, "invitation"), (owner, "invitation-phone")):
        each.page.goto(f"{each.origin}/custom-admin/welcome/?token={token}")
        take(each.page, name)
    for kind, name in ((DESKTOP, "chat-page"), (PHONE, "chat-page-phone")):
        alone = Shopper(context(kind), server).visits_the_full_page_chat().sees_the_chat()
        take(alone.page, name)


def write_with_canned_replies(desk: Desk, name: str) -> None:
    """The list that a slash opens."""
    desk.visits("2/").is_ready().box.press_sequentially("/")
    desk.page.get_by_role("listbox", name="Canned replies").wait_for()
    take(desk.page, name)
    desk.box.fill("")


def fill_the_desk(engine: Any, anna: Any, ben: Any) -> None:
    """Chats of a usual day."""
    closed = add_chat(engine, "Jonas Weber", "Do you ship to Norway?", email="jonas@example.com")
    add_messages(engine, closed, anna, "We do, twice a week.")
    close_chat(engine, closed)
    mended = add_chat(
        engine, "Amélie Laurent", "My Ember flickers.", email="amelie@example.com", product=EMBER
    )
    add_messages(engine, mended, ben, "Send it back to us, we mend it for free.")
    add_messages(engine, mended, None, "That is kind, thank you! Which address?")
    add_chat(engine, "نور الحسن", "هل يوجد هذا المصباح باللون الأسود؟", product=HALO)
    add_chat(engine, None, "Are you open on Saturday?")
    waits(engine, {2: 26, 3: 12, 4: 4})
    taken = add_chat(
        engine, "Priya Nair", "Can I pick my order up today?", email="priya@example.com"
    )
    add_messages(engine, taken, anna, "Of course, until six.")


def fill_the_month(engine: Any, anna: Any, ben: Any) -> None:
    """Chats of the days before, more of them at the ends of the weeks."""
    chance = random.Random(7)  # noqa: S311 - the same pictures each time
    for back in range(1, 30):
        for _ in range(chance.randint(2, 5) + (3 if back % 7 < 2 else 0)):
            question, answer = chance.choice(TALKS)
            number = add_chat(engine, chance.choice(NAMES), question)
            add_messages(engine, number, chance.choice((anna, anna, ben)), answer)
            add_messages(engine, number, None, "Thank you!")
            close_chat(engine, number)
            move_back(engine, number, timedelta(days=back), chance.expovariate(1 / 80))


def move_back(engine: Any, number: int, past: timedelta, wait: float) -> None:
    """As if it had happened then, with the first answer after so many seconds."""
    with transaction(engine) as db:
        session = db.get_one(ChatSession, number)
        for name in ("created_at", "last_activity_at", "closed_at"):
            setattr(session, name, getattr(session, name) - past)
        session.first_answer_at = session.created_at + timedelta(seconds=wait)
        entries = select(ChatMessage).where(ChatMessage.session_id == number)
        for entry in db.scalars(entries):
            entry.created_at -= past


def fill_the_shelves(engine: Any, anna: Any) -> None:
    """A note, tags, and canned replies."""
    actor = admin_actor(anna.id, anna.name)
    with transaction(engine) as db:
        session = db.get_one(ChatSession, 2)
        note = "@ben, she has had it for six weeks. I would send her a new one."
        notes.add_note(db, session, actor, note, "picture-note")
        tags.change_tags(db, session, actor, ["warranty", "lamp"], [])
        for code, title, body in (
            ("hours", "Opening hours", "We are here Monday to Saturday from 9 to 18."),
            ("back", "Sending back", "Of course, {customer.name|with pleasure}: use the label."),
        ):
            canned_replies.add(db, actor, code=code, title=title, body=body, everybody=True)


def waits(engine: Any, minutes: dict[int, int]) -> None:
    """These customers have waited that long."""
    with transaction(engine) as db:
        for number, past in minutes.items():
            session = db.get_one(ChatSession, number)
            assert session.waiting_since is not None
            session.waiting_since -= timedelta(minutes=past)


def newest(engine: Any) -> int:
    """The number of the chat that was begun last."""
    with engine.connect() as connection:
        number: int = connection.exec_driver_sql("SELECT max(id) FROM chat_sessions").scalar()
    return number


def take(page: Any, name: str) -> None:
    """One picture, when the page has settled."""
    page.wait_for_load_state("load")
    page.evaluate("Promise.all(document.getAnimations().map(each => each.finished.catch(() => 0)))")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    sys.exit(main())
