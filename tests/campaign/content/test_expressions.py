"""Where template expressions stand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError

from postduif.campaign.content.expressions import MASK, Kind, balanced, masked, replaced, spans

JINJA = Environment(keep_trailing_newline=True, autoescape=False)
PIECES = [
    *("{{ a }}", "{{ a.b | default('}}') }}", '{{ "%}" }}', "{% if a %}", "{% endif %}", "{# {{ x }} #}", "[[a.b]]"),
    *("{% raw %}", "{% endraw %}", "{{a}}", "{ {", "}}", "%}", "#}", "[[", "]]", "[[1]]", "text", "<b>", "\n", " "),
    *("{%- for x in y -%}", "{{- a -}}", "'", '"', "{{ a['b'] }}", "[[ a | upper ]]", "{", "[", "%", "é"),
]
SOURCES = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def kinds(source: str) -> list[tuple[str, str]]:
    """Kind and text of each expression."""
    return [(span.kind.value, source[span.start : span.end]) for span in spans(source)]


def test_each_kind() -> None:
    """Values, blocks and notes are told apart, and what is quoted within them ends nothing."""
    source = "a {{ b | default('}}') }} [[ c.d ]] {%- if x == '%}' -%} {# {{ no }} #} {% endif %}"
    assert kinds(source) == [
        ("value", "{{ b | default('}}') }}"),
        ("value", "[[ c.d ]]"),
        ("block", "{%- if x == '%}' -%}"),
        ("note", "{# {{ no }} #}"),
        ("block", "{% endif %}"),
    ]
    assert [span.word for span in spans(source) if span.kind is Kind.BLOCK] == ["if", "endif"]


def test_raw_is_text() -> None:
    """What stands within raw is no expression; its two ends are notes."""
    assert kinds("{% raw %}{{ a }}{%- endraw %}") == [("note", "{% raw %}"), ("note", "{%- endraw %}")]


@pytest.mark.parametrize("source", ["{ { a }}", "[[ 1a ]]", "[[a\n]]", "{{ a", "{% if", "{# a", "["])
def test_not_expressions(source: str) -> None:
    """What is no expression, or is never closed, is text."""
    assert spans(source) == []


@given(SOURCES)
def test_as_jinja_reads(source: str) -> None:
    """What is left when the expressions are taken out is what Jinja takes for text, blanks aside."""
    try:
        JINJA.parse(source)
        read = "".join(token for _, kind, token in JINJA.lex(source) if kind == "data")
    except TemplateSyntaxError:
        return
    ours = [span for span in spans(source) if not source.startswith("[[", span.start)]
    assert replaced(source, ours, lambda _: "").split() == read.split() or "-" in source


@given(SOURCES)
def test_masked_keeps_places(source: str) -> None:
    """Masked text is as long as the source, and the same outside of expressions."""
    found = spans(source)
    hidden = masked(source, found)
    assert len(hidden) == len(source)
    assert all(set(hidden[span.start : span.end]) == {MASK} for span in found)
    assert replaced(hidden, found, lambda _: "") == replaced(source, found, lambda _: "")


@pytest.mark.parametrize(
    ("words", "whole"),
    [("if endif", True), ("for if else endif endfor", True), ("if", False), ("endif if", False), ("else", False)],
)
def test_balanced(words: str, whole: bool) -> None:
    """Blocks are balanced when each is closed by its own end."""
    assert balanced(words.split()) is whole


@pytest.mark.parametrize("piece", ["{{", '{{"', "[[", "[[a|", "{%", "{#", "{% raw %}", "{{x}}", "{%'"])
def test_time_grows_with_length(piece: str) -> None:
    """A megabyte of any beginning takes no more than two seconds of CPU."""
    started = time.process_time()
    spans((piece * 500_000)[:1_000_000])
    assert time.process_time() - started < 2
