"""The results of a measurement: a table for people, JSON for programs, and how busy the machine was."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
TICKS = os.sysconf("SC_CLK_TCK")


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with the options that all measurements have."""
    parser = argparse.ArgumentParser(description=description)
    name = Path(sys.argv[0]).stem
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS / f"{name}.json",
        metavar="FILE",
        help="where the numbers go (default: bench/results/%(prog)s → .json)".replace(
            "%(prog)s → .json", f"{name}.json"
        ),
    )
    return parser


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which this share (0 to 1) of the values lies, by nearest rank; nan without values."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the maximum in milliseconds. `values`: times in seconds."""
    return {
        name: round(percentile(values, share) * 1000, 2)
        for name, share in (("p50", 0.50), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows that have the same keys, aligned to the right. Lists and objects appear in the JSON only."""
    if not rows:
        return
    names = [name for name, value in rows[0].items() if not isinstance(value, dict | list)]
    shown = [[_shown(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[at]) for line in shown)) for at, name in enumerate(names)]
    print("  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True)))
    for line in shown:
        print("  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True)))
    print(flush=True)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def machine() -> dict[str, Any]:
    """The machine of the measurement, and its load."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load average": os.getloadavg(),
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def write(path: Path, question: str, found: Any) -> None:
    """Write the numbers as JSON, together with the question and the machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"question": question, "machine": machine(), "found": found}
    path.write_text(json.dumps(told, indent=1) + "\n")
    print(f"written to {path}", file=sys.stderr)


def cpu_of(pid: int) -> float:
    """The processor time that a process has used, in seconds, without its children."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / TICKS


class Busy:
    """The cores in use since this was made: by the given processes, by this one, and by all others.

    The others' share is the noise: the measurement had to do without those cores.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = list(pids)
        self._began = time.monotonic()
        self._before = self._used()

    def cores(self) -> dict[str, float]:
        """``{server, generator, others}`` in cores."""
        passed = max(1e-9, time.monotonic() - self._began)
        server, own, every = (
            (after - before) / passed
            for after, before in zip(self._used(), self._before, strict=True)
        )
        others = max(0.0, every - server - own)
        return {
            "server": round(server, 2),
            "generator": round(own, 2),
            "others": round(others, 2),
        }

    def _used(self) -> tuple[float, float, float]:
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
        ticks = [int(word) for word in words]
        # Neither idle nor waiting for a disk.
        every = (sum(ticks[:8]) - ticks[3] - ticks[4]) / TICKS
        own = os.times()
        return sum(map(cpu_of, self._pids)), own.user + own.system, every
