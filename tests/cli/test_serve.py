"""`livechat serve` as a process: it starts, prints its address, and ends cleanly."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from livechat.server import sockets as listening
from livechat.server.sockets import Address, CannotListen
from tests.factories import PASSWORD, Customer
from tests.server import Server, free_port
from tests.streams import EVENTS, Remote, open_stream, until

from .conftest import PATIENCE, Shell

PRODUCTION = """[app:main]
use = egg:livechat
livechat.database_url = sqlite:///%(here)s/chat.sqlite3
livechat.public_url = https://chat.example.com
livechat.secret = {secret}
[server:main]
use = egg:livechat
listen = 127.0.0.1:{port}
backlog = 5
"""
SECRET = "q8Zr3kP0vT7xY1bN5mL9sD2fG6hJ4wCa"


def lines(process: subprocess.Popen[str], count: int = 4) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        return int(response.status)


def test_a_newcomer_is_told_all_addresses(empty_shell: Shell) -> None:
    port = free_port()
    process = empty_shell.start("serve", "--port", port)
    shop, desk, way_in, stop = lines(process)
    assert shop == f"Demo shop   http://127.0.0.1:{port}/demo/"
    assert desk == f"Dashboard   http://localhost:{port}/custom-admin/chat/"
    link = re.search(rf"http://localhost:{port}/custom-admin/welcome/\?token=\S+$", way_in)
    assert link
    assert "Ctrl-C" in stop
    assert status(f"http://127.0.0.1:{port}/health") == 200
    assert status(f"http://localhost:{port}/health") == 200
    # Starting on the same port right after a kill.
    process.kill()
    process.wait(PATIENCE)
    empty_shell("admins", "passwd", "admin", "--password-stdin", input=PASSWORD)
    again = empty_shell.start("serve", PORT=str(port))
    told = lines(again)
    assert told[2] == "Sign in     as admin. To set a new password: livechat admins passwd admin"
    taken = empty_shell("serve", "--port", port)
    assert (taken.code, taken.out) == (1, "")
    assert f"Port {port} on 127.0.0.1 is already in use." in taken.err
    assert taken.err.count("\n") == 1
    again.send_signal(signal.SIGINT)
    assert again.wait(PATIENCE) == 130
    assert again.stderr is not None
    assert again.stderr.read() == "Stopped.\n"


def test_production_refuses_missing_settings_and_starts_with_them(
    empty_shell: Shell,
) -> None:
    ini = empty_shell.folder / "shop.ini"
    port = free_port()
    ini.write_text(PRODUCTION.format(secret="change me", port=port))
    refused = empty_shell("--config", "shop.ini", "serve")
    assert (refused.code, refused.out) == (1, "")
    assert "livechat.secret is still the sample value" in refused.err
    ini.write_text(PRODUCTION.format(secret=SECRET, port=port))
    empty = empty_shell("--config", "shop.ini", "serve")
    assert (empty.code, "Run: livechat --config shop.ini init" in empty.err) == (1, True)
    assert not (empty_shell.folder / "chat.sqlite3").exists()
    assert empty_shell("--config", "shop.ini", "init", "--no-admin").code == 0
    with sqlite3.connect(empty_shell.folder / "chat.sqlite3") as connection:
        (newest,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    old = empty_shell("--config", "shop.ini", "serve")
    assert (old.code, "Run: livechat --config shop.ini init" in old.err) == (1, True)
    connection.execute("UPDATE alembic_version SET version_num = ?", (newest,))
    connection.commit()
    connection.close()
    process = empty_shell.start("--config", "shop.ini", "serve")
    assert process.stderr is not None
    told = [process.stderr.readline() for _ in range(3)]
    assert "ignores backlog" in told[0]
    assert f"https://chat.example.com/custom-admin/chat/ (port {port} here)" in told[1]
    assert "livechat --config shop.ini admins add NAME --invite" in told[2]
    assert status(f"http://127.0.0.1:{port}/health") == 200
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert process.stdout is not None
    assert process.stdout.read() == ""


def test_the_sample_production_settings_are_refused_line_by_line(empty_shell: Shell) -> None:
    sample = Path(__file__).parents[2] / "production.ini"
    refused = empty_shell("--config", sample, "serve")
    assert refused.code == 1
    for name in ("public_url", "allowed_sites", "secret"):
        assert f"livechat.{name} is still the sample value" in refused.err


def test_an_unusable_address_is_reported(empty_shell: Shell) -> None:
    assert empty_shell("serve", "--port", "99999").code == 2
    assert empty_shell("serve", PORT="abc").code == 2
    for host in ("no.such.host.invalid", "203.0.113.9"):
        refused = empty_shell("serve", "--host", host)
        assert (refused.code, host in refused.err) == (1, True)


def test_addresses_of_an_ini_file() -> None:
    assert listening.addresses_in({}) == []
    assert listening.addresses_in({"listen": "127.0.0.1:80 [::1]:81 *:82 example.com:83"}) == [
        Address("127.0.0.1", 80),
        Address("::1", 81),
        Address("*", 82),
        Address("example.com", 83),
    ]
    assert listening.addresses_in({"host": "::1"}) == [Address("::1", 6543)]
    assert listening.addresses_in({"port": "8080"}) == [Address("127.0.0.1", 8080)]
    for wrong in ("localhost", "x:y", ":", "x:99999"):
        with pytest.raises(CannotListen, match="must look like"):
            listening.addresses_in({"listen": wrong})


def test_workers_of_an_ini_file() -> None:
    assert listening.workers_in({}) is None
    assert listening.workers_in({"workers": "4"}) == 4
    for wrong in ("0", "many", "-1"):
        with pytest.raises(CannotListen, match="workers"):
            listening.workers_in({"workers": wrong})


def test_localhost_is_one_port_on_every_loopback_address() -> None:
    sockets = listening.listen([Address("localhost", 0)])
    try:
        assert sockets[0].family == socket.AF_INET
        assert len({one.getsockname()[1] for one in sockets}) == 1
        with pytest.raises(CannotListen, match="in use"):
            listening.listen([Address("127.0.0.1", sockets[0].getsockname()[1])])
    finally:
        for one in sockets:
            one.close()


def test_a_stream_without_news_sends_heartbeats(
    new_server: Callable[..., Server],
) -> None:
    ann = Customer(Remote(new_server().start().port))
    ann.starts("hello")
    headers = {"Accept": EVENTS, **ann.who}
    stream = open_stream(ann.app.app, f"/chat/messages/{ann.id}/", headers)
    stream.hears("hello")
    until(lambda: stream.comments, within=15)
    ann.sends("still here")
    stream.hears("still here")
    stream.close()
