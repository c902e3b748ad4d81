"""How long does it take from a click on a row of the inbox until the reply box has the focus and the messages appear?

    python bench/inbox_open.py [--before DIRECTORY] [--openings 50]

Chromium clicks one row after the other in an inbox of fifty chats. Both times start at the click's own time stamp:
`box` ends at the focus in the box of that chat, `messages` at the first frame after its messages and facts are in the
page. With --before another checkout is measured as well, in turns with this one, so that other load on the machine
affects both alike. Chromium ($CHROMIUM, or the first on the PATH) runs on the machine that it measures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import report
from playwright.sync_api import Browser, Page, sync_playwright
from seeds import Seeds, login_token
from servers import HERE, chat_server, new_database, running

from livechat.security import LOGIN_COOKIE

CHATS = 60
ROWS = 40  # rows that are clicked, from the top
WARM_UP = 5  # openings that do not count: they compile scripts and fill caches
# Records the times of the last click, of the focus that follows it, and of the frame after the messages.
WATCH = """
addEventListener('click', (event) => {
  const link = event.target.closest('#chats a')
  if (!link) return
  const number = /(\\d+)\\/$/.exec(link.pathname)[1]
  const found = (window.found = { click: event.timeStamp })
  const text = (id) => document.querySelector(id)?.textContent
  const pane = document.querySelector('#pane')
  const look = () => {
    const there = text('#customer') === link.textContent
    if (!found.box && there && document.activeElement?.id === 'body') found.box = performance.now()
    if (text('#fact-number') !== number || !text('#list .text') || pane.ariaBusy) return
    seen.disconnect()
    requestAnimationFrame(() => setTimeout(() => (found.messages = performance.now())))
  }
  const seen = new MutationObserver(look)
  seen.observe(pane, { subtree: true, childList: true, characterData: true, attributes: true })
  document.addEventListener('focusin', look, { capture: true })
}, true)
"""
FOUND = """async () => {
  while (!window.found?.box || !window.found?.messages) await new Promise((go) => setTimeout(go, 20))
  const found = window.found
  window.found = null
  return found
}"""


def serve() -> None:
    """Serve sixty chats with the code that PYTHONPATH names, until standard input ends."""
    with tempfile.TemporaryDirectory() as name, new_database("sqlite", Path(name)) as url:
        Seeds(CHATS, admins=1, active=CHATS, waiting=20).write(url)
        with running(chat_server(Path(name), url)) as server:
            print(server.port, flush=True)
            sys.stdin.read()


@contextmanager
def desk_of(browser: Browser, code: Path) -> Iterator[Page]:
    """The inbox of a checkout, with its own database and its own browser profile."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(code)},
        cwd=code,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    port = int(process.stdout.readline())
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookie = {"name": LOGIN_COOKIE, "value": login_token(1), "domain": "127.0.0.1"}
    context.add_cookies([{**cookie, "path": "/custom-admin/"}])  # type: ignore[typeddict-item]
    page = context.new_page()
    page.add_init_script(WATCH)
    try:
        page.goto(f"http://127.0.0.1:{port}/custom-admin/chat/")
        page.wait_for_selector("html.scripted")
        yield page
    finally:
        context.close()
        process.stdin.close()
        process.wait(30)


def opening(page: Page, number: int) -> tuple[float, float]:
    """Seconds from the click on a row to the box and to the messages."""
    page.locator("#chats a").nth(number % ROWS).click()
    found = page.evaluate(FOUND)
    page.wait_for_timeout(600)  # faster visitors open no stream
    return (found["box"] - found["click"]) / 1000, (found["messages"] - found["click"]) / 1000


def measure(openings: int, codes: dict[str, Path]) -> list[dict[str, Any]]:
    """Open chats in turns. Returns a line for each checkout."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
    with ExitStack() as stack:
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        pages = {name: stack.enter_context(desk_of(browser, code)) for name, code in codes.items()}
        for number in range(openings + WARM_UP):
            for name, page in pages.items():
                page.bring_to_front()
                took = opening(page, number)
                if number >= WARM_UP:
                    times[name].append(took)
    return [
        {
            "code": name,
            **{f"box {key}": value for key, value in report.milliseconds(boxes).items()},
            **{f"messages {key}": value for key, value in report.milliseconds(shown).items()},
        }
        for name, found in times.items()
        for boxes, shown in [list(zip(*found, strict=True))]
    ]


def main() -> None:
    """Print the table, in milliseconds."""
    parser = report.arguments(__doc__.partition("\n")[0])
    parser.add_argument("--openings", type=int, default=50)
    parser.add_argument("--before", type=Path, metavar="DIRECTORY", help="another checkout")
    parser.add_argument("--serve", action="store_true", help="for the script's own use")
    options = parser.parse_args()
    if options.serve:
        return serve()
    codes = {"before": options.before.resolve()} if options.before else {}
    before = os.getloadavg()
    lines = measure(options.openings, codes | {"now": HERE.parent})
    report.table(lines)
    print(f"load average at the start: {before[0]:.1f}, at the end: {os.getloadavg()[0]:.1f}")
    report.write(options.json, __doc__, {"load": before, "openings": lines})
    return None


if __name__ == "__main__":
    main()
