"""SPF records: what is well formed, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.checks.spf_record import Record, SpfFault, expanded, is_spf, read

VALUES = {
    "s": "jo-ann@mail.example.com",
    "l": "jo-ann",
    "o": "mail.example.com",
    "d": "mail.example.com",
    "i": "192.0.2.1",
    "v": "in-addr",
    "h": "mta.example.com",
    "p": "unknown",
}


@pytest.mark.parametrize("text", ["v=spf1", "v=spf1 -all", "V=SPF1 a"])
def test_it_is_one(text: str) -> None:
    """The version stands alone or before a blank."""
    assert is_spf(text)


@pytest.mark.parametrize("text", ["v=spf10", "v=spf1\t-all", " v=spf1", "spf1", ""])
def test_it_is_none(text: str) -> None:
    """Other texts are other things."""
    assert not is_spf(text)


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1",
        "v=spf1   a   mx  ",
        "v=spf1 a:example.com/0//0",
        "v=spf1 a//64",
        "v=spf1 a:%{d}",
        "v=spf1 exists:%{i}._spf.%{d2}",
        "v=spf1 x-new=%{d} unknown=anything",
        "v=spf1 exp=why.example.com -all",
        "v=spf1 ip6:::1/0",
        "v=spf1 include:_spf.example.com.",
    ],
)
def test_well_formed(text: str) -> None:
    """What RFC 7208 allows is read."""
    assert isinstance(read(text), Record)


@pytest.mark.parametrize(
    "term",
    [
        "all:example.com",
        "all/8",
        "include",
        "include:",
        "include:example.com/24",
        "exists",
        "a:",
        "a/33",
        "a//129",
        "a/01",
        "a:example.com/24/64",
        "a:999",
        "a:-x.1",
        "mx:exa mple",
        "ip4",
        "ip4:192.0.2",
        "ip4:192.0.2.1/024",
        "ip4:192.0.2.0/255.255.255.0",
        "ip4:192.0.2.1/",
        "a/" + "1" * 5000,
        "a:%{d" + "1" * 5000 + "}.example.com",
        "ip4:2001:db8::1",
        "ip6:192.0.2.1",
        "ip6:fe80::1%eth0",
        "ip6:2001:db8::/129",
        "ptr/24",
        "redirect=",
        "redirect=a.example redirect=b.example",
        "a:%{x}.example",
        "a:%{d0}.example",
        "a:%{d.example",
        "a:%d.example",
        "exists:%{c}.example",
        "new=%{",
        "+",
        "=x",
        "a,b",
        "\ufffd",
    ],
)
def test_not_well_formed(term: str) -> None:
    """One wrong term makes the whole record worthless."""
    with pytest.raises(SpfFault):
        read(f"v=spf1 {term} -all")


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("%{s}", "jo-ann@mail.example.com"),
        ("%{d2}.x", "example.com.x"),
        ("%{d9}", "mail.example.com"),
        ("%{dr}", "com.example.mail"),
        ("%{d2r}", "example.mail"),
        ("%{l-}", "jo.ann"),
        ("%{l1r-}", "jo"),
        ("%{ir}.%{v}._spf.%{d2}", "1.2.0.192.in-addr._spf.example.com"),
        ("%{S}", "jo-ann%40mail.example.com"),
        ("%%_%_%-", "%_ %20"),
    ],
)
def test_macros(text: str, is_: str) -> None:
    """Letters, parts, turning round, other delimiters, escapes (RFC 7208 section 7)."""
    assert expanded(text, VALUES) == is_


@given(st.text(alphabet="v=spf1 aimnx:/.%{}d2r-+~?ip46lexcu0", max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    """Whatever a domain publishes is read or is not well formed."""
    try:
        record = read(f"v=spf1 {text}")
    except SpfFault:
        return
    for term in record.terms:
        expanded(term.value, VALUES)
