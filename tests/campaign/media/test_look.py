"""What a picture is by its own octets: hostile files are refused in words, and nothing else ever comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.media.look import MAX_SIDE, Kind, Look, look
from tests.campaign.media.samples import EVIL, gif, jpeg, png, webp

ALL = [png(), gif(), jpeg(), *map(webp, ("VP8 ", "VP8L", "VP8X"))]


def test_each_kind() -> None:
    """Kind and size come from the header, whatever stands before the size or behind the end."""
    kinds = [Kind.PNG, Kind.GIF, Kind.JPEG, *[Kind.WEBP] * 3]
    assert [look(one) for one in ALL] == [Look(kind, 3, 2) for kind in kinds]
    assert look(webp("VP8L", 8000, 3000)) == Look(Kind.WEBP, 8000, 3000)
    assert look(webp("VP8X", 1, 1)) == Look(Kind.WEBP, 1, 1)
    assert look(gif(comment=EVIL)).kind is Kind.GIF  # it is served as no more than that


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "is no PNG"),
        (EVIL, "is no PNG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is no PNG"),
        (b"BM" + b"\0" * 60, "is no PNG"),
        (b"%PDF-1.4\n", "is no PNG"),
        (b"\n" + png(), "is no PNG"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "is no PNG"),
        (png()[:20], "in its header"),
        (gif()[:8], "in its header"),
        (jpeg()[:30], "in its header"),
        (webp("VP8X")[:28], "how large"),
        (png()[:-1], "breaks off"),
        (png() + EVIL, "breaks off"),
        (gif() + EVIL, "breaks off"),
        (jpeg()[:-9], "breaks off"),
        (webp("VP8L")[:-2], "breaks off"),
        (png(0, 2), "how large"),
        (jpeg(3, 0), "how large"),
        (b"\xff\xd8\xff\xd9", "how large"),
        (b"\xff\xd8" + b"\xff" * 100_000, "how large"),
        (b"\xff\xd8" + b"\xff\xe0\0\2" * 100_000, "how large"),
        (webp("VP8X").replace(b"VP8X", b"ANIM"), "how large"),
        (gif(MAX_SIDE + 1, 1), "8,001 x 1 pixels"),
        (jpeg(6000, 6000), "25 million"),
        (webp("VP8X", 1 << 24, 1 << 24), "16,777,216"),
    ],
)
def test_refused(octets: bytes, said: str) -> None:
    """What is none, is cut off, lies about its size or would fill a reader's memory."""
    with pytest.raises(ValueError, match=said):
        look(octets)


@given(st.sampled_from(ALL), st.data())
def test_any_octets(octets: bytes, draw: st.DataObject) -> None:
    """Whatever is changed in one: a size within bounds, or one line with a remedy."""
    made = bytearray(octets)
    for _ in range(draw.draw(st.integers(1, 4))):
        made[draw.draw(st.integers(0, len(made) - 1))] = draw.draw(st.integers(0, 255))
    try:
        seen = look(bytes(made[: draw.draw(st.integers(0, len(made)))]))
    except ValueError as error:
        assert "; " in str(error)  # noqa: PT017  both ends are right
    else:
        assert 0 < seen.width <= MAX_SIDE
