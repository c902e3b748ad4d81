"""Invalid forms: odd multipart, odd charsets, bytes that are no text, too much data."""

import pytest

from ..raw import ask, said
from ..urls import POSTS

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024
MULTIPART = {
    "a token as a file": b'--x\r\nContent-Disposition: form-data; name="csrf_token"; filename="a"\r\n'
    b"\r\nabc\r\n--x--\r\n",
    "a field as a file": b'--x\r\nContent-Disposition: form-data; name="body"; filename="a"\r\n'
    b'\r\nabc\r\n--x\r\nContent-Disposition: form-data; name="client_id"; filename="b"\r\n\r\n1\r\n--x--\r\n',
    "no end": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nabc',
    "no name": b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n",
    "no head": b"--x\r\n\r\nabc\r\n--x--\r\n",
    "an odd encoding": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Transfer-Encoding: bogus\r\nContent-Type: text/plain; charset=bogus\r\n\r\n\xff\r\n--x--\r\n",
    "base64": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n",
    "a part in a part": b'--x\r\nContent-Disposition: form-data; name="body"\r\n'
    b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nz\r\n--y--\r\n--x--\r\n",
    "not UTF-8": b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    "a length": b'--x\r\nContent-Length: 9999999\r\nContent-Disposition: form-data; name="body"\r\n'
    b"\r\nabc\r\n--x--\r\n",
    "a length of nonsense": b"--x\r\nContent-Length: -7x\r\n"
    b'Content-Disposition: form-data; name="body"\r\n\r\nabc\r\n--x--\r\n',
    "nothing": b"",
}
FORMS = [b"body=%ff", b"%ff=1", b"body=%00", b"&&&=", b"body", b"=", b"a=1;b=2", b"\xff\xfe\x00"]
FORMS += [
    b"a=1&" * 10_000,
    b"csrf_token=%ff",
    b"next=%ff&username=a",
    b"token=%ff",
    b"_LOCALE_=%ff",
]
CHARSETS = [
    "bogus",
    "utf-16",
    "utf-7",
    "unicode_escape",
    "idna",
    "base64",
    "rot13",
    "\xff",
    "utf-8",
]


def test_a_form_that_is_too_large_is_413_too(world):
    wsgi, where, headers = world
    body = b"client_id=1&body=" + b"x" * LARGEST
    path = f"/custom-admin/chat/{where['number']}/send/"
    answer = ask(wsgi, "POST", path, body, headers | {"Content-Type": FORM})
    assert answer.status == 413


@pytest.mark.parametrize("accept", [JSON, "text/html"])
def test_invalid_forms_never_break_anything(world, accept):
    wsgi, where, headers = world
    for address in POSTS:
        sent = {"Accept": accept} | (
            headers if address.path.startswith("/custom-admin/chat") else {}
        )
        for boundary in ("; boundary=x", "; boundary=", "", "; boundary=\xff", '; boundary="'):
            bodies = MULTIPART.items() if boundary == "; boundary=x" else [*MULTIPART.items()][:2]
            for name, body in bodies:
                kind = {"Content-Type": "multipart/form-data" + boundary}
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, boundary, name, answer.body)
        for body in FORMS:
            for kind in ({"Content-Type": FORM}, {"Content-Type": ""}):
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, kind, body[:50], answer.body)
        for charset in CHARSETS:
            for body in (b"username=%5Cud800&password=%5Cud800", b"username=+2AA-&password=+2AA-"):
                kind = {"Content-Type": f"{FORM}; charset={charset}"}
                answer = ask(wsgi, "POST", address.at(**where), body, sent | kind)
                assert answer.status < 500, (address.path, charset, body[:50], answer.body)


def test_a_form_that_is_no_text_is_400(world):
    wsgi, where, headers = world
    path = f"/custom-admin/chat/{where['number']}/send/"
    for body in (b"body=%ff&client_id=1", b"%ff=1", b"body=%00&client_id=1"):
        answer = ask(wsgi, "POST", path, body, headers | {"Content-Type": FORM, "Accept": JSON})
        assert answer.status == 400, body
        assert said(answer) == "bad_request"
