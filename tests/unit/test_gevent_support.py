"""What livechat relies on in gevent: its sockets wrap the operating system's, which never blocks."""

import _socket
import socket

import pytest
from gevent import socket as cooperative

from livechat.gevent_support import raw_socket


@pytest.fixture
def pair():
    one, other = cooperative.socketpair()
    yield one, other
    one.close()
    other.close()


def test_the_raw_socket_is_the_operating_systems_and_never_blocks(pair):
    one, other = pair
    raw = raw_socket(one)
    assert isinstance(raw, _socket.socket)
    assert raw.fileno() == one.fileno()
    with pytest.raises(BlockingIOError):
        raw.recv(1)
    other.sendall(b"x")
    assert raw.recv(1, socket.MSG_PEEK) == b"x"
