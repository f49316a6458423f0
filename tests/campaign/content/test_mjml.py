"""MJML made HTML, with its template expressions."""

from __future__ import annotations

import re

import pytest

from postduif.campaign.content.mjml import html_of, inlines
from postduif.errors import TemplateError


def page(column: str, head: str = "") -> str:
    """MJML with this in a column."""
    body = f"<mj-section><mj-column>\n{column}\n</mj-column></mj-section>"
    return f"<mjml><mj-head>{head}</mj-head><mj-body>{body}</mj-body></mjml>"


@pytest.mark.parametrize(
    "column",
    [
        "<mj-text>Dear {{ customer.name | default('<you>') }} & [[ city ]]</mj-text>",
        '<mj-text color="{{ c }}" css-class="a {% if q %}b{% endif %}">x</mj-text>',
        '<mj-text><a href="https://x.nl/?a=1&b={{ u | urlencode }}" style="top:{{ t }}">z</a></mj-text>',
        '<mj-button href="{{ k | default("https://x.nl") }}">go {{ l }}</mj-button>',
        '{% if a > 1 %}<mj-text>b</mj-text>{% else %}<mj-image src="{{ i }}" alt="{{ a }}"/>{% endif %}',
        "<mj-table>{% for o in orders %}<tr><td>{{ o.t }}</td></tr>{% endfor %}</mj-table>",
        "<mj-raw>{% raw %}{{ x }}{% endraw %}<!--[if mso]>{{ m }}<![endif]--></mj-raw>",
        "<mj-text><p {% if x %}class='a'{% endif %}>a<br>b<img src='{{ s }}'></p></mj-text>",
        '<mj-section background-color="{{ one }}" padding="{{ two }}">x</mj-section>',
    ],
)
def test_expressions_come_out_as_they_went_in(column: str) -> None:
    """Every expression is in the HTML, untouched, those between elements in their order."""
    made = html_of(page(column))
    expressions = re.findall(r"\{\{.*?\}\}|\{%.*?%\}|\[\[.*?\]\]", column)
    assert expressions
    assert [one for one in expressions if one not in made] == []
    assert "postduif" not in made
    blocks = [one for one in expressions if one.startswith("{%")]
    assert [one for one in re.findall(r"\{%.*?%\}", made) if one in blocks] == blocks


def test_head() -> None:
    """Title, preview, styles and attributes may hold expressions too."""
    made = html_of(
        page(
            "<mj-text>x</mj-text>",
            "<mj-title>{{ t }}</mj-title><mj-preview>{{ p }}</mj-preview><mj-style>.a{color:{{ c }}}</mj-style>"
            "<mj-attributes><mj-all font-family=\"{{ f | default('Arial') }}\"/></mj-attributes>",
        )
    )
    assert "<title>{{ t }}</title>" in made
    assert ">{{ p }}</div>" in made
    assert ".a{color:{{ c }}}" in made
    assert "font-family:{{ f | default('Arial') }}" in made


def test_no_fonts_from_elsewhere() -> None:
    """No reader is sent to a font server that the maker did not name."""
    assert "googleapis" not in html_of(page("<mj-text>x</mj-text>"))
    font = '<mj-font name="Duif" href="https://x.nl/font.css"/>'
    assert "https://x.nl/font.css" in html_of(page('<mj-text font-family="Duif">x</mj-text>', font))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (page("<mj-txt>x</mj-txt>"), "mjml, line 2: mj-txt is no element that can be used; did you mean mj-text?"),
        (page('<mj-include path="/etc/passwd"/>'), "mjml, line 2: mj-include is no element"),
        (page("<mj-text><b>x</mj-text>"), "mjml, line 2: </mj-text>, but b of line 2 is open"),
        (page("</mj-text>"), "mjml, line 2: </mj-text>, but mj-column of line 1 is open"),
        ("<mjml>\n<mj-body>", "mjml, line 2: mj-body is not closed"),
        (page("<mj-text>1 < 2</mj-text>"), "mjml, line 2: a < that begins no element; write &lt;"),
        (page('<mj-image src="x" width="{{ w }}"/>'), "mjml, line 2: {{ w }} would not be in the message"),
        ("\n<p>x</p>", "mjml, line 2: unexpected token: <p"),
        (page("<mj-text><p\nclass=a>x</p></mj-text>"), "mjml, line 2: write quotes around the value of class"),
        ("</p>", "mjml, line 1: </p>, but none is open"),
        ("text", "mjml"),
        ("<mj-section>" * 20_000, "mjml, line 1: elements in each other more than 256 deep"),
        (
            page("<mj-text>" + "<b>" * 20_000 + "</b>" * 20_000 + "</mj-text>"),
            "mjml, line 2: elements in each other more than",
        ),
    ],
)
def test_errors(source: str, said: str) -> None:
    """An error is one line with the place; what would end the program is one too."""
    with pytest.raises(TemplateError) as error:
        html_of(source)
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


def test_inlines() -> None:
    """A style that asks to be inlined is seen."""
    assert inlines('<mj-style inline="inline">')
    assert not inlines("<mj-style>")
