"""The text part made of HTML."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.campaign.content.markup import Page
from postduif.campaign.content.plain_text import text_of
from postduif.errors import TemplateError
from tests.campaign.content.test_markup import PAGES
from tests.mta.merge.mailing import compiled, rendered


def read(html: str) -> str:
    """The text of HTML, without its last line end."""
    return text_of(Page(html)).removesuffix("\n")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("a  b\n c", "a b c"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a<p>b<div>c</div>d", "a\n\nb\nc\nd"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<h1>Title</h1>x<h2>Sub</h2>y<h3>z</h3>", "Title\n=====\n\nx\n\nSub\n---\n\ny\n\nz"),
        ("<ul><li>a<li><p>b</p></ul>c", "- a\n- b\n\nc"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ol start=3><li>a<br>b<li>c</ol>", "3. a\n   b\n4. c"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>", "- a\n  - b\n- c"),
        ("<table><tr><th>A<th>B</tr><tr><td>1</td><td></td><td>2</td></tr></table>", "A | B\n1 | 2"),
        ("<a href='https://x.nl/?a=1&amp;b=2'>Read</a> on", "Read <https://x.nl/?a=1&b=2> on"),
        ("<a href='https://x.nl/'>x.nl</a> <a href=mailto:a@b.nl>a@b.nl</a>", "x.nl a@b.nl"),
        ("<a href='#x'>top</a> <a name=x>here</a> <a href='javascript:x'>no</a>", "top here no"),
        ("<a href='https://x.nl'><img src=y alt='Our  logo'></a><img src=z>", "Our logo <https://x.nl>"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a &lt;b&gt; &eacute;&nbsp;c &zwnj;&nbsp;&zwnj; d", "a <b> é c d"),
        ("<title>t</title><style>p{}</style><script>x</script>a<select><option>b</select>", "a"),
        ("<div style='color:red;DISPLAY : none'>a<div>b</div></div>c<p hidden>d<p>e", "c\n\ne"),
        ("<!--[if mso]>a<![endif]--><!--[if !mso]><!-->b<!--<![endif]--><!-- c -->", "b"),
        ("a</p></ul></b>b<", "a\n\nb<"),
        ("<a href=https://x.nl>one <a href=https://y.nl>two", "one <https://x.nl> two <https://y.nl>"),
    ],
)
def test_layout(html: str, text: str) -> None:
    """Each element shows as a reader of plain text expects."""
    assert read(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Dear {{ a | default('<b>') }},", "Dear {{ a | default('<b>') }},"),
        ("<p>a</p>{% if x %}<p>b</p>{% endif %}<p>c", "a\n\n{% if x %}b\n\n{% endif %}c"),
        ("{% if x %}<p>b{% else %}<p>c{% endif %}", "{% if x %}b{% else %}c{% endif %}"),
        ("<ul>{% for o in t %}<li>{{ o }}</li>{% endfor %}</ul>", "{% for o in t %}- {{ o }}\n{% endfor %}"),
        ("<ol><li>a{% for o in t %}<li>{{ o }}{% endfor %}</ol>", "1. a\n{% for o in t %}- {{ o }}{% endfor %}"),
        ("<a href='{{ u }}/?a={{ b }}&amp;c'>x</a>", "x <{{ u }}/?a={{ b }}&c>"),
        ("<a href='{% if x %}u{% else %}v{% endif %}'>y</a>", "y <{% if x %}u{% else %}v{% endif %}>"),
        ("<td {% if x %}class=a {% endif %}>y</td>", "y"),
        ("<div style='display:none'>{{ pre }}{% if x %}a{% endif %}</div>b", "b"),
        ("<div hidden>{% if x %}</div>b{% endif %}", "{% if x %}b{% endif %}"),
        ("{{- a -}} {# note #}b", "{{ a }} b"),
        ("{% raw %}{{ a }}{% endraw %} &#123;% b", '{{ "{" }}{ a }} {{ "{" }}% b'),
        ("{ {<b>{ x }</b>}", '{ {{ "{" }}{ x }}'),
        ("<img alt='{{ a }} b'>", "{{ a }} b"),
        ("<h1>{{ a }}</h1>b", "{{ a }}\n==========\n\nb"),
    ],
)
def test_templates(html: str, text: str) -> None:
    """Expressions go along, conditions and loops stay whole, and what was text stays text."""
    assert read(html) == text


NAMES = ("u", "x", "a", "b", "customer.email")


@given(PAGES)
def test_what_compiles_as_html_compiles_as_text(html: str) -> None:
    """The text made of any page that is a template is a template too."""
    try:
        compiled(NAMES, html=html or "x", text="")
    except TemplateError:
        return
    compiled(NAMES, text=text_of(Page(html)) or "x")


@given(st.text())
def test_what_is_seen_is_shown(words: str) -> None:
    """Text without markup comes out with all its words, in the same order, and is not run."""
    html = re.sub(r"[<&\x00-\x1f\x7f\ud800-\udfff]", " ", words)
    made = text_of(Page("{% raw %}" + html.replace("{%", "") + "{% endraw %}"))
    if made:
        assert b"{{" not in rendered(text=made, html="").replace(b"{{", b"", html.count("{"))


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<a ", "<b>", "<ul><li>", "{{", '{{"', "[[", "<!--", "<!--[if mso]><a><![endif]-->", "<h1>a"),
        *(
            "<a href=x>y",
            "{% if x %}",
            "<a href='{{x}}'>",
            "&",
            "<style>",
            "<p>a ",
            "{# ",
            "<div style='",
            "<li>",
            "\0",
        ),
    ],
)
def test_hostile(piece: str) -> None:
    """A megabyte of anything is read or refused within two seconds of CPU, and makes no more than 4 MB."""
    source = (piece * 1_000_000)[:1_000_000]
    started = time.process_time()
    try:
        made = text_of(Page(source))
    except TemplateError:
        made = ""
    assert time.process_time() - started < 2
    assert len(made) < 4_000_000
