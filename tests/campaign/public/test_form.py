"""Forms are read as browsers and mail services send them, and nothing else is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.public.form import MAX_FIELDS, read

URLENCODED = "application/x-www-form-urlencoded"


def test_urlencoded() -> None:
    """Values of one name keep their order; blanks and other scripts are decoded."""
    assert read(f"{URLENCODED}; charset=utf-8", b"a=1&b=&a=2+3&c=%C3%A9") == {"a": ["1", "2 3"], "b": [""], "c": ["é"]}


@pytest.mark.parametrize("boundary", ["b", '"b c"', "----WebKitFormBoundaryA1"])
def test_multipart(boundary: str) -> None:
    """Parts with other fields than the name, in any order and case, are parts."""
    line = boundary.strip('"')
    body = (
        f"preamble\r\n--{line}\r\ncontent-type: text/plain\r\n"
        'CONTENT-DISPOSITION: form-data; name="a"\r\n\r\n1\r\n2\r\n'
        f'--{line}\r\nContent-Disposition: form-data; name="b"\r\n\r\n\r\n--{line}--\r\nepilogue'
    )
    assert read(f"multipart/form-data; boundary={boundary}", body.encode()) == {"a": ["1\r\n2"], "b": [""]}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (URLENCODED, b"a"),
        (URLENCODED, b"&".join([b"a=1"] * (MAX_FIELDS + 1))),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\n1\r\n--b--"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\n1\r\n--b--'),
        ("multipart/mixed; boundary=b", b"--b--"),
        ("", b"a=1"),
    ],
)
def test_no_form(kind: str, body: bytes) -> None:
    """What is not whole, too much or something else is refused."""
    with pytest.raises(ValueError, match=r"."):
        read(kind, body)


@given(
    st.sampled_from([URLENCODED, "multipart/form-data; boundary=b"]),
    st.lists(
        st.sampled_from([b"--b", b"--", b"\r\n", b'Content-Disposition: form-data; name="a"', b"=", b"&", b"\xff"])
    ),
)
def test_any_octets(kind: str, pieces: list[bytes]) -> None:
    """Whatever comes is fields or a ValueError."""
    with contextlib.suppress(ValueError):
        read(kind, b"".join(pieces))
