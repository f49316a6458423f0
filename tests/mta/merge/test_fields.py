"""Header fields with values in them."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif import header
from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.content import Header, Mailbox
from tests.mta.merge.mailing import compiled, rendered

PERSONAL = Mailbox("{{ owner.email }}", "{{ owner.name }}")


def field(octets: bytes, name: str) -> str:
    """The one field of that name, as it stands, unfolded; "" when there is none."""
    found = [header.unfold(one.value) for one in header.fields(header.split(octets)[0]) if one.name == name.encode()]
    assert len(found) <= 1
    return "".join(found)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"owner.email": "an@example.com", "owner.name": "An"}, '"An" <an@example.com>'),
        ({"owner.email": "an@EXAMPLE.com"}, '"Pigeon news" <an@example.com>'),
        ({"owner.name": "An"}, '"An" <news@example.com>'),
        ({}, '"Pigeon news" <news@example.com>'),
        ({"owner.email": "an@else.example", "owner.name": "An"}, '"Pigeon news" <news@example.com>'),
        ({"owner.email": "an@example.com, x@example.com", "owner.name": "An"}, '"Pigeon news" <news@example.com>'),
        ({"owner.email": "no address", "owner.name": "An"}, '"Pigeon news" <news@example.com>'),
        (
            {"owner.email": "an@example.com\r\nBcc: x@example.com", "owner.name": "A"},
            '"Pigeon news" <news@example.com>',
        ),
        ({"owner.name": "\r\n"}, '"Pigeon news" <news@example.com>'),
    ],
)
def test_personal_sender(values: dict[str, Any], wanted: str) -> None:
    """A recipient's own sender is used where it is an address of the mailing's domain; each half has its fallback."""
    assert field(rendered(values, personal_sender=PERSONAL), "from") == wanted


def test_sender_with_a_name_from_values() -> None:
    """The name of the ordinary sender may hold values too; without them the address stands alone."""
    sender = Mailbox("news@example.com", "{{ city }}")
    assert field(rendered({"city": "Delft"}, sender=sender), "from") == '"Delft" <news@example.com>'
    assert field(rendered(sender=sender), "from") == "<news@example.com>"


def test_sender_is_the_same_for_all() -> None:
    """The address that decides who signs cannot be a variable, nor be missing, nor be none."""
    for address, problem in [("{{ owner.email }}", "same for all"), ("", "same for all"), ("x", "no address")]:
        with pytest.raises(TemplateError, match=rf"^sender: .*{problem}"):
            compiled(sender=Mailbox(address))


@pytest.mark.parametrize(
    ("address", "name", "wanted"),
    [
        ("jo@Example.NET", "Jo", '"Jo" <jo@example.net>'),
        (" jo@example.net ", "", "<jo@example.net>"),
        ("jo@example.net", "\0 \r\n", "<jo@example.net>"),
        ("jo@example.net", 'Jo "x" \\', '"Jo \\"x\\" \\\\" <jo@example.net>'),
        ("jo@example.net", "Jo\r\nBcc: x@example.com", '"Jo Bcc: x@example.com" <jo@example.net>'),
        ("jo@example.net", "  a   b ", '"a b" <jo@example.net>'),
        ('"a b"@example.net', "Jo", '"Jo" <"a b"@example.net>'),
        ("jo@bücher.example", "Jo", '"Jo" <jo@xn--bcher-kva.example>'),
        ("jö@example.net", "Jo", '"Jo" <jö@example.net>'),
    ],
)
def test_to(address: str, name: str, wanted: str) -> None:
    """To has one mailbox, whatever the name is."""
    assert field(rendered({"customer.email": address, "customer.name": name}), "to") == wanted


@pytest.mark.parametrize(
    "address", ["", " ", "jo", "a@x.example, b@x.example", "a@x.example\nb", "jo@", None, "<a@x.example>"]
)
def test_nothing_to_write_to(address: str | None) -> None:
    """An address that is none is an error of that recipient."""
    with pytest.raises(MergeError, match="To is"):
        rendered({"customer.email": address})


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"owner.email": "an@else.example", "owner.name": "An"}, '"An" <an@else.example>'),
        ({"owner.email": "an@else.example"}, "<an@else.example>"),
        ({"owner.name": "An"}, ""),
        ({"owner.email": "none", "owner.name": "An"}, ""),
    ],
)
def test_reply_to(values: dict[str, Any], wanted: str) -> None:
    """Reply-To is there for who has an address for it."""
    assert field(rendered(values, reply_to=PERSONAL), "reply-to") == wanted


def test_a_wrong_address_in_the_template() -> None:
    """An address that is the same for all is looked at when the mailing is made."""
    for name in ("to", "reply_to", "personal_sender"):
        with pytest.raises(TemplateError, match=rf"^{name}: 'no address' is no address"):
            compiled(**{name: Mailbox("no address")})


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
    st.sampled_from(["Hello {{ city }}!", "{{ city }}", "{{ city|upper }}é"]),
)
def test_subject_is_one_field(value: str, source: str) -> None:
    """Whatever the value, the subject is one field of legal lines, and the fields are those of any message."""
    octets = rendered({"city": value, "customer.name": value}, subject=source)
    section, _ = header.split(octets)
    assert sum(len(one.raw) for one in header.fields(section)) == len(section)
    assert [one.name.decode() for one in header.fields(section)] == [
        *("from", "to", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding")
    ]
    assert all(len(line) <= 998 for line in section.split(b"\r\n"))


@pytest.mark.parametrize("value", ["x" * 3000, "é" * 3000, "x " * 3000, "", "a" * 77, "=?utf-8?Q?x?=", "a  b"])
def test_free_field(value: str) -> None:
    """A field of free text reads back as one line of 2,000 characters at most; a blank one is left out."""
    octets = rendered({"city": value}, headers=(Header("X-City", "{{ city }}"),))
    read = email.message_from_bytes(octets)["X-City"]
    wanted = " ".join(value.split())[:2000].strip()
    assert (str(make_header(decode_header(read.replace("\r\n", "")))) if read else "") == wanted
    assert (read is None) == (not wanted)


def test_fixed_fields() -> None:
    """Fields without values are made once; a blank extra one is left out, a blank subject is not."""
    octets = rendered(subject="  ", headers=(Header("X-A", " "), Header("X-B", "é")))
    assert field(octets, "subject") == ""
    assert b"\r\nSubject:" in octets
    assert b"X-A" not in octets
    assert b"\r\nX-B: =?utf-8?B?w6k=?=\r\n" in octets


@pytest.mark.parametrize("place", ["subject", "name"])
def test_half_a_character(place: str) -> None:
    """Half a character in a value is an error of that recipient, in every field."""
    with pytest.raises(MergeError, match=r"half a character \(U\+D800\)"):
        rendered({"city" if place == "subject" else "customer.name": "a\ud800"}, subject="{{ city }}")


@pytest.mark.parametrize("source", ["{{ nme }}", "{{ city|lines }}", "{% set a = 1 %}"])
def test_wrong_field(source: str) -> None:
    """What is wrong in a field is said with its name."""
    for change in ({"subject": source}, {"headers": (Header("X-A", source),)}):
        with pytest.raises(TemplateError, match=r"^(subject|X-A), line 1: "):
            compiled(**change)
