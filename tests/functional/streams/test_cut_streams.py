"""A stream that is cut at any byte: a reader who resumes with the last id received misses nothing."""

import json

import pytest

COUNT = 41


def received(raw):
    """Return (events, last id) of some bytes, parsed as the HTML standard says: an event counts with its empty line."""
    events, last = [], None
    *blocks, _rest = raw.split(b"\n\n")
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line)
        last = fields.get("id", last)
        if "event" in fields:
            events.append((fields["event"], json.loads(fields["data"])))
    return events, last


def messages_of(events):
    return [data["seq"] for name, data in events if name == "message"]


@pytest.fixture
def sides(customer, admin):
    """Arguments of `listens` for the customer's conversation, as the customer and as an admin."""
    return {"customer": (customer,), "admin": (admin, admin.number_of(customer))}


@pytest.mark.parametrize("side", ["customer", "admin"])
def test_a_backlog_cut_after_any_byte_is_complete_after_resuming(customer, sides, listens, side):
    for number in range(2, COUNT + 1):
        customer.sends(f"message {number} ✓")
    reader = sides[side]
    stream = listens(*reader)
    stream.hears(f"message {COUNT} ✓")
    stream.close()
    newest = received(stream.raw)[1]
    rests = {}
    for cut in range(len(stream.raw) + 1):
        events, last = received(stream.raw[:cut])
        if last not in rests:
            going_on = listens(*reader, since=last)
            going_on.next("session")
            if last != newest:
                going_on.next("message", lambda message: message["seq"] == COUNT)
            going_on.close()
            assert not going_on.all("reset")
            rests[last] = messages_of(received(going_on.raw)[0])
        assert messages_of(events) + rests[last] == list(range(1, COUNT + 1)), cut
    assert len(rests) == COUNT + 2  # with no id, with the session's, and with each message's


@pytest.mark.parametrize("side", ["customer", "admin"])
def test_an_id_never_decreases_and_never_exceeds_what_was_sent(
    customer, admin, sides, listens, side
):
    stream = listens(*sides[side])
    stream.hears("hello")
    customer.sends("two")
    stream.hears("two")
    admin.closes(1)
    stream.next("session", lambda session: session["status"] == "closed")
    stream.close()
    sent = 0
    for event in stream.events:
        sent = event.data["seq"] if event.name == "message" else sent
        if event.id is not None:
            assert int(event.id[1:].partition(".")[0]) == sent


def test_a_list_cut_after_any_byte_is_complete_after_resuming(new_customer, admin, listens):
    people = [new_customer() for _ in range(6)]
    for one in people:
        one.starts("hello")
    cursor = admin.dashboard(status="waiting").json["cursor"]
    for one in people:
        one.sends("missed")
    for number in (1, 2):  # they leave the filter
        admin.takes(number)
    everything = {number: "gone" if number < 3 else "session" for number in range(1, 7)}
    stream = listens(admin, status="waiting", since=cursor)
    stream.next("counts")
    stream.close()
    rests = {}
    for cut in range(len(stream.raw) + 1):
        events, last = received(stream.raw[:cut])
        last = last or cursor
        if last not in rests:
            going_on = listens(admin, status="waiting", since=last)
            going_on.next("counts")
            going_on.close()
            assert not going_on.all("reset")
            rests[last] = {e.data["number"]: e.name for e in going_on.events if e.name in KINDS}
        told = {data["number"]: name for name, data in events if name in KINDS}
        assert told | rests[last] == everything, cut


KINDS = {"session", "gone"}


def test_an_id_of_the_list_does_not_cover_changes_its_reader_has_not_been_told(
    customer, new_customer, admin, listens, wsgi, monkeypatch
):
    """The hint of one conversation comes late: the id of another one's event must not be past it."""
    hub = wsgi.registry["livechat.realtime"].hub
    other = new_customer()
    other.starts("quiet")
    mine, late = admin.number_of(customer), admin.number_of(other)
    stream = listens(admin)
    stream.next("counts")
    tell, kept = hub.tell, []

    def tells_late(hint):
        (kept.append if late in getattr(hint, "session_ids", ()) else tell)(hint)

    monkeypatch.setattr(hub, "tell", tells_late)
    monkeypatch.setattr(wsgi.registry["livechat.realtime"].wakeup.sweep, "look", lambda: (set(), 0))
    other.sends("its hint is late")
    customer.sends("its hint is not")
    told = stream.next("session", lambda session: session["number"] == mine)
    stream.close()
    assert late not in {data["number"] for data in stream.all("session")}
    going_on = listens(admin, since=told.id or "l0")
    going_on.next("session", lambda session: session["number"] == late)
