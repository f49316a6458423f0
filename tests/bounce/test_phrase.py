"""Words of texts, and phrases of rules."""

from __future__ import annotations

import pytest

from postduif.bounce.phrase import Phrase, words


def fits(phrase: str, text: str) -> bool:
    return Phrase.read(phrase).fits(f" {' '.join(words(text))} ")


def test_words() -> None:
    """Small letters, no accents, no punctuation; an address is one word; a sentence has an end."""
    assert words("Boîte PLEINE: <Jean.D@Exemple.fr>... quota_exceeded. (#5.2.2)") == [
        *("boite", "pleine", "@", "quota", "exceeded", ".", "5", "2", "2")
    ]


def test_characters_without_spaces_are_words() -> None:
    """Chinese and Japanese characters are words of their own, Latin ones between them stay whole."""
    assert words("用户不存在user") == ["用", "户", "不", "存", "在", "user"]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("mailbox full", "Mailbox-Full"),
        ("mailbox (is|) full", "mailbox full"),
        ("mailbox (is|) full", "the mailbox is full!"),
        ("mailbox .. full", "mailbox for user b is full"),
        ("@ user unknown", "<b@remote.example>: user unknown"),
        ("不存在", "用户不存在"),
        ("(boite|casella) .. pleine", "La boîte est pleine"),
    ],
)
def test_fits(phrase: str, text: str) -> None:
    """A phrase fits words in a row, one of each choice, and a few words for a gap."""
    assert fits(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("mailbox full", "mailbox fullness"),
        ("mailbox full", "full mailbox"),
        ("mailbox .. full", "mailbox one two three four five six full"),
        ("mailbox .. full", "No such mailbox. Disk full"),
        ("user unknown", "user@unknown.example"),
    ],
)
def test_does_not_fit(phrase: str, text: str) -> None:
    """Not parts of words, not another order, not too far apart, not over the end of a sentence, not an address."""
    assert not fits(phrase, text)


@pytest.mark.parametrize("written", ["", "..", "(a|) ..", "(a|b", "a (b|(c|d))", "!"])
def test_not_a_phrase(written: str) -> None:
    """What would fit everything, or is not closed, is refused."""
    with pytest.raises(ValueError, match=r"says nothing|parenthesis"):
        Phrase.read(written)
