"""Hashing and verifying passwords, in a bounded number of threads that block nobody else.

Argon2 is slow and uses much memory on purpose. On the event loop, one hash blocks every client for a fifth of a
second; without a bound, a burst of logins takes all cores and gigabytes. So all hashing goes through `pool`: few
threads, a short queue, and a refusal (503) when the queue is full.
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
"""A password that `password_rules.check` has accepted. Only such a password can be hashed for storage."""
PasswordHash = NewType("PasswordHash", str)
"""The hash of a password. Only such a text can be stored as a password."""

LONGEST_PASSWORD = 1000  # characters
WAITING = 32  # requests that may wait for a thread: some three seconds of work for two cores
KEPT_FREE = 8  # places in the queue that are reserved for browsers that have signed in before
NICENESS = 5  # of the hashing threads, so that the event loop gets a core whenever it needs one

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile


class Pool:
    """`threads` threads for hashing, and a queue of at most `waiting` requests in front of them.

    The last `kept_free` places are reserved for requests that are not from strangers, so distributed guesses cannot
    fill the queue for everybody. The pool is separate from gevent's own, in which transactions are committed: a burst
    of logins must not delay a message.
    """

    def __init__(self, threads: int, waiting: int, kept_free: int = 0) -> None:
        self._size = threads
        self._places = threading.BoundedSemaphore(threads + waiting)
        self._strangers = threading.BoundedSemaphore(threads + waiting - kept_free)
        self._turns = threading.Semaphore(threads)
        self._threads: Any = None

    @contextmanager
    def place(self, *, stranger: bool = False) -> Iterator[None]:
        """Take a place in the queue, for one or several calls of `run`. Raises Busy when the queue is full."""
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
        """Run slow work as soon as a thread is free; returns its result. The caller holds a place."""
        with self._turns:
            # Without gevent, a request already has a real thread, and Argon2 releases the GIL.
            return self._run_in_thread(work) if is_patched() else work()

    def _run_in_thread(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            from gevent.threadpool import ThreadPool  # noqa: PLC0415 - only where gevent serves

            self._threads = ThreadPool(self._size)
        # The exception comes back as a value: gevent prints the traceback of one raised in a thread.
        result, refused = self._threads.apply(_niced, (work,))
        if refused is not None:
            raise refused
        return result  # type: ignore[no-any-return]


def _niced(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    if sys.platform == "linux":
        # Linux has a priority for each thread; elsewhere this would slow down the whole process.
        with contextlib.suppress(OSError):  # a process with a lower priority may not raise it
            if os.getpriority(os.PRIO_PROCESS, 0) < NICENESS:
                os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    try:
        return work(), None
    except Exception as error:
        return None, error


def _threads() -> int:
    """Leave the event loop a core, since each hash computes in several threads; at least one."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, (cores - 1) // _hasher.parallelism)


pool = Pool(_threads(), WAITING, KEPT_FREE)
"""One for the process, because all its applications share the machine's cores and memory."""


def hash_password(password: StrongPassword) -> PasswordHash:
    """Return the argon2id hash of a new password, computed in `pool`. Call it before a transaction begins.

    Raises Busy when the queue is full.
    """
    with pool.place():
        return hashed(password)


def hashed(password: str) -> PasswordHash:
    """Return the argon2id hash of a password that was checked before. The caller holds a place in `pool`."""
    text = unicodedata.normalize("NFKC", password)
    return PasswordHash(pool.run(lambda: _hasher.hash(text)))


def matches(stored: str | None, password: str) -> bool:
    """Return whether a password has this hash. The caller holds a place in `pool`.

    Without a hash the result is False, after the same time as for a wrong password.
    """
    text = unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1])
    return pool.run(lambda: _verified(stored or _NOBODYS_HASH, text)) and stored is not None


def is_weak(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _verified(stored: str, text: str) -> bool:
    try:
        return _hasher.verify(stored, text)
    except (VerificationError, InvalidHashError):
        return False


def _hash_of_nothing() -> str:
    """A hash in our format that no password has. It is made of random bytes, which takes no time."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (_hasher.salt_len, _hasher.hash_len)
    )
    costs = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${salt}${digest}"


_NOBODYS_HASH = _hash_of_nothing()
