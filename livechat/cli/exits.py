"""How commands end: exit codes, and the failure that carries a sentence."""

from __future__ import annotations

import os
import sys

DONE, FAILED, INTERRUPTED = 0, 1, 130


class Failed(Exception):
    """A command cannot do what was asked. The text is the sentence for the person who asked."""


def reader_went_away() -> int:
    """Who read our output has seen enough (``| head``): end quietly, also when Python flushes at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return DONE
