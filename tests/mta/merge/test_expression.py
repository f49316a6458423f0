"""Expressions of templates."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from jinja2 import nodes

from postduif.errors import MergeError, TemplateError
from postduif.mta.merge.expression import weight
from postduif.mta.merge.template import parse
from postduif.mta.merge.value import MAX_VALUE
from tests.mta.merge.mailing import GIVEN, compiled, text

ORDERS = [{"title": "Cage", "price": 12.5, "lines": [{"code": "A"}, {"code": "B"}]}, {"title": "Ring", "price": 3}]


@pytest.mark.parametrize(
    ("source", "values", "wanted"),
    [
        ("{{ city }}", {"city": "Delft"}, "Delft"),
        ("{{ city }}", {}, ""),
        ("{{ age }}", {"age": 3}, "3"),
        ("{{ customer.name|upper }}", {"customer.name": "jo"}, "JO"),
        ("{{ city or 'x' }}", {}, "x"),
        ("{{ city and 'x' }}", {"city": "a"}, "x"),
        ("{{ 'a' if age > 3 else 'b' }}", {"age": 4}, "a"),
        ("{{ 'a' if age > 3 }}.", {"age": 3}, "."),
        ("{{ city ~ ', ' ~ age }}", {"city": "a", "age": 1}, "a, 1"),
        ("{{ 'yes' if not tags }}", {"tags": []}, "yes"),
        ("{{ age == 3 }}", {"age": 3}, "true"),
        ("{{ age != 3 }}", {"age": 3}, "false"),
        ("{{ city == '' }}", {"city": None}, "true"),
        ("{{ age >= 3 }} {{ age <= 2 }} {{ age < 4 }}", {"age": 3}, "true false true"),
        ("{{ 'b' > city }}", {"city": "a"}, "true"),
        ("{{ age > 3 }} {{ age < 3 }}", {"age": "4"}, "false false"),
        ("{{ age < 3 }} {{ city < 'b' }}", {"city": ""}, "false false"),
        ("{{ 'a' in city }} {{ 'a' not in city }}", {"city": "cat"}, "true false"),
        ("{{ 'a' in tags }} {{ 'x' not in tags }}", {"tags": ["a"]}, "true true"),
        ("{{ tags|join('+') }} {{ tags|length }} {{ tags|first }}", {"tags": ["a", "b"]}, "a+b 2 a"),
        ("{{ (orders|first).title }}", {"orders": ORDERS}, "Cage"),
        ("{{ (orders|last).title }}", {}, ""),
        ("{% if tags or city %}x{% endif %}{% if tags and city %}y{% endif %}", {"city": "a"}, "x"),
        ("{% for t in tags or tags %}{{ t }}{% endfor %}", {"tags": ["a"]}, "a"),
        ("{{ true }}{{ none }}{{ 1.50 }}", {}, "true1.5"),
    ],
)
def test_expression(source: str, values: dict[str, Any], wanted: str) -> None:
    """An expression shows what is meant; what is missing is empty and in no order."""
    assert text(source, values) == wanted


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ nme }}", "nme is not known"),
        ("{{ customer }}", "customer is not known; did you mean customer.name"),
        ("{{ customer.name.x }}", "customer.name.x is not known"),
        ("{{ city() }}", "a call"),
        ("{{ city['x'] }}", "square brackets"),
        ("{{ [1] }}", "a list"),
        ("{{ (1, 2) }}", "a list with commas"),
        ("{{ {'a': 1} }}", "a dictionary"),
        ("{{ 'a' * 1000000000 }}", "arithmetic"),
        ("{{ 10 ** 1000000 }}", "arithmetic"),
        ("{{ city is defined }}", "`is`"),
        ("{{ tags }}", "no value; use it in a for loop"),
        ("{{ orders|first }}", "name one of its values"),
        ("{{ orders|upper }}", "for a value, this is a list"),
        ("{{ city|join }}", "for a list, this is a value"),
        ("{{ city == tags }}", "only be compared with `in`"),
        ("{{ 1 < age < 3 }}", "one comparison"),
        ("{{ city|nonsense }}", "nonsense is no filter; there are capitalize"),
        ("{{ city|attr('x') }}", "attr is no filter"),
        ("{{ city|safe }}", "safe is no filter"),
        ("{{ city|default }}", "takes 1 arguments"),
        ("{{ city|upper(1) }}", "takes 0 arguments"),
        ("{{ city|truncate(length=3) }}", "no arguments by name"),
        ("{{ city|truncate(*tags) }}", "no arguments by name"),
        ("{{ city|lines|upper }}", "last filter"),
        ("{{ 'x\\ud800' }}", "half a character"),
        ("{{ ''.__class__ }}", "has no values of its own"),
        ("{{ city.__class__ }}", "is not known"),
        ("{{ (orders|first).__class__ }}", "is not known"),
        ("{{ self }}", "self is not known"),
        ("{{ loop.index }}", "loop.index is not known"),
        ("{{ city" + "|upper" * 30 + " }}", "more than 20 deep"),
        ("{{ city" + ".x" * 2_000 + " }}", "a name has more than 20 dots"),
        ("{{ city" + " ~ city" * 200 + " }}", "more than 200 parts"),
        ("{% if (orders|first).title == " + "city ~ " * 200 + "city %}{% endif %}", "more than 200 parts"),
        ("{{ 0x" + "f" * 4000 + " }}", "more digits than can be shown"),
    ],
)
def test_what_cannot_be_said(source: str, problem: str) -> None:
    """All else is refused when the mailing is made, with place and line."""
    with pytest.raises(TemplateError, match=r"^text, line 2: .*") as caught:
        compiled(text=f"\n{source}")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("{{ city }}", {"city": ["a"]}),
        ("{{ (orders|first).title }}", {"orders": ["a"]}),
        ("{{ tags|first|upper }}", {"tags": [{"a": 1}]}),
        ("{{ tags|join }}", {"tags": 3}),
        ("{{ city ~ city }}", {"city": "x" * MAX_VALUE}),
        ("{{ city }}", {"city": 10**5000}),
        ("{{ age|number }}", {"age": 10**5000}),
        ("{{ tags or city }}", {"tags": ["a"]}),
    ],
)
def test_values_of_another_kind(source: str, values: dict[str, Any]) -> None:
    """A value that is not what its name says is an error of that recipient."""
    with pytest.raises(MergeError):
        text(source, values)


def test_one_long_value_many_times() -> None:
    """What `~` makes is measured before it is made: 199 times 100,000 characters are never in memory."""
    merge = compiled(text="{{ city" + " ~ city" * 198 + " }}")
    tracemalloc.start()
    try:
        with pytest.raises(MergeError, match="~ makes a text longer"):
            merge.render({**GIVEN, "customer.email": "jo@example.net", "city": "x" * MAX_VALUE})
        assert tracemalloc.get_traced_memory()[1] < 10 * MAX_VALUE
    finally:
        tracemalloc.stop()


def test_what_is_looked_for_is_made_once() -> None:
    """`in` asks what it looks for once, and not again for each row."""

    class Asked(dict[str, object]):
        times = 0

        def get(self, key: str, default: object = None) -> object:
            self.times += key == "city"
            return super().get(key, default)

    scope = Asked(GIVEN | {"customer.email": "jo@example.net", "city": "x", "tags": ["a"] * 1000})
    compiled(text="{{ city|upper in tags }}").render(scope)
    assert scope.times == 1


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("{{ city }}", 0),
        ("{{ customer.name }}", 0),
        ("{{ city|upper }}", 1),
        ("{{ city|default('x') }}", 2),
        ("{{ (orders|first).title|upper|lower }}", 3),
        ("{{ 'a' if age > 3 else city|upper }}", 7),
    ],
)
def test_weight(source: str, parts: int) -> None:
    """What an expression costs beside looking up one variable: its filters, operators and other variables."""
    (output,) = parse(source, "text")
    assert isinstance(output, nodes.Output)
    assert weight(output.nodes[0]) == parts
