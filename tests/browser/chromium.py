"""Chromium for the tests: finding and starting it, and recording what goes wrong in its pages."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # containers run the tests as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    # This replaces Playwright's own list, which switches off the partitioned storage that
    # browsers give to frames; some Chromiums would then give them none.
    "--disable-features=MediaRouter,PaintHolding,Translate",
    # Nothing leaves this machine, whatever a page requests.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
# What remains of a 1280x800 window at a zoom of 200 %.
ZOOMED: dict[str, Any] = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


def find_chromium() -> str | None:
    """Return the path of the system's Chromium: the value of CHROMIUM, else the first on the PATH."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Ear:
    """Records uncaught errors, console errors and policy violations in all pages and frames of a context."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._console)
        context.on("weberror", self._uncaught)

    def expects(self, *patterns: str) -> None:
        """Declare errors that belong to the test."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def hears_warning(self, text: str) -> None:
        """Wait until a page has logged this warning to its owner."""
        if not any(text in warning for warning in self.warnings):
            self.context.wait_for_event("console", lambda message: text in message.text)

    def problems(self) -> list[str]:
        """Return the errors that were not expected."""
        for page in self.context.pages:
            page.evaluate("0")  # one round trip: all earlier messages of the page have arrived now
        return [
            error
            for error in self.errors
            if not any(pattern.search(error) for pattern in self._expected)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        place = message.location.get("url", "")
        if message.type == "error" or "Content Security Policy" in message.text:
            self.errors.append(f"{message.text} ({place})")
        elif message.type == "warning":
            self.warnings.append(message.text)

    def _uncaught(self, error: WebError) -> None:
        self.errors.append(f"uncaught: {error.error}")


def until(place: Any, condition: str) -> None:
    """Wait until a JavaScript expression is true in a page or frame, even where its policy forbids eval."""
    place.evaluate(
        f"""async () => {{
          const end = Date.now() + 60000
          while (!({condition})) {{
            if (Date.now() > end) throw new Error('It never came true.')
            await new Promise((done) => setTimeout(done, 20))
          }}
        }}"""
    )
