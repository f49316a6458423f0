"""The author's domain, and the address lists it is read from."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.errors import AddressError
from postduif.mailboxes import mailboxes
from postduif.mta.author import domain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example", "b.example"),
        ("<a@B.Example>", "b.example"),
        ("A Name <a@b.example>", "b.example"),
        ('"Name, A" <a@b.example>', "b.example"),
        ('"x@evil.example" <a@b.example>', "b.example"),
        ("a@b.example (x@evil.example)", "b.example"),
        ("(c (nested \\) c) ) <a@b.example>", "b.example"),
        ("no-reply@b.example <a@b.example>", "b.example"),
        ("Public, John <a@b.example>", "b.example"),
        ("a@b.example, c@d.example", "b.example"),
        ("Team: a@b.example, c@d.example;", "b.example"),
        ("<@r.example,@s.example:a@b.example>", "b.example"),
        ('"a@x"@b.example', "b.example"),
        ("a . b @ b.example", "b.example"),
        ("Jörg <j@bücher.example>", "xn--bcher-kva.example"),
        ("<a@[192.0.2.1]>", "[192.0.2.1]"),
    ],
)
def test_domain(value: str, expected: str) -> None:
    """The domain of the first mailbox is found in every form RFC 5322 has, and in the sloppy ones there is."""
    assert domain(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "alice@example.org<bob@evil.example>",
        "alice@example.org)bob@evil.example",
        "<alice@example.org>bob@evil.example",
        "alice@example.org@evil.example",
        "<alice@example.org><bob@evil.example>",
        "alice@example.org: bob@evil.example",
        "<<alice@example.org>>",
        '"alice@example.org <bob@evil.example>',
        "alice@example.org (bob@evil.example",
        "alice@example.org>",
        "<alice@example.org",
        "",
        "root",
        "Nobody <>",
        "undisclosed-recipients:;",
        "a@-",
        "x" * 10_001 + "@example.org",
    ],
)
def test_no_domain(value: str) -> None:
    """What two readers could take for two authors, and what has none, is refused (CVE-2023-27043)."""
    with pytest.raises(AddressError):
        domain(value)


def test_mailboxes_in_order() -> None:
    """All addresses of a list are found, those without a domain too."""
    value = 'root, "B, the" <b@x.example>, g: c@y.example, (no one) "d e"@z.example;, <f@x.example>,'
    assert mailboxes(value) == ["root", "b@x.example", "c@y.example", '"d e"@z.example', "f@x.example"]


@given(st.text('ab@.<>()[],;:"\\ é', max_size=40))
def test_any_text(value: str) -> None:
    """Any text is read or refused, and what is found is in the text but for blanks and comments."""
    try:
        found = mailboxes(value)
    except AddressError:
        return
    for address in found:
        assert all(part in value for part in address.replace("@", " ").split())


@pytest.mark.parametrize("value", ["(" * 9999, "a " * 4999, '"' * 9999, "a" * 9998 + "<", "<a@" * 3000, " ," * 4999])
def test_time_is_bounded(value: str) -> None:
    """No value takes long."""
    began = time.thread_time()
    with pytest.raises(AddressError):
        domain(value)
    assert time.thread_time() - began < 0.5
