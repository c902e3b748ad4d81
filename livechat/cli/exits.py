"""How commands end: exit codes, and the exception that carries a sentence."""

from __future__ import annotations

import os
import sys

DONE, FAILED, INTERRUPTED = 0, 1, 130


class Failed(Exception):
    """A command cannot do what was asked. The message is the sentence for the user."""


def reader_went_away() -> int:
    """Discard further output, because its reader has ended (``| head``); returns the exit code.

    Python's own flush at exit then fails no more.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return DONE
