"""Header sections read as bytes."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from postduif import header

LINES = st.lists(
    st.sampled_from(
        [b"A: b", b"Subject:", b"X-Y : c\t", b" folded", b"\tfolded", b"", b"no field", b": x", b"\xe9: x"]
    ),
    max_size=12,
)


def test_a_long_field_takes_no_more_than_itself() -> None:
    """A field of megabytes in thousands of lines is read in memory of its own size."""
    section = b"Subject: a" + b"\r\n " * 1_000_000 + b"\r\n"
    tracemalloc.start()
    try:
        (field,) = header.fields(section)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert field.raw == section
    assert peak < 4 * len(section)


@given(LINES.map(b"\r\n".join), st.booleans())
def test_fields_are_the_section(section: bytes, ended: bool) -> None:
    """The fields together are the section, up to the first line that is none, which is no folded one."""
    section += b"\r\n" if ended else b""
    found = list(header.fields(section))
    raw = b"".join(field.raw for field in found)
    assert section.startswith(raw)
    for field in found:
        assert field.raw.lower().startswith(field.name)
        assert field.value in field.raw
    rest = section[len(raw) :]
    assert not next(header.fields(rest), None)
    assert not (raw and rest[:1] in (b" ", b"\t"))


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_section_and_body(one: bytes, other: bytes) -> None:
    """The first empty line is the cut, and nothing is lost at it."""
    content = one + b"\r\n\r\n" + other
    section, body = header.split(content)
    assert section + b"\r\n" + body == content if section else content == b"\r\n" + body
    assert b"\r\n\r\n" not in section


@given(st.binary(max_size=300))
def test_anything_is_read(content: bytes) -> None:
    """No octets make reading fail, and a text that was found stands on one line of CRLF."""
    for field in header.fields(header.split(content)[0]):
        assert "\r\n" not in header.first(content, field.name)
