"""Reports at the end of a test run how many tests ran in a browser, or, loudly, that none did."""

from __future__ import annotations

from collections.abc import Generator

import pytest

NO_CHROMIUM = (
    "there is no Chromium here. Install it (Debian: apt-get install chromium) "
    "or name one with CHROMIUM=/path/to/chromium."
)
VERSION = "chromium"  # the property in which a test names its browser


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: ours is the last word
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Print one line. It is counted from the reports, so it is correct even when workers ran the tests."""
    yield
    counts: dict[str, int] = {}
    versions: set[str] = set()
    missing = 0
    for outcome in ("passed", "failed", "error", "skipped", "rerun"):
        for report in terminalreporter.getreports(outcome):
            if "browser" not in getattr(report, "keywords", {}):
                continue
            if NO_CHROMIUM in str(report.longrepr):
                missing += 1
                continue
            counts[outcome] = counts.get(outcome, 0) + 1
            versions.update(value for name, value in report.user_properties if name == VERSION)
    if missing:
        terminalreporter.write_line(
            f"BROWSER TESTS DID NOT RUN ({missing} of them): {NO_CHROMIUM}", red=True, bold=True
        )
    if counts:
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        where = f" in Chromium {', '.join(sorted(versions))}" if versions else ""
        bad = set(counts) & {"failed", "error"}
        terminalreporter.write_line(f"browser tests: {told}{where}", green=not bad, red=bool(bad))
