"""The Nu HTML checker: where it is, and its errors for many documents at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page, Response

ROOT = Path(__file__).parents[2]
# Read at import time, because the tests clear livechat's settings from the environment.
JAR = Path(os.environ.get("LIVECHAT_VNU_JAR") or ROOT / ".tools" / "vnu.jar")
JAVA = shutil.which("java")
MISSING = (
    "The HTML checker is not here: `make markup` gets it (it needs npm, and Java to run: "
    "apt-get install default-jre-headless), or LIVECHAT_VNU_JAR says where vnu.jar is."
)
# A run is short, so a fast start matters more than fast execution.
OPTIONS = ("-Xss2m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Documents:
    """Collects HTML in a folder: as the server sent it, and as the scripts have changed it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages: set[Page] = set()
        self.sent: list[Response] = []
        self.names: dict[str, str] = {}

    def listen(self, context: Any) -> None:
        """Record each document that its pages and their frames load."""
        context.on("response", self._hear)

    def look(self, place: Any) -> None:
        """Save a page or a frame as it is now, and what was sent since the last look."""
        for answer in self.sent:
            try:
                self._keep(f"sent, {answer.status} {answer.url}", answer.text())
            except Error:  # the page was left before this look
                continue
        self.sent.clear()
        self._keep(f"shown, {place.url}", place.content())

    def _hear(self, answer: Response) -> None:
        kind = answer.headers.get("content-type", "")
        if answer.request.resource_type == "document" and kind.startswith("text/html"):
            self.sent.append(answer)

    def _keep(self, name: str, html: str) -> None:
        file = self.folder / f"{len(self.names):03}.html"
        file.write_text(html, encoding="utf-8")
        self.names[file.name] = name


def errors_in(documents: Documents) -> list[str]:
    """Return the checker's errors: a line each, with the place and an extract."""
    assert JAVA is not None
    command = [JAVA, *OPTIONS, "-jar", str(JAR), "--format", "json", "--errors-only", "--stdout"]
    done = subprocess.run(
        [*command, "--exit-zero-always", str(documents.folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.startswith("{"), f"The checker did not work: {done.stdout}{done.stderr}"
    return [
        f"{documents.names[Path(each['url']).name]}: line {each.get('lastLine')}: "
        f"{each['message']}\n    {each.get('extract', '')!r}"
        for each in json.loads(done.stdout)["messages"]
    ]
