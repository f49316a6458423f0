"""Header fields whose values are inserted as they are."""

from __future__ import annotations

import pytest

from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.content import Header
from postduif.mta.merge.raw_fields import MAX_RAW
from tests.mta.merge.mailing import compiled, rendered


def raw(text: str, value: object = "v") -> bytes:
    """The field X-Raw with that text and value, as it stands."""
    octets = rendered({"city": value}, headers=(Header("X-Raw", text, raw=True),))
    return b"X-Raw:" + octets.split(b"\r\nX-Raw:")[1].split(b"\r\nMIME-Version")[0]


@pytest.mark.parametrize(
    ("text", "value", "wanted"),
    [
        ("bulk", "", b"X-Raw: bulk"),
        ("<{{ city }}>", "https://example.com/?a=b&c", b"X-Raw: <https://example.com/?a=b&c>"),
        ("<[[city]]>", "x", b"X-Raw: <x>"),
        ("<{{ city }}>,  <mailto:a@x.example>", "u", b"X-Raw: <u>,\r\n <mailto:a@x.example>"),
        ("a {{ city }} b", "u v", b"X-Raw: a\r\n u v\r\n b"),
        ("a {{ age }}", "", None),
        (" ".join(["word"] * 20), "", b"X-Raw: " + b" ".join([b"word"] * 14) + b"\r\n" + b" word" * 6),
        ("{{ city }}", "x" * MAX_RAW, b"X-Raw: " + b"x" * MAX_RAW),
    ],
)
def test_raw_field(text: str, value: str, wanted: bytes | None) -> None:
    """Text and values stand as they were given, folded where a value may make the line long."""
    if wanted is None:
        with pytest.raises(MergeError, match="age stands in a raw field"):
            raw(text, value)
    else:
        assert raw(text, value) == wanted


@pytest.mark.parametrize(
    "value", ["", None, " ", "   ", "é", "a\r\nBcc: x@example.com", "a\tb", "\x7f", "x" * (MAX_RAW + 1), "\ud800"]
)
def test_what_no_raw_value_may_be(value: str | None) -> None:
    """A value that is empty, long or not printable ASCII is an error of that recipient, which names the variable."""
    with pytest.raises(MergeError, match="city stands in a raw field"):
        raw("<{{ city }}>", value)


@pytest.mark.parametrize("name", ["date", "message_id"])
def test_what_every_message_needs(name: str) -> None:
    """No message goes without Date and Message-ID."""
    with pytest.raises(MergeError, match=f"{name} stands in a raw field"):
        rendered({name: ""})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{% if city %}a{% endif %}", "text and variables, nothing else"),
        ("{{ city|upper }}", "text and variables, nothing else"),
        ("{{ 'x' }}", "text and variables, nothing else"),
        ("{{ nme }}", "nme is not known"),
        ("{{ tags }}", "is a list"),
        ("é", "printable ASCII"),
        ("a\nBcc: x@example.com", "printable ASCII"),
        ("{{ city }}{{ age }}", "two variables"),
        ("{{ city }}" + "x" * 200, "too long"),
        ("x" * 900, "too long"),
        (" ", "is empty"),
        ("{{", "line 1"),
    ],
)
def test_what_no_raw_field_may_be(text: str, problem: str) -> None:
    """A raw field is text and variables of a length that is known to fit."""
    with pytest.raises(TemplateError, match=r"^X-Raw") as caught:
        compiled(headers=(Header("X-Raw", text, raw=True),))
    assert problem in str(caught.value)
