"""CSS inlining that changes style attributes and nothing else."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.content.styles import inlined
from postduif.errors import TemplateError

RULES = "<style>.a{color:red} p{margin:0 !important} .w{width:{{ w }}px}</style>"
INSERTED = re.compile(r' style="(?:color: red|margin: 0 !important|width: \{\{ w \}\}px|;|\s)+"')
BODIES = st.lists(
    st.sampled_from(
        [
            *(
                '<p class="a">',
                "<p class='w {{ c }}'>",
                "</p>",
                "<table>",
                "<tr>",
                "<td class=a>",
                "</table>",
                "text & ",
                "<br/>",
            ),
            *(
                "{% if x < 1 %}",
                "{% endif %}",
                "{{ v | default('<b>') }}",
                "[[ n ]]",
                "<!-- {{ c }} -->",
                "<",
                "&eacute;",
            ),
            *(
                "<P CLASS=a {% if y %}id=x{% endif %}>",
                "{% for r in rows %}",
                "{% endfor %}",
                "<img src={{ i }}>",
                "\n",
            ),
            *(
                "<!--[if mso]><p class=a><![endif]-->",
                "<{{ t }}>",
                "<td {{ attributes }}>",
                "<a href='{{ u }}&b'>",
                "</a>",
            ),
        ]
    ),
    max_size=15,
).map("".join)


def body(source: str, css: str = ".a{color:red}") -> str:
    """A body with these rules inlined."""
    return inlined(f"<style>{css}</style>{source}").html.partition("</style>")[2]


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ('<p class="a">x', '<p style="color: red" class="a">x'),
        ("<b>x", "<b>x"),
        ('<p class="a" style="top:1px">x', '<p class="a" style="color: red; top:1px">x'),
        ("<p class=a style=top:1px>x", '<p class=a style="color: red; top:1px">x'),
        ("<p class=a style>x", '<p class=a style="color: red">x'),
        ("<p class=a style=>x", '<p class=a style="color: red">x'),
        ("<p class=a style=''>x", "<p class=a style='color: red'>x"),
        ('<p class="a" style="{{ s }}">', '<p class="a" style="color: red; {{ s }}">'),
        ('<p class="a {{ b }}">', '<p style="color: red" class="a {{ b }}">'),
        ('<p class="{{ a }} a{{ b }}">', '<p class="{{ a }} a{{ b }}">'),
        ('<p class="{% if x %} a {% endif %}">', '<p class="{% if x %} a {% endif %}">'),
        ('<p {% if x %}class="a"{% endif %}>', '<p {% if x %}class="a"{% endif %}>'),
        ('<p class="a" style="broken">', '<p class="a" style="color: red; broken">'),
        ("<table>{% for x in y %}<tr><td class=a>", '<table>{% for x in y %}<tr><td style="color: red" class=a>'),
    ],
)
def test_where_it_is_written(source: str, made: str) -> None:
    """What a rule says stands in front of the element's own style; elements that may not have the class stay alone."""
    assert body(source) == made


@pytest.mark.parametrize(
    ("css", "made"),
    [
        (".a{color:{{ c | default('#f00') }}}", "color: {{ c | default('#f00') }}"),
        (".a{width:[[w]]px;top:1px}", "width: [[w]]px;top: 1px"),
        ('.a{font:1px "A B"}', "font: 1px &#x27;A B&#x27;"),
        (".a{background:url({{ u }}/x.png)}", "background: url({{ u }}/x.png)"),
        (".a{color:red} @media x{.a{color:blue}} .a:hover{color:blue}", "color: red"),
        (".a{color:red !important}", "color: red !important"),
        ("{# note #}.a{top:1px}", "top: 1px"),
    ],
)
def test_what_is_written(css: str, made: str) -> None:
    """Expressions in rules come along as they are; what only a program with style elements can do stays there."""
    assert body('<p class="a">', css) == f'<p style="{made}" class="a">'


def test_styles_with_conditions_stay() -> None:
    """A style element that holds a condition is not inlined, and that is said with its line."""
    source = "<p class=a>\n<style>{% if x %}.a{color:red}{% endif %}</style>"
    made = inlined(source)
    assert made.html == source
    assert made.warnings == ("html, line 2: a style that holds conditions stays as it is and is not inlined",)


def test_conditional_style_attribute() -> None:
    """An element whose style attribute stands in a condition is left alone, and that is said."""
    source = "<style>.a{color:red}</style>\n<p class=a {% if x %}style='top:1px'{% endif %}>"
    made = inlined(source)
    assert made.html == source
    assert made.warnings[0].startswith("html, line 2: a style attribute within a condition")


@pytest.mark.parametrize("media", ["print", "(max-width: 600px)"])
def test_styles_for_other_media(media: str) -> None:
    """Rules for paper or small screens are not inlined."""
    source = f'<style media="{media}">p{{color:red}}</style><p>'
    assert inlined(source).html == source


def test_nothing_is_fetched() -> None:
    """A style sheet elsewhere is not looked at, whether on this machine or another."""
    source = '<link rel="stylesheet" href="file:///etc/passwd"><link rel=stylesheet href="http://127.0.0.1:9/x">'
    assert inlined(f"<style>p{{color:red}}</style>{source}<p>").html.endswith(f'{source}<p style="color: red">')


@given(BODIES)
def test_nothing_else_changes(source: str) -> None:
    """Without the style attributes that were written, the page is the same octet for octet."""
    made = inlined(RULES + source).html
    assert INSERTED.sub("", made) == RULES + source


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 20_000,
        "<b class=a>" * 300,
        "<p>" * 30_000 + "<style>" + "p{}" * 1000,
        "<i>" * 21 + "x",
        f"<style>b{{top:{'x' * 100_000}}}</style>" + "<b>" * 3 + "<br>" * 2000,
    ],
    ids=["deep", "bold", "work", "unclosed", "size"],
)
def test_hostile(source: str) -> None:
    """What would end or hold up the program is refused in no time."""
    started = time.process_time()
    with pytest.raises(TemplateError, match="CSS inlining takes elements"):
        inlined(f"<style>p{{color:red}}</style>{source}")
    assert time.process_time() - started < 2
