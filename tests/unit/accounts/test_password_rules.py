"""Which passwords are hard enough to guess, and that judging one takes a bounded time."""

import threading
import time

import pytest

from livechat.accounts import password_rules
from livechat.exceptions import Invalid

KNOWN = ("anna", "Anna Antwort", "anna.berg@shop.example", "Amber & Oak")


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "12345678",
        "password123!",
        "P@ssw0rd1",
        "qwertyuiop",
        "Summer2026!",
        "aaaaaaaaaaaaaaaa",
        "a" * 1000,
        "password" * 20,
        "abcdefgh",
        "31.01.1990",
        # What is known of the account and the shop
        "anna1234",
        "annaantwort",
        "Anna Antwort",
        "ANNAANTWORT2026",
        "antwortantwort",
        "trowtna2020",
        "anna.berg@shop.example",
        "shop.example1",
        "amberoak1",
        "livechat",
        "livechat2026!",
        "4nn44ntw0rt",
    ],
)
def test_what_is_guessed_first_is_refused_with_what_to_do(password):
    with pytest.raises(Invalid) as refused:
        password_rules.check(password, *KNOWN)
    assert refused.value.field == "password"
    assert "too easy to guess" in refused.value.message
    assert "Use four unrelated words" in refused.value.message


@pytest.mark.parametrize(
    "password",
    [
        "a few words in a row",
        "another password",
        "Äpfel und Birnen",
        "k7Fq-29zP",
        "anna blue lamp 42 norway",  # a name of one's own does no harm to the rest
        "korrektes Pferd Batterie",
        "kettle orbit nine maple " * 40,
    ],
)
def test_what_is_hard_to_guess_is_taken(password):
    assert password_rules.check(password, *KNOWN) == password
    assert password_rules.check(password) == password


def test_a_suggestion_is_taken_and_never_the_same():
    made = {password_rules.suggestion() for _ in range(20)}
    assert len(made) == 20
    for password in made:
        password_rules.check(password, *KNOWN)


def test_what_one_person_is_called_does_not_count_for_another():
    """Two threads judge at the same time; neither sees the names of the other."""
    wrong = []

    def judge(password, *known):
        for _ in range(30):
            try:
                password_rules.check(password, *known)
            except Invalid as refused:
                wrong.append((password, refused))

    threads = [
        threading.Thread(target=judge, args=("zebrafink-tal", "otto")),
        threading.Thread(target=judge, args=("otto-birkenau", "zebrafink", "zebrafink-tal")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_only_so_much_of_a_long_password_is_judged():
    worst = "4@8({[<3691!|05$7+%2" * 50
    began = time.thread_time()
    password_rules.check(worst[: password_rules.LONGEST_PASSWORD], "x" * 254, "y" * 100)
    # The whole of it would take hours.
    assert time.thread_time() - began < 30
