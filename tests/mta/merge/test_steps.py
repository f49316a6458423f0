"""Templates as steps: stretches, conditions, loops."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.budget import LOOKS, MAX_STEPS, Budget
from postduif.mta.merge.encoding import TEXT
from postduif.mta.merge.names import Names
from postduif.mta.merge.steps import MAX_NESTING, MAX_VALUES, Compiler
from tests.mta.merge.mailing import NAMES, compiled, html, rendered, text

ORDERS = [{"title": "Cage", "price": 12.5, "lines": [{"code": "A"}, {"code": "B"}]}, {"title": "Ring", "price": 3}]
LIST = (
    "{% for o in orders %}{{ loop.index }}/{{ loop.length }} {{ o.title }}"
    "{% for l in o.lines %}-{{ l.code }}{{ loop.revindex }}{% endfor %}"
    "{{ '.' if loop.last else '; ' }}{% else %}none{% endfor %}"
)


@pytest.mark.parametrize(
    ("source", "values", "wanted"),
    [
        ("{% if age > 3 %}a{% elif city %}b{% else %}c{% endif %}", {"age": 4}, "a"),
        ("{% if age > 3 %}a{% elif city %}b{% else %}c{% endif %}", {"city": "x"}, "b"),
        ("{% if age > 3 %}a{% elif city %}b{% else %}c{% endif %}", {}, "c"),
        ("x{% if city %} in {{ city }}{% endif %}.", {}, "x."),
        ("x{% if city %} in {{ city }}{% endif %}.", {"city": "Delft"}, "x in Delft."),
        (LIST, {"orders": ORDERS}, "1/2 Cage-A2-B1; 2/2 Ring."),
        (LIST, {}, "none"),
        ("{% for o in orders if o.price > 5 %}{{ loop.length }}{{ o.title }}{% endfor %}", {"orders": ORDERS}, "1Cage"),
        ("{% for t in tags %}{{ t }}{{ city }}{% endfor %}", {"tags": ["a", 1], "city": "x"}, "ax1x"),
        ("{% for city in tags %}{{ city }}{% endfor %}{{ city }}", {"tags": ["a"], "city": "x"}, "ax"),
        ("{% for o in orders %}{{ o.title }}{% endfor %}", {"orders": [{}, None]}, ""),
        ("{# not said #}a{% raw %}{{ b }}{% endraw %}", {}, "a{{ b }}"),
        ("a\n  {%- if city %} b {% endif -%}\n c", {}, "ac"),
    ],
)
def test_flow(source: str, values: dict[str, Any], wanted: str) -> None:
    """Conditions choose, loops repeat, and their lines join to what they say."""
    assert text(source, values) == wanted


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{% for c in city %}{% endfor %}", "goes over a list, this is a value"),
        ("{% for a, b in tags %}{% endfor %}", "one variable"),
        ("{% for a in tags recursive %}{% endfor %}", "not recursive"),
        ("{% for o in orders %}{{ o.titel }}{% endfor %}", "did you mean orders[].title"),
        ("{% for o in orders %}{{ o }}{% endfor %}", "name one of its values"),
        ("{% for t in tags %}{{ t.x }}{% endfor %}", "has no values of its own"),
        ("{% for t in tags %}{{ loop.cycle('a') }}{% endfor %}", "a call"),
        ("{% for t in tags %}{{ loop.parent }}{% endfor %}", "loop has index"),
        ("{% set x = 1 %}", "assign cannot"),
        ("{% include 'x' %}", "include cannot"),
        ("{% import 'x' as y %}", "import cannot"),
        ("{% extends 'x' %}", "extends cannot"),
        ("{% macro m() %}{% endmacro %}", "macro cannot"),
        ("{% block b %}{% endblock %}", "block cannot"),
        ("{% filter upper %}x{% endfilter %}", "filterblock cannot"),
        ("{% with x = 1 %}{% endwith %}", "with cannot"),
        ("{% autoescape false %}{% endautoescape %}", "cannot"),
        ("{{ city|lines(1) }}", "lines takes no arguments"),
        ("{% if city %}" * 11 + "{% endif %}" * 11, f"more than {MAX_NESTING} deep"),
    ],
)
def test_what_there_is_not(source: str, problem: str) -> None:
    """Every other tag is refused when the mailing is made."""
    with pytest.raises(TemplateError) as caught:
        compiled(text=source)
    assert problem in str(caught.value)


def test_line_of_a_value() -> None:
    """An error names the line of the value, not that of the text before it."""
    with pytest.raises(TemplateError, match=r"^text, line 3: nme"):
        compiled(text="a\nb\n{{ city }}{{ nme }}")


def test_place_of_a_name_that_begins_like_it() -> None:
    """The place is named, also when the error begins with the same letters; and named once."""
    for source in ("{{ textile }}", "{% if city %}{{ textile }}{% endif %}"):
        with pytest.raises(TemplateError, match=r"^text, line 1: textile is not known"):
            compiled(text=source)


def test_the_same_value_in_many_places() -> None:
    """A variable shows the same wherever it stands, and others between keep their places."""
    source = "{{ age }}{{ city }}{{ age }}-{{ city|upper }}{{ age }}{{ city|upper }}{{ city ~ 1 }}{{ city ~ true }}"
    assert text(source, {"age": 1, "city": "y"}) == "1y1-Y1Yy1ytrue"
    assert text("{% for city in tags %}{{ city|upper }}{% endfor %}{{ city|upper }}", {"tags": ["a", "b"]}) == "AB"
    assert html("{{ city }} {{ age }} {{ city }}", {"city": ".<", "age": "=20"}) == ".&lt; =20 .&lt;"


def test_many_values() -> None:
    """A stretch of more values than are encoded together is the same as one of less."""
    number = 2 * MAX_VALUES + 3
    assert text("{{ age }}{{ city }} " * number, {"age": 1, "city": "."}) == "1. " * number


@pytest.mark.parametrize(
    ("value", "wanted_html", "wanted_text"),
    [
        ("a\r\nb <c>\n\n.", "a<br>\nb &lt;c&gt;<br>\n<br>\n.", "a\nb <c>\n\n."),
        ("a \u2028b\x0bc\0d", "a<br>\nb<br>\nc d", "a\nb\nc d"),
        ("", "", ""),
        (None, "", ""),
        ("x" * 200 + "\n", "x" * 200, "x" * 200),
    ],
)
def test_lines(value: str | None, wanted_html: str, wanted_text: str) -> None:
    """The filter `lines` keeps the lines of a value, and nothing else that controls could do."""
    assert html("<p>{{ city|lines }}</p>", {"city": value}) == f"<p>{wanted_html}</p>"
    assert text("[{{ city|trim|lines }}]", {"city": value}) == f"[{wanted_text}]"


@pytest.mark.parametrize("source", ["{{ city }}", "{{ city|upper }}", "{% if city %}{{ city }}{% endif %}"])
def test_html_is_escaped(source: str) -> None:
    """A value is text in HTML wherever it comes from, also in an attribute."""
    assert html(f"<a title='{source}'>", {"city": "<A> & \"'"}) == "<a title='&lt;A&gt; &amp; &quot;&#x27;'>"


def test_text_is_not_escaped() -> None:
    """Plain text has no escapes."""
    assert text("{{ city }}", {"city": "<A> & \"'"}) == "<A> & \"'"


@pytest.mark.parametrize(
    ("source", "size", "problem"),
    [
        ("{% for t in tags %}{{ city }}{% endfor %}", 30, "larger than"),
        ("{% for t in tags %}" + "x" * 30_000 + "{% endfor %}", 70, "larger than"),
        ("{{ city|lines }}" * 30, 0, "larger than"),
        ("{% for t in tags if false %}x{% endfor %}", 100_000, "more than"),
        (
            "{% for t in tags %}{% for u in tags %}{% for v in tags %}{% endfor %}{% endfor %}{% endfor %}",
            300,
            "more than",
        ),
    ],
)
def test_no_list_holds_us_up(source: str, size: int, problem: str) -> None:
    """A message that gets too large, or takes too many steps, ends."""
    with pytest.raises(MergeError, match=problem):
        rendered({"tags": ["x"] * size, "city": "x" * 90_000}, text=source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ city|upper|lower|upper|lower|upper|lower|upper|lower }}" * 8,
        "{% if city|upper|lower|upper|lower == 'x' %}{% endif %}" * 10,
        "{% if false %}" + "{% elif city|upper|lower|upper|lower == 'no' %}" * 10 + "{% endif %}",
        "{% for t in tags if t|upper|lower|upper == 'x' %}{% endfor %}",
        "{{ city|upper|lower|upper|lower|lines }}" * 16,
    ],
)
def test_the_clock_is_looked_at_for_what_may_take_long(source: str) -> None:
    """Parts of expressions count as steps, so that a few that are long do not pass by the limit of time."""
    asked: list[float] = []

    def clock() -> float:
        asked.append(0.0)
        return 0.0

    budget = Budget(clock)
    for step in Compiler("text", Names(NAMES), TEXT).compile(source):
        step({"city": "x", "tags": ["t"] * 20}, [], budget)
    assert asked


def test_a_step_is_counted_before_it_is_done() -> None:
    """What costs much is refused, not done and then refused."""
    step, *_ = Compiler("text", Names(NAMES), TEXT).compile("{{ city|upper|lower|upper|lower }}" * 20)
    budget = Budget()
    budget.spend(0, MAX_STEPS - LOOKS)
    done: list[bytes] = []
    with pytest.raises(MergeError, match="steps"):
        step({"city": "x"}, done, budget)
    assert not done


def test_what_is_used_and_shown() -> None:
    """Every variable is noted; one leaves a hole when it is shown without default, no condition asks for it, and it is
    not made by us."""
    merge = compiled(
        text="{{ city|default('x') }}{% if age %}{{ age }}{% else %}{{ owner.name }}{% endif %}"
        "{% for o in orders %}{{ o.title }}{% endfor %}{% for t in tags %}{% else %}-{% endfor %}"
        "{{ owner.email|upper }} {{ link_token }}",
    )
    assert merge.names >= {"city", "age", "owner.name", "orders[]", "orders[].title", "tags[]", "owner.email"}
    assert merge.empty({}) == ["customer.email", "customer.name", "orders[]", "owner.email", "owner.name"]
    assert merge.empty({"orders": [1], "owner.email": "x", "owner.name": 0, "customer.name": " "}) == [
        "customer.email",
        "customer.name",
    ]
