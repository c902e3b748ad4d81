"""Which listeners an event wakes, and the format of hints between processes."""

import pytest

from livechat.realtime import hub as hub_module
from livechat.realtime.hints import Changed, Typing, decode, encode, split
from livechat.realtime.hub import EVERYTHING, Hub


@pytest.fixture
def hub():
    return Hub()


def woken(listener):
    """Return whether something has arrived, without waiting."""
    return listener.wait(0)


def test_a_listener_is_woken_for_its_session_only(hub):
    mine, other = hub.listen(7), hub.listen(8)
    hub.tell(Changed((7,)))
    assert (woken(mine), mine.urgent) == (True, True)
    assert (woken(other), other.urgent) == (False, False)
    assert not woken(mine)  # news is returned once


def test_a_listener_to_everything_is_told_the_sessions(hub):
    desk = hub.listen(EVERYTHING)
    hub.tell(Changed((7, 8)))
    hub.tell(Changed((8, 9)))
    assert woken(desk)
    assert (desk.stirred, desk.urgent) == (True, False)
    assert desk.take_changed() == ({7, 8, 9}, False)
    assert desk.take_changed() == (set(), False)


def test_a_listener_to_one_session_and_everything_is_told_the_session(hub):
    both = hub.listen(7, everything=True)
    hub.tell(Changed((8,)))
    assert (both.urgent, both.stirred) == (False, True)
    hub.tell(Changed((7,)))
    assert both.urgent


def test_typing_goes_to_its_session_only(hub):
    mine, desk = hub.listen(7), hub.listen(EVERYTHING)
    hub.tell(Typing(7, None, True))
    assert (woken(mine), list(mine.typing)) == (True, [Typing(7, None, True)])
    assert not woken(desk)


def test_only_the_newest_typing_events_are_kept(hub):
    mine = hub.listen(7)
    for n in range(100):
        hub.tell(Typing(7, n + 1, True))
    assert len(mine.typing) == hub_module.MOST_TYPING
    assert mine.typing[-1].admin_id == 100


def test_more_changes_than_are_remembered_are_an_overrun(hub, monkeypatch):
    monkeypatch.setattr(hub_module, "MOST_CHANGED", 3)
    desk = hub.listen(EVERYTHING)
    for n in range(1, 10):
        hub.tell(Changed((n,)))
    changed, overrun = desk.take_changed()
    assert overrun
    assert len(changed) == 3
    hub.tell(Changed((1,)))
    assert desk.take_changed() == ({1}, False)


def test_a_listener_that_leaves_hears_nothing_and_is_forgotten(hub):
    mine = hub.listen(7, everything=True)
    assert hub.listened_to()
    hub.forget(mine)
    hub.forget(mine)
    hub.tell(Changed((7,)))
    assert not woken(mine)
    assert not hub.listened_to()


def test_waking_one_listener_and_all(hub):
    mine, other = hub.listen(7), hub.listen(8)
    hub.wake(7)
    assert (mine.urgent, mine.overrun, other.urgent) == (True, False, False)
    hub.wake_all()
    assert (other.urgent, other.overrun) == (True, True)


def test_closing_the_hub_ends_present_and_future_listeners(hub):
    mine = hub.listen(7)
    hub.close()
    assert (woken(mine), mine.ended) == (True, True)
    assert hub.listen(8).ended


@pytest.mark.parametrize(
    "hint",
    [
        Changed((1,)),
        Changed((12, 15, 999999999)),
        Typing(9, 7, True),
        Typing(9, 7, False),
        Typing(9, None, True),
    ],
)
def test_a_hint_survives_encoding_and_decoding(hint):
    assert decode(encode(hint)) == hint
    assert encode(hint).isascii()


@pytest.mark.parametrize(
    "nonsense",
    [
        *("", "s", "s,", "s1,", "s,1", "s-1", "s1 ", " s1", "s1\n", "x1", "S1", "s1,,2", "s1.5"),
        *("t", "t1", "t1:2", "t1:2:3", "t1:2:", "t:2:1", "t1:2:1:1", "t1:2:true", "s" + "9" * 10),
        *("s١", "t٣:1:1", "s1;DROP", '{"s":1}', "\x00", "s" * 9000),
    ],
)
def test_an_invalid_hint_is_ignored(nonsense):
    assert decode(nonsense) is None


def test_many_sessions_are_split_into_hints_that_fit_every_channel():
    ids = range(999_990_000, 999_991_234)
    hints = split(ids)
    assert [number for hint in hints for number in hint.session_ids] == list(ids)
    # PostgreSQL's NOTIFY takes less than 8,000 bytes, including the sender in front.
    assert all(len(encode(hint)) < 7900 for hint in hints)
    assert split([]) == []
