"""Text on lines with conditions and loops in it."""

from __future__ import annotations

from postduif.campaign.content.flow import Flow, Owed
from tests.mta.merge.mailing import text as rendered


def test_blanks_and_lines_are_not_doubled() -> None:
    """The largest of what is owed is written, once, and nothing at the beginning or the end."""
    flow = Flow()
    flow.owe(Owed.PARAGRAPH)
    flow.text("a")
    for owed in (Owed.BLANK, Owed.LINE, Owed.CELL):
        flow.owe(owed)
    flow.text("b")
    flow.owe(Owed.CELL)
    flow.text("c")
    flow.owe(Owed.PARAGRAPH)
    assert flow.whole() == "a\nb | c\n"


def test_line_breaks() -> None:
    """The second line break makes an empty line."""
    flow = Flow()
    flow.text("a")
    flow.line_break()
    flow.text("b")
    flow.line_break()
    flow.line_break()
    flow.text("c")
    assert flow.whole() == "a\nb\n\nc\n"


def test_paragraph_in_a_condition() -> None:
    """Where a paragraph is left out, its line ends are too."""
    flow = Flow()
    flow.text("a")
    flow.block("if", "{% if x %}")
    flow.owe(Owed.PARAGRAPH)
    flow.text("b")
    flow.owe(Owed.PARAGRAPH)
    flow.block("endif", "{% endif %}")
    flow.text("c")
    assert flow.whole() == "a\n\n{% if x %}b\n\n{% endif %}c\n"


def test_marker_before_a_condition() -> None:
    """A list's mark is there whichever way a condition goes."""
    flow = Flow()
    flow.marker = "- "
    flow.block("if", "{% if x %}")
    flow.text("b")
    flow.block("endif", "{% endif %}")
    assert flow.whole() == "- {% if x %}b{% endif %}\n"


def test_text_is_no_template() -> None:
    """Text that looks like a template is shown as it is."""
    for shown in ("{{ a }}", "{% if", "{# x", "[[a]]", "{{{{", "a {", "[[[", "{", "}}"):
        flow = Flow()
        flow.text(shown)
        flow.value("{{ city }}")
        assert rendered(flow.whole(), {"city": "Delft"}) == f"{shown}Delft"


def test_since() -> None:
    """What was written after a place is given without the line ends before it."""
    flow = Flow()
    flow.text("a")
    flow.owe(Owed.PARAGRAPH)
    mark = flow.mark()
    flow.text("b")
    assert flow.since(mark) == "b"
