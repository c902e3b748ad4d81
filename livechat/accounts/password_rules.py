"""Which passwords are strong enough, and the reason when one is not.

A password is refused when zxcvbn (Daniel Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security
2016) needs fewer than 10^8 guesses for it: its score is then below 3, "safely unguessable". Words that an attacker
knows already, such as the name of the account or the shop, add nothing. Passwords set before this rule keep working.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from decimal import Decimal

from translationstring import TranslationStringFactory

from ..exceptions import Invalid
from .passwords import LONGEST_PASSWORD, StrongPassword, pool

SHORTEST_PASSWORD = 8  # characters
LEAST_SCORE = 3
"""On zxcvbn's scale of 0 to 4."""
JUDGED = 40
"""Characters that are judged. The time grows with the square of the length. The worst text consists of characters
that can replace letters ("4@8({[<"): 40 of them take a second, 72 take three. Usual passwords take 2 ms."""
_SHORTEST_WORD = 3  # shorter ones are part of too many other words to be left out
_GROUPS, _GROUP = 4, 4
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that look alike

_ = TranslationStringFactory("livechat")
# Whole sentences, so that they can be translated.
_TOO_SHORT = _("Use at least 8 characters. Try a short phrase.")
_TOO_LONG = _("Use at most 1,000 characters.")
_OWN = _(
    "This password is too easy to guess: it contains your name, your email or the name of the shop. "
    "Use four unrelated words or a password manager."
)
_COMMON = _(
    "This password is too easy to guess: it is a common word or password, with or without a number. "
    "Use four unrelated words or a password manager."
)
_PATTERN = _(
    "This password is too easy to guess: it is a repetition, a date, or a row of letters or keys such as abcd. "
    "Use four unrelated words or a password manager."
)


def check(password: str, *known: str | None) -> StrongPassword:
    """Accept a new password. This may take a second: on the event loop use `check_in_pool`.

    `known`: what an attacker knows about the account and the shop: username, name, e-mail address, name of the shop.
    Raises Invalid, with a sentence that tells the user what to do.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid("password", _TOO_SHORT)
    if len(password) > LONGEST_PASSWORD:
        raise Invalid("password", _TOO_LONG)
    text = unicodedata.normalize("NFKC", password)
    words = known_words(*known)
    rest = _without(text, words)
    score, pattern = _judge(rest[:JUDGED], words)
    if score < LEAST_SCORE:
        usual = _COMMON if pattern in {"dictionary", "bruteforce"} else _PATTERN
        raise Invalid("password", _OWN if rest != text else usual)
    return StrongPassword(password)


def check_in_pool(password: str, *known: str | None) -> StrongPassword:
    """Run `check` in the pool that hashes passwords. The caller holds a place in it."""
    return pool.run(lambda: check(password, *known))


def known_words(*known: str | None) -> list[str]:
    """Return the words of these texts that add nothing to a password: each text, its parts, and the parts joined,
    longest first. ``Anna Berg`` gives ``anna berg``, ``annaberg``, ``anna`` and ``berg``."""
    found = {"livechat"}
    for text in filter(None, known):
        folded = unicodedata.normalize("NFKC", text).casefold()
        parts = re.findall(r"[^\W_]+", folded)
        found |= {folded, "".join(parts), *parts}
    return sorted((word for word in found if len(word) >= _SHORTEST_WORD), key=len, reverse=True)


def suggestion() -> str:
    """Return a random password that is easy to read and type, of 79 bits: ``k7tm-x3hp-w9qd-c4vn``."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _without(text: str, words: list[str]) -> str:
    return re.sub("|".join(map(re.escape, words)), "", text, flags=re.IGNORECASE)


def _judge(text: str, words: list[str]) -> tuple[int, str]:
    """Return zxcvbn's score and the pattern that covers most of the text."""
    # The import reads large word lists, which most processes never need.
    from zxcvbn.matching import (  # noqa: PLC0415
        RANKED_DICTIONARIES,
        build_ranked_dict,
        omnimatch,
    )
    from zxcvbn.scoring import most_guessable_match_sequence  # noqa: PLC0415
    from zxcvbn.time_estimates import guesses_to_score  # noqa: PLC0415

    if not text:
        return 0, ""
    # The library's public function writes one user's words into dictionaries that all threads share.
    dictionaries = {**RANKED_DICTIONARIES, "own": build_ranked_dict(words)}
    result = most_guessable_match_sequence(text, omnimatch(text, dictionaries))
    longest = max(result["sequence"], key=lambda match: len(match["token"]))
    return guesses_to_score(Decimal(result["guesses"])), longest["pattern"]
