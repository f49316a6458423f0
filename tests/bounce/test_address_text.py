"""Addresses are found as they stand in reports."""

from __future__ import annotations

import pytest

from postduif.bounce.address_text import addresses, from_field


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("anna@gone.example", ["anna@gone.example"]),
        ("Anna <anna@gone.example>, x", ["anna@gone.example"]),
        ("to anna@gone.example: 550 no", ["anna@gone.example"]),
        ("a@b.example, c@d.example.", ["a@b.example", "c@d.example"]),
        ('"anna b"@gone.example', ['"anna b"@gone.example']),
        ("anna..b.@carrier.example", ["anna..b.@carrier.example"]),
        ("o'brien@gone.example", ["o'brien@gone.example"]),
        ("'anna@gone.example'", ["anna@gone.example"]),
        ("användare@bücher.example", ["användare@bücher.example"]),
        ("@gone.example anna@ none", []),
        ("a@b.example A a@b.example", ["a@b.example"]),
    ],
)
def test_addresses(line: str, found: list[str]) -> None:
    """All addresses of a line, each once, without what stands around them."""
    assert addresses(line) == found


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822; anna@gone.example", "anna@gone.example"),
        ("RFC822;<anna@gone.example>", "anna@gone.example"),
        ("rfc/822; anna@gone.example", "anna@gone.example"),
        ("anna@gone.example", "anna@gone.example"),
        ("<anna@gone.example>", "anna@gone.example"),
        ("rfc822;anna@gone.example (Anna)", "anna@gone.example"),
        ("utf-8; f\\x{FC}r@b\\x{fc}cher.example", "für@bücher.example"),
        ("utf-8; a\\x{D800}b@x.example", "a\ufffdb@x.example"),
        ("rfc822;IMCEAEX-_O=ORG_OU=X_CN=anna+40gone+2Eexample@site.example", "anna@gone.example"),
        ("rfc822;IMCEASMTP-anna+40gone+2Eexample@site.example", "anna@gone.example"),
        ("local; root", ""),
        ("rfc822;", ""),
        ("x400; C=NL;A=TEST", ""),
    ],
)
def test_fields(value: str, address: str) -> None:
    """The type before an address and the encodings of it are taken off; what has no address has none."""
    assert from_field(value) == address
