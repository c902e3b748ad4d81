"""What livechat relies on in the `limits` library: it cleans up by a timer whose pace we set."""

import threading

import pytest

from livechat.web import limit_storage
from livechat.web.limit_storage import CalmStorage


@pytest.fixture
def started(monkeypatch):
    """The clean-ups started so far; each finishes at once."""
    threads = []
    monkeypatch.setattr(threading.Timer, "start", lambda timer: threads.append(timer))
    monkeypatch.setattr(threading.Timer, "is_alive", lambda _timer: False)
    return threads


def test_many_counts_start_one_clean_up(started):
    storage = CalmStorage()
    for number in range(100):
        storage.incr(f"key {number}", 60)
    assert len(started) <= 1


def test_clean_ups_keep_their_pace(started, monkeypatch):
    monkeypatch.setattr(limit_storage, "PACE", 0.0)
    storage = CalmStorage()
    for number in range(3):
        storage.incr(f"key {number}", 60)
    assert len(started) >= 2
    assert all(thread.daemon for thread in started)


def test_a_clean_up_removes_what_has_expired():
    storage = CalmStorage()
    storage.incr("old", -1)
    storage.incr("new", 60)
    storage._MemoryStorage__expire_events()
    assert storage.get("old") == 0
    assert storage.get("new") == 1
    storage.timer._timer.cancel()
