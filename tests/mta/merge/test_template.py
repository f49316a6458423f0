"""From text to Jinja's tree."""

from __future__ import annotations

import pytest
from jinja2 import nodes

from postduif.errors import TemplateError
from postduif.mta.merge.template import MAX_TEMPLATE, escaped, parse


def written(source: str) -> list[str]:
    """The template's parts: its text, and `{name}` for what is inserted."""
    (output,) = parse(source, "text")
    assert isinstance(output, nodes.Output)
    return [
        part.data if isinstance(part, nodes.TemplateData) else f"{{{type(part).__name__}}}" for part in output.nodes
    ]


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("a [[customer.name]] b", ["a ", "{Getattr}", " b"]),
        ("[[ name ]]", ["{Name}"]),
        ("[[name|default('x')]]", ["{Filter}"]),
        ("[[ name | upper ]]", ["{Filter}"]),
        ("[[1]] [[a b]] [[]] [name] [[a[[b]]", ["[[1]] [[a b]] [[]] [name] [[a", "{Name}"]),
        ("{% raw %}[[a]]{{ b }}{% endraw %}", ["[[a]]{{ b }}"]),
        ("{{ '[[a]]' }}", ["{Const}"]),
        ("a\r\nb\rc", ["a\nb\nc"]),
    ],
)
def test_brackets(source: str, parts: list[str]) -> None:
    """Double brackets around a name are what braces are; anything else in brackets is text."""
    assert written(source) == parts


@pytest.mark.parametrize(
    "source", ["{{", "{% if x %}", "{{ a b }}", "{% nonsense %}", "{{ 'x }}", "\n\n {%- if x -%}\n{{"]
)
def test_no_template(source: str) -> None:
    """What Jinja cannot read is an error with its place and line."""
    with pytest.raises(TemplateError, match=rf"^text, line {source.count(chr(10)) + 1}: "):
        parse(source, "text")


def test_lines_are_those_of_the_source() -> None:
    """Blank lines that a tag takes away count all the same."""
    found = parse("a\n\n\n{%- if b %}\n[[c]]\n{{ d }}{% endif %}", "text")
    assert isinstance(found[1], nodes.If)
    (output,) = found[1].body
    assert [part.lineno for part in output.iter_child_nodes() if isinstance(part, nodes.Name)] == [5, 6]


@pytest.mark.parametrize("control", ["\0", "\x0b", "\x0c", "\x1b", "\x7f", "\ud800"])
def test_controls(control: str) -> None:
    """Controls and half characters in a template are refused, with the line."""
    with pytest.raises(TemplateError, match=rf"^text, line 2: a control character, U\+{ord(control):04X}"):
        parse(f"a\n{control}", "text")


@pytest.mark.parametrize(
    "source",
    ["{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "{{ " + "1" * 5000 + " }}", "{{ " + "not " * 5000 + "1 }}"],
)
def test_too_deep(source: str) -> None:
    """What Jinja's own parser cannot take is an error like any other."""
    with pytest.raises(TemplateError, match="too long or too deep"):
        parse(source, "text")


def test_too_long() -> None:
    """A template has a greatest length."""
    with pytest.raises(TemplateError, match="longer than"):
        parse("x" * (MAX_TEMPLATE + 1), "text")


def test_escaped() -> None:
    """Plain text becomes HTML; what stands in braces or brackets stays."""
    assert escaped("a < {{ b|default('<') }} & [[c|default('\"')]]", "preheader") == (
        "a &lt; {{ b|default('<') }} &amp; {{ c|default('\"') }}"
    )
