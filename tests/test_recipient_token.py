"""Tokens of recipients: what one says, and that nobody else makes one."""

from __future__ import annotations

import random
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.recipient_token import LENGTH, MAX_NUMBER, Whom, make, read

KEY, OTHER = b"k" * 32, b"o" * 32
NUMBERS = st.integers(0, MAX_NUMBER)


@given(NUMBERS, NUMBERS)
def test_a_token_says_what_it_was_made_for(mailing: int, number: int) -> None:
    """Whatever the numbers are, they come back, with the key that signs and with one that signed before."""
    token = make(KEY, mailing, number)
    assert re.fullmatch(f"[A-Za-z0-9_-]{{{LENGTH}}}", token)
    assert read([KEY], token) == read([OTHER, KEY], token) == Whom(mailing, number)
    assert read([OTHER], token) is None
    assert read([], token) is None


@given(st.integers(0, LENGTH - 1), st.characters())
def test_another_letter_makes_another_token(at: int, letter: str) -> None:
    """A token with one letter changed says nothing, wherever it is: in the signature or in the numbers."""
    token = make(KEY, 7, 12)
    changed = token[:at] + letter + token[at + 1 :]
    assert (read([KEY], changed) is None) == (changed != token)


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    """What is no token at all is answered like a wrong one."""
    assert read([KEY], text) is None


@pytest.mark.parametrize("text", ["", "=", "A" * 31, "A" * 33, make(KEY, 1, 2) + "\n", " " + make(KEY, 1, 2), "é" * 32])
def test_nothing_may_stand_around_it(text: str) -> None:
    """Blanks, line ends and further letters are not overlooked."""
    assert read([KEY], text) is None


def test_guessing_finds_nobody() -> None:
    """100,000 tokens made at random and 20,000 that are a right one but for one bit are all told nothing."""
    chance = random.Random(7)
    guesses = [urlsafe_b64encode(chance.randbytes(24)).decode() for _ in range(100_000)]
    for number in range(20_000):
        octets = bytearray(urlsafe_b64decode(make(KEY, 7, number)))
        octets[chance.randrange(24)] ^= 1 << chance.randrange(8)
        guesses.append(urlsafe_b64encode(octets).decode())
    assert len(set(guesses)) == 120_000
    assert not any(read([KEY], one) for one in guesses)


def test_a_token_ends_in_a_letter() -> None:
    """Mail programs leave `_` and `-` out of an address that ends in them; none of 16 million mailings does."""
    assert {make(KEY, mailing, 2**32 - 1)[-1] for mailing in (1, 2**16, 2**24 - 1)} == {"A"}


@pytest.mark.parametrize(("mailing", "number"), [(-1, 0), (0, -1), (MAX_NUMBER + 1, 0), (0, MAX_NUMBER + 1)])
def test_what_does_not_fit_is_refused(mailing: int, number: int) -> None:
    """No number is cut off: it would be somebody else's."""
    with pytest.raises(ValueError, match="does not fit into a token"):
        make(KEY, mailing, number)
