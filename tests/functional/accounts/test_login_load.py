"""Many concurrent logins on a real server: nobody else waits for their passwords."""

import http.client
import re
import threading
from urllib.parse import urlencode

LOGINS, OTHERS = 12, 16


def connection(server):
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)


def login_form(server):
    """Return the headers, and a function that returns the body, of a login that will be refused."""
    one = connection(server)
    one.request("GET", "/custom-admin/login/")
    answer = one.getresponse()
    token = re.search('name="csrf_token" value="([^"]+)"', answer.read().decode())[1]
    cookies = "; ".join(cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie"))
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    one.close()
    return headers, lambda name: urlencode(
        {"csrf_token": token, "username": name, "password": "wrong password"}
    )


def test_other_requests_do_not_wait_for_logins(live_server):
    headers, form = login_form(live_server)
    sent = threading.Barrier(LOGINS + 1)
    answered = []

    def sign_in(number):
        one = connection(live_server)
        one.request("POST", "/custom-admin/login/", form(f"name{number}"), headers)
        sent.wait(60)
        answered.append(one.getresponse().status)
        one.close()

    threads = [threading.Thread(target=sign_in, args=[number]) for number in range(LOGINS)]
    for thread in threads:
        thread.start()
    other = connection(live_server)
    sent.wait(60)
    for _ in range(OTHERS):  # each could have to wait for one login
        other.request("GET", "/health/")
        answer = other.getresponse()
        answer.read()
        assert answer.status == 200
    logins_before = len(answered)
    other.close()
    for thread in threads:
        thread.join(300)
    assert logins_before < LOGINS
    assert answered == [422] * LOGINS
    failed = "Failed sign-in as an unknown name from "
    assert live_server.log.read_text().count(failed) == LOGINS
