"""Patterns that mean many addresses."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.bounce.patterns import Patterns, is_free
from postduif.bounce.subject import read

ALL = ["*@bad.example", "*@*.bad.example", "info@*", "no-*@x.example", "*spam*@*", "a@*.x.example"]


def those(*patterns: str) -> Patterns:
    """A set of these."""
    found = Patterns()
    for pattern in patterns:
        found.add(read(pattern))
    return found


@pytest.mark.parametrize(
    ("address", "matching"),
    [
        ("bob@bad.example", ["*@bad.example"]),
        ("bob@sub.bad.example", ["*@*.bad.example"]),
        ("bob@a.b.bad.example", ["*@*.bad.example"]),
        ("bob@verybad.example", []),
        ("bob@example", []),
        ("info@bad.example", ["*@bad.example", "info@*"]),
        ("info@example.com", ["info@*"]),
        ("information@example.com", []),
        ("no-reply@x.example", ["no-*@x.example"]),
        ("no-@x.example", ["no-*@x.example"]),
        ("no-reply@y.x.example", []),
        ("nospamhere@x.example", ["*spam*@*"]),
        ("a@y.x.example", ["a@*.x.example"]),
        ("a@x.example", []),
        ("a@b@y.x.example", []),
    ],
)
def test_matching(address: str, matching: list[str]) -> None:
    """Each form means what it looks like, and no neighbour."""
    patterns = those(*ALL)
    assert list(patterns.matching(address)) == matching


@given(
    st.from_regex(r"[ab*]{1,6}@(\*|(\*\.)?[ab]\.x)", fullmatch=True),
    st.from_regex(r"[ab]{0,6}@([ab]\.)?[ab]\.x", fullmatch=True),
)
def test_like_a_shell(pattern: str, address: str) -> None:
    """A pattern matches what a shell's would, in the local part and in the domain."""
    if not pattern.strip("*@"):
        return
    shell = all(
        fnmatch.fnmatchcase(text, part)
        for text, part in zip(address.rsplit("@", 1), read(pattern).rsplit("@", 1), strict=True)
    )
    assert bool(list(those(pattern).matching(address))) == shell


def test_free() -> None:
    """The three common forms are looked up; the others can only be tried."""
    assert [is_free(pattern) for pattern in ALL] == [False, False, False, True, True, True]


def test_hostile_pattern() -> None:
    """A pattern made to be slow is not."""
    patterns = those("*a" * 31 + "*@*")
    started = time.process_time()
    assert list(patterns.matching("a" * 30 + "b" * 30 + "@x.example")) == []
    assert time.process_time() - started < 0.05
