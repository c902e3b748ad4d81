"""Password rules: which passwords are accepted, and that judging one takes a bounded time."""

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
        # Words known from the account and the shop
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
def test_easily_guessed_passwords_are_refused_with_advice(password):
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
        "anna blue lamp 42 norway",  # the user's name in it does not weaken the other words
        "korrektes Pferd Batterie",
        "kettle orbit nine maple " * 40,
    ],
)
def test_strong_passwords_are_accepted(password):
    assert password_rules.check(password, *KNOWN) == password
    assert password_rules.check(password) == password


def test_suggestions_are_accepted_and_differ():
    made = {password_rules.suggestion() for _ in range(20)}
    assert len(made) == 20
    for password in made:
        password_rules.check(password, *KNOWN)


def test_one_persons_names_do_not_count_for_another():
    """Two threads judge at the same time; neither uses the other's known words."""
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


def test_only_the_beginning_of_a_long_password_is_judged():
    worst = "4@8({[<3691!|05$7+%2" * 50
    began = time.thread_time()
    password_rules.check(worst[: password_rules.LONGEST_PASSWORD], "x" * 254, "y" * 100)
    # Judging all of it would take hours.
    assert time.thread_time() - began < 30
