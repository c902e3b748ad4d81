"""Passwords: hashing and verifying them, in a bounded number of threads that hold up nobody else.

Argon2 is slow on purpose and takes much memory. On the event loop one hash stops everybody for a fifth of a second;
without a bound, a burst of logins takes all cores and gigabytes. So all hashing goes through `pool`: few threads,
a short queue, and a refusal (503) when the queue is full.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NewType, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from translationstring import TranslationStringFactory

from ..exceptions import Busy
from ..gevent_support import is_patched

_ = TranslationStringFactory("livechat")
T = TypeVar("T")
StrongPassword = NewType("StrongPassword", str)
"""A password that `password_rules.check` has let through. What stores a password takes no other."""
PasswordHash = NewType("PasswordHash", str)
"""The hash of a password. What stores a password takes no other text."""

LONGEST_PASSWORD = 1000  # characters
WAITING = 32  # who may wait for a thread: some three seconds of work for two cores
KEPT_FREE = 8  # of these places, for those who are no strangers
NICENESS = 5  # of the threads that hash: the event loop gets a core whenever it wants one

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


class Pool:
    """`threads` of our own for hashing, and a queue of at most `waiting` in front of them.

    The last `kept_free` places are for those who have shown that they are no strangers, so that guesses from
    everywhere cannot fill the queue for everybody. The pool shares nothing with gevent's own, in which transactions
    are committed: a burst of logins must not delay a message.
    """

    def __init__(self, threads: int, waiting: int, kept_free: int = 0) -> None:
        self._size = threads
        self._places = threading.BoundedSemaphore(threads + waiting)
        self._strangers = threading.BoundedSemaphore(threads + waiting - kept_free)
        self._turns = threading.Semaphore(threads)
        self._threads: Any = None

    @contextmanager
    def place(self, *, stranger: bool = False) -> Iterator[None]:
        """Take a place in the queue, for one or several calls of `run`. Raises Busy when there is none."""
        with ExitStack() as taken:
            for places in (self._strangers, self._places) if stranger else (self._places,):
                if not places.acquire(blocking=False):
                    raise Busy(
                        _("Too many people are signing in right now. Try again in a few seconds."),
                        retry_after=5,
                    )
                taken.callback(places.release)
            yield

    def run(self, work: Callable[[], T]) -> T:
        """Do slow work when a thread is free; returns what it returns. The caller holds a place."""
        with self._turns:
            # Where nothing is patched, a request has a real thread already, and Argon2 lets the others go on.
            return self._aside(work) if is_patched() else work()

    def _aside(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            from gevent.threadpool import ThreadPool  # noqa: PLC0415 - only where gevent serves

            self._threads = ThreadPool(self._size)
        # As a value: gevent prints the traceback of what a thread raises, and a refusal is nothing to print.
        result, refused = self._threads.apply(_in_the_background, (work,))
        if refused is not None:
            raise refused
        return result  # type: ignore[no-any-return]


def _in_the_background(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    if sys.platform == "linux":
        # Linux keeps a priority for each thread; elsewhere this would slow the whole process down.
        with contextlib.suppress(OSError):  # a process with a lower priority may not raise it
            if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:
                os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    try:
        return work(), None
    except Exception as error:
        return None, error


def _threads() -> int:
    """As many as leave the event loop a core, since each hash computes in several threads itself; at least one."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, (cores - 1) // _hasher.parallelism)


pool = Pool(_threads(), WAITING, KEPT_FREE)
"""Of the whole process: it protects the machine's cores and memory, which applications share."""


def hash_password(password: StrongPassword) -> PasswordHash:
    """An argon2id hash of a new password, computed in `pool`. Call it before a transaction begins, not within.

    Raises Busy when too many wait.
    """
    with pool.place():
        return hashed(password)


def hashed(password: str) -> PasswordHash:
    """An argon2id hash of a password that was checked before. The caller holds a place in `pool`."""
    text = unicodedata.normalize("NFKC", password)
    return PasswordHash(pool.run(lambda: _hasher.hash(text)))


def matches(stored: str | None, password: str) -> bool:
    """Whether a password has this hash. The caller holds a place in `pool`.

    Without a hash the answer is no, and takes as long as for a wrong password.
    """
    text = unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1])
    return pool.run(lambda: _verified(stored or _NOBODYS_HASH, text)) and stored is not None


def is_weak(stored: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(stored)


def _verified(stored: str, text: str) -> bool:
    try:
        return _hasher.verify(stored, text)
    except (VerificationError, InvalidHashError):
        return False


def _hash_of_nothing() -> str:
    """A hash in the form of ours that belongs to no password. Random bytes do, and cost no time to make."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


_NOBODYS_HASH = _hash_of_nothing()
