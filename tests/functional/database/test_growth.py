"""Client input takes bounded time and memory: links, patterns, caches, acts."""

import contextlib
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from pyramid import traversal

from livechat.conversation.mentions import names_in
from livechat.exceptions import Invalid
from livechat.realtime.bounded import OVERHEAD, Bounded
from livechat.realtime.poll_cache import ANSWERS_EACH, MemoryPollCache
from livechat.search.query import LONGEST_QUERY, parse, snippet
from livechat.settings import site_allowed

from ...factories import NOWHERE
from ..raw import ask

STATIC = Path(__file__).parents[3] / "livechat" / "static" / "common"
STEPS = """
import { readFileSync } from 'node:fs';
const source = (name) => readFileSync(`${process.argv[2]}/${name}.js`, 'utf8').replace(/^import .*$/gm, '');
globalThis.h = (tag, props, ...children) => ({ tag, ...props, text: children.join('') });
const load = (name, what) => import(`data:text/javascript,${encodeURIComponent(source(name) + what)}`);
const { linked } = await load('links', '');
const given = JSON.parse(process.argv[3]);
"""


def in_node(script, given):
    """Return what a script finds with the link finder, as JSON. Node has no page, so elements are plain objects."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not here; the browser tests look at links as well.")
    done = subprocess.run(
        [node, "--input-type=module", "-e", STEPS + script, "x", str(STATIC), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_links_end_where_the_address_ends():
    shown = {
        "See http://a.example/x.": ["http://a.example/x"],
        "(http://a.example/b(c))": ["http://a.example/b(c)"],
        "http://a.example/)))": ["http://a.example/"],
        "http://a.example/a)b)": ["http://a.example/a)b)"[:-1]],
        "http://a.example/(().": ["http://a.example/(()"],
        "http://a.example/!?… and https://b.example/*_*": [
            "http://a.example/",
            "https://b.example/",
        ],
        "http://": [],
        "https://[": [],
    }
    script = """
      const addresses = (text) => linked(text).filter((one) => one.href).map((one) => one.href);
      console.log(JSON.stringify(given.map(addresses)));
    """
    assert in_node(script, list(shown)) == list(shown.values())


@pytest.mark.parametrize("end", [")", ".", ").", "(", "http://a/)"])
def test_the_time_to_find_links_grows_linearly_with_the_text(end):
    # Far longer than a message can be: a quadratic algorithm takes minutes, a linear one milliseconds.
    script = """
      const time = (length) => {
        const text = 'http://a.example/x' + given.repeat(length / given.length);
        const begun = performance.now();
        linked(text);
        return performance.now() - begun;
      };
      const best = (length) => Math.min(...[1, 2, 3, 4, 5].map(() => time(length)));
      best(20000);
      console.log(JSON.stringify([best(20000), best(160000)]));
    """
    short, long = in_node(script, end)
    assert long < 30 * max(short, 0.5)  # eight times the text; quadratic would be 64 times as long


def best_of(work, *texts):
    """Return the least seconds a function takes for each text, so that other load on the machine does not count."""
    found = []
    for text in texts:
        times = []
        for _ in range(5):
            begun = time.process_time()
            work(text)
            times.append(time.process_time() - begun)
        found.append(min(times))
    return found


PATTERNS = {
    "mentions": (names_in, ["@a", "@", "@a.", "@@a", "a@"]),
    "snippets": (
        lambda text: snippet(text, parse("a b* c").terms),
        ["a ", "\u0300", "a\u0300", "_", "ab", " "],
    ),
    "sites": (
        lambda text: site_allowed(
            f"https://{text}", ("https://*.shop.example", "http://localhost:*")
        ),
        ["a.", "a", "-", "*.", "shop.example."],
    ),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_the_time_of_a_pattern_grows_linearly_with_the_text(name):
    work, pieces = PATTERNS[name]
    for piece in pieces:
        short, long = best_of(work, piece * (4000 // len(piece)), piece * (32_000 // len(piece)))
        assert long < 30 * max(short, 0.0005), piece


def test_a_search_query_is_cut_off_before_it_is_parsed():
    for piece in ("a:", "-", '"', "a", "tag:", ": "):
        (took,) = best_of(parse_quietly, piece * (LONGEST_QUERY // len(piece)))
        assert took < 0.1, piece


def parse_quietly(text):
    with contextlib.suppress(Invalid):
        parse(text)


HEADERS = {
    "Accept": [
        "text/html,",
        "a/b;q=0.1,",
        'a/b;x="y",',
        ",",
        ";",
        "a/b" + ";a=1" * 20 + ",",
        '"\\',
    ],
    "Accept-Encoding": ["gzip,", "gzip;q=0.1,", ",", " ;", "a"],
    "Cookie": ["a=b;", "a=", ";", '"', 'a="\\', "livechat_login=x;"],
    "Content-Type": ["a/b;", "application/json;charset=", ";", '"', '; a="\\', " "],
    "Authorization": ["Bearer ", "bearer  ", " ", "Bearer a"],
    "If-None-Match": ['"a",', "W/", '"', ","],
    "Origin": ["https://a.", "*", ":"],
    "X-Forwarded-For": ["1.1.1.1,", ",", "[::1]:"],
    "Last-Event-ID": ["c1.", "1", "c"],
    "Range": ["bytes=", "1-,", "-"],
    "If-Modified-Since": ["Mon, ", "1 ", "("],
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_time_of_a_request_grows_linearly_with_its_headers(wsgi, customer, name):
    path = f"/chat/messages/{customer.id}/"

    def work(value):
        ask(wsgi, "GET", path, b"", customer.who | {name: value})

    for piece in HEADERS[name]:
        work(piece)
        short, long = best_of(work, piece * (2000 // len(piece)), piece * (16_000 // len(piece)))
        assert long < 30 * max(short, 0.002), piece


# Caches


def test_a_bounded_cache_keeps_the_latest_entries():
    gone = []
    kept = Bounded(3 * (OVERHEAD + 10), lambda key, value: gone.append((key, value)))
    for key in "abc":
        kept.put(key, key.upper(), 10)
    assert kept.get("a") == "A"
    kept.put("d", "D", 10)
    assert gone == [("b", "B")]
    assert [kept.get(key) for key in "abcd"] == ["A", None, "C", "D"]
    kept.put("d", "E", 10)
    assert kept.size == 3 * (OVERHEAD + 10)
    kept.put("huge", "x", 10**9)
    assert kept.get("huge") is None
    kept.clear()
    assert (len(kept), kept.size) == (0, 0)


def test_headers_of_polls_do_not_stay_in_memory(wsgi, customer):
    known = wsgi.registry["livechat.realtime"].poll_cache
    if not isinstance(known, MemoryPollCache):
        pytest.skip("Nothing is remembered on PostgreSQL.")
    path, query = f"/chat/messages/{customer.id}/", f"after={customer.cursor}"
    for number in range(100):
        odd = {"Accept": "application/json;x=" + f"{number}" * 2000, "Origin": "http://localhost"}
        assert ask(wsgi, "GET", path, b"", customer.who | odd, query=query).status == 200
    assert len(known._answers) <= ANSWERS_EACH
    assert known._answers.size < ANSWERS_EACH * 10_000
    assert all(isinstance(key, bytes) and len(key) == 32 for key in known._asked[1])


def test_cached_answers_are_bounded_in_bytes(monkeypatch, boot):
    monkeypatch.setattr("livechat.realtime.poll_cache.MOST_ANSWERS", 20_000)
    known = MemoryPollCache(None)
    monkeypatch.setattr(known._outside, "look", lambda: None)
    for number in range(1000):
        known.keep_answer(number, number, b"x" * 1000, (("a", "b"),), 0)
    assert known._answers.size <= 20_000
    assert len(known._asked) == len(known._answers) < 20
    assert known.answer(999).body == b"x" * 1000
    known.forget([999])
    assert known.answer(999) is None


def test_addresses_do_not_stay_in_memory(wsgi, customer, admin, world):
    headers = world[2]
    ask(wsgi, "GET", "/chat/", b"", {})
    for path in (
        "/chat/start/p{}/",
        "/chat/{}/",
        f"/chat/send/{NOWHERE[:-6]}{{:06}}/",
        "/custom-admin/chat/{}9/",
        "/custom-admin/chat/x{}/",
        "/x{}/",
    ):
        before = len(traversal._segment_cache)
        for number in range(30):
            for method in ("GET", "POST"):
                ask(wsgi, method, path.format(number), b"{}", headers | {"Accept": "text/html"})
        assert len(traversal._segment_cache) <= before + 3, path


# Acts


def acts(customer):
    """Everything that a customer can do besides writing."""
    return {
        "close": lambda **how: customer.closes(**how),
        "reopen": lambda **how: customer.reopens(**how),
        "seen": lambda **how: customer.has_seen(1, **how),
        "typing": lambda **how: customer.posts("typing", {}, **how),
        "page": lambda **how: customer.posts("page", {"page": {"url": "http://a.example"}}, **how),
        "product": lambda **how: customer.starts(product="42", **{"status": 200} | how),
    }


@pytest.mark.parametrize("name", ["close", "reopen", "seen", "typing", "page", "product"])
def test_every_act_of_a_guest_is_counted(boot, new_customer, name):
    ann = new_customer(boot(limit_guest_acts="3/day"))
    ann.starts("hello")
    act = acts(ann)[name]
    for _ in range(3):
        act()
    refused = act(status=429)
    assert refused.json["error"]["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) > 0
    ann.sends("writing goes on", status=409 if name == "close" else 201)
    ann.reads()
    bob = new_customer(ann.app.app)
    bob.starts("hello")
    acts(bob)[name]()


def test_acts_are_counted_by_network_too(boot, new_customer):
    wsgi = boot(limit_network_acts="4/day")
    people = [new_customer(wsgi) for _ in range(5)]
    for each in people:
        each.starts("hello")
    for each in people[:4]:
        each.has_seen(1)
    people[4].has_seen(1, status=429)


def test_acts_of_admins_are_counted_too(boot, new_admin, new_customer):
    wsgi = boot(limit_guest_acts="3/day")
    new_customer(wsgi).starts("hello")
    anna = new_admin("anna", "Anna", wsgi)
    for _ in range(3):
        anna.has_seen(1, 1)
    anna.has_seen(1, 1, status=429)
    anna.posts(1, "typing", {}, status=429)
    anna.sends(1, "answering goes on")


def test_a_refused_act_uses_up_nothing(boot, new_customer):
    wsgi = boot(limit_guest_acts="2/day")
    ann, eve = new_customer(wsgi), new_customer(wsgi)
    ann.starts("hello")
    eve.starts("hello")
    for _ in range(5):
        eve.app.post_json(f"/chat/close/{ann.id}/", {}, headers=eve.who, status=404)
    ann.closes()


def test_every_view_that_changes_something_is_counted(wsgi):
    """A view may opt out only by naming the limit that it counts for."""
    opted_out = {
        item["introspectable"].title
        for item in wsgi.registry.introspector.get_category("views")
        if item["introspectable"].get("counts")
    }
    assert {re.sub(r"<.*|.*views\.", "", title) for title in opted_out} <= {
        "customer.send",
        "desk.conversation.send",
        "desk.conversation_acts.note",
    }
