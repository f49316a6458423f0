"""A source with its expressions and lines."""

from __future__ import annotations

from postduif.campaign.content.source import Source


def test_lines() -> None:
    """A place is in the line whose end comes next."""
    source = Source("a\nb\n\nc")
    assert [source.line(at) for at in range(6)] == [1, 1, 2, 2, 3, 4]


def test_within() -> None:
    """The expressions that begin between two places are found, and no others."""
    source = Source("{{ a }} {{ b }} {{ c }}")
    assert [source.text[span.start : span.end] for span in source.within(1, 16)] == ["{{ b }}"]
    assert len(source.within(0, 23)) == 3


def test_decoded() -> None:
    """Character references are decoded, but not within expressions."""
    source = Source("&lt;{{ a | default('&lt;') }}&eacute;")
    assert source.decoded(0, len(source.text)) == "<{{ a | default('&lt;') }}é"
