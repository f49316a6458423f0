"""Links written anew: where they lead in the end, what stays as it was written, what nobody is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.campaign.content.composing import Composed, composed
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.list_fields import Facts
from postduif.campaign.content.preview import SAMPLES, preview
from postduif.campaign.tracking.links import destination, location
from postduif.errors import TemplateError
from postduif.mta.merge.content import Mailbox
from postduif.mta.merge.message import Merge, compile_content
from postduif.recipient_token import SAMPLE

PUBLIC = "https://news.example.com"
NAMES = frozenset({"email", "a", "b", "agreed", "orders[]", "orders[].id"})
FACTS = Facts(7, NAMES, "bounce.example.com", public_url=PUBLIC)
DRAFT = Draft("Hi", Mailbox("news@example.com"), text="no link")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.fixed_dictionaries({"a": TEXTS | st.integers() | st.none(), "b": TEXTS})
MJML = (
    '<mjml><mj-body><mj-section><mj-column><mj-button href="https://x.nl/?q={{ a }}&amp;n=1">'
    "Buy</mj-button></mj-column></mj-section></mj-body></mjml>"
)


class Addresses(HTMLParser):
    """The addresses of links and images, as a browser reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.images: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        found = dict(attrs)
        if "href" in found:
            self.links.append((found["href"] or "").strip())
        if tag == "img":
            self.images.append(found.get("src") or "")


def made(facts: Facts = FACTS, **changes: Any) -> Composed:
    """A mail with these changes, composed."""
    return composed(replace(DRAFT, **changes), facts)


def page(html: str, values: Mapping[str, object], facts: Facts = FACTS, **changes: Any) -> Addresses:
    """What is in the HTML of one recipient's message."""
    result = made(facts, body=html, **changes)
    return Addresses(preview(result, {"email": "jo@example.net", **values}).html)


def led_to(address: str, result: Composed) -> str:
    """Where an address of ours leads to."""
    parts = urlsplit(address)
    way, token, number = parts.path.strip("/").split("/")
    assert (f"{parts.scheme}://{parts.netloc}", way, token) == (PUBLIC, "c", SAMPLE)
    query = parse_qs(parts.query, keep_blank_values=True)
    return destination(result.tracked[int(number) - 1], {name: found[0] for name, found in query.items()})


@cache
def rendering(html: str, text: str, tracking: str) -> tuple[Merge, Composed]:
    """A mail with that body, compiled."""
    result = made(body=html, text=text, tracking=tracking)
    return compile_content(result.content, result.names), result


def parts(html: str, text: str, tracking: str, values: Mapping[str, object]) -> tuple[Addresses, str]:
    """The HTML and the text of one recipient's message."""
    octets = rendering(html, text, tracking)[0].render({**SAMPLES, "email": "jo@example.net", **values})
    message = message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    shown = [part.get_content() for part in (message.get_body(("html",)), message.get_body(("plain",))) if part]
    return Addresses(shown[0]), shown[1].rstrip("\r\n ")


@pytest.mark.parametrize(
    "link",
    [
        "https://x.nl/{{ a }}",
        "https://x.nl/?q={{ a }}&amp;r={{ b }}",
        "HTTP://x.nl:8080/[[a]]/{{ b|upper }}#{{ a }}",
        "https://x.nl?{{ a ~ b }}",
        "https://x.nl/#{{ a|default('none') }}",
        "https://x.nl/{% if a %}shop/{{ a }}?x=1&amp;y=%20{% else %}&quot;{{ b }}{% endif %}/end",
        "https://x.nl/{# to do #}{{ 'yes' if a == b else b|urlencode }}",
        " https://x.nl/%7Bfixed%7D?a={{ a|trim }} ",
        "https://x.nl/{% for one in orders %}{{ one.id }},{% endfor %}",
    ],
)
@settings(max_examples=50)
@given(VALUES)
def test_a_link_leads_where_it_would_have_led(link: str, values: dict[str, object]) -> None:
    """Whatever the values are, a tracked link leads to the very address of the mail without tracking, at its host."""
    scope = {**values, "orders": [{"id": values["a"]}, {"id": values["b"]}]}
    html = f'<p><a href="{link}">here</a></p>'
    untracked = parts(html, "x", "none", scope)[0].links
    (tracked,) = parts(html, "x", "all", scope)[0].links
    wanted = led_to(tracked, rendering(html, "x", "all")[1])
    assert [wanted] == untracked
    assert urlsplit(location(wanted)).netloc.partition(":")[0] == "x.nl"
    assert location(wanted).isascii()
    assert not set(location(wanted)) & set(' "<>\\^`{|}')


@given(VALUES)
def test_the_text_leads_there_too(values: dict[str, object]) -> None:
    """In the text part as in the HTML."""
    scope = {name: "".join(str(value).split()) for name, value in values.items()}
    html, text = "<p>x</p>", "https://x.nl/?q={{ a }}&r={{ b }}"
    tracked, untracked = (parts(html, text, tracking, scope)[1] for tracking in ("all", "none"))
    assert led_to(tracked, rendering(html, text, "all")[1]) == untracked


@given(st.dictionaries(st.text(max_size=3), TEXTS), TEXTS)
def test_no_query_leads_elsewhere(query: dict[str, str], value: str) -> None:
    """Who makes up a query moves the link to no other host, and adds nothing in front of what is fixed."""
    (link,) = rendering('<a href="https://x.nl/shop?q={{ a }}&amp;z=1">x</a>', "x", "all")[1].tracked
    address = location(destination(link, {**query, "a": value}))
    assert address.startswith("https://x.nl/shop?q=")
    assert address.endswith("&z=1")


@pytest.mark.parametrize(
    "link",
    [
        "https://{{ a }}/",
        "{{ a }}",
        "{{ a }}://x.nl/",
        "https://x.nl{{ a }}",
        "https://x.nl:{{ a }}/",
        "https://x.nl\\{{ a }}",
        "https://me@x.nl/{{ a }}",
        "https://x.{% if a %}nl{% endif %}/",
        "https:///{{ a }}",
        "https://x.nl/{{ a|lines }}",
        "https://x.nl/{{- a }}",
        "https://x.nl/{% raw %}{{ a }}{% endraw %}",
        "https://x.nl/" + "{{ a }}" * 27,
        "//x.nl/",
    ],
)
def test_what_could_lead_anywhere_stays_as_it_is(link: str) -> None:
    """A host that a value could move, and what cannot be taken apart, is not tracked; it is said which it is."""
    html = f'<p>\n<a href="{link}">here</a></p>'
    result = made(body=html, tracking="links", track_text=False)
    assert result.tracked == ()
    assert result.content.html == html
    assert [one.partition(":")[0] for one in result.warnings] == ["html, line 2"]


def test_a_condition_around_part_of_a_link_is_left_alone() -> None:
    """A condition that begins before a link and ends in it cannot be taken apart."""
    html = '{% if a %}<a href="https://x.nl/{% else %}<a href="https://y.nl/{% endif %}">here</a>'
    assert not made(body=html).tracked


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:a@x.nl">m</a>',
        '<a href="#top">t</a>',
        '<form action="https://x.nl/"></form>',
        '<a data-track="none" href="https://x.nl/">x</a>',
        '<a href="{{ unsubscribe_url }}">u</a><a href="[[web_version_url]]">w</a><a href="{{preferences_url}}">p</a>',
        '<a href="{{ form_url }}/survey">f</a>',
        '<img src="https://x.nl/logo.png">',
    ],
)
def test_what_nobody_follows(html: str) -> None:
    """Only links to pages are tracked, and of these not our own, and none whose maker says so."""
    result = made(body=html, tracking="links")
    assert (result.tracked, result.warnings, result.content.html) == ((), (), html)


def test_links_are_numbered_in_their_places() -> None:
    """Each place of a link has a number of its own, in the HTML and then in the text, with what it is called."""
    html = (
        '<a href="https://x.nl/">One</a>\n<a data-label="Logo" href="https://x.nl/"><img alt="x" src="cid:x"></a>'
        '<!--[if mso]><v:rect href="https://y.nl/"></v:rect><![endif]-->'
    )
    result = made(body=html, text="https://x.nl/")
    told = [(one.number, one.url, one.text, one.label, one.part, one.line) for one in result.tracked]
    assert told == [
        (1, "https://x.nl/", "One", "One", "html", 1),
        (2, "https://x.nl/", "x", "Logo", "html", 2),
        (3, "https://y.nl/", "", "", "html", 2),
        (4, "https://x.nl/", "", "", "text", 1),
    ]
    assert [one.number for one in result.links] == [1, 2, 3, 4]
    assert [f"/c/{{{{ link_token }}}}/{number}" in result.content.html for number in (1, 2, 3, 4)] == [True] * 3 + [
        False
    ]
    assert result.content.text == f"{PUBLIC}/c/{{{{ link_token }}}}/4"


def test_a_host_in_another_script() -> None:
    """Browsers ask for its ASCII form, and so does the tracked link."""
    (link,) = made(body='<a href="https://bücher.example/für">x</a>').tracked
    assert location(destination(link, {})) == "https://xn--bcher-kva.example/f%C3%BCr"


def test_opens() -> None:
    """One image is added, at the end of the body, unless opens are not wanted."""
    html = "<html><body><p>x</p></body></html>"
    tracked = made(body=html).content.html
    assert tracked.startswith("<html><body><p>x</p><img ")
    assert tracked.endswith("></body></html>")
    assert page(html, {}).images == [f"{PUBLIC}/o/{SAMPLE}.gif"]
    assert page("<p>x</p>", {}).images == [f"{PUBLIC}/o/{SAMPLE}.gif"]
    assert made(body=html, tracking="links").content.html == html


def test_nothing_is_tracked_where_it_is_not_wanted() -> None:
    """Without public_url, and in a mailing that says so, the mail is as it was written."""
    html, text = '<a href="https://x.nl/{{ a }}">x</a>', "https://x.nl/"
    for result in (
        made(replace(FACTS, public_url=""), body=html, text=text),
        made(body=html, text=text, tracking="none"),
    ):
        assert (result.content.html, result.content.text, result.tracked) == (html, text, ())
    assert made(body=html, text=text, track_text=False).content.text == text


def test_only_text() -> None:
    """A mail of text alone has its links tracked, and no image."""
    result = made(body='<a href="https://x.nl/">x</a>', text="https://x.nl/", format="text")
    assert result.content.html == ""
    assert [one.part for one in result.tracked] == ["text"]


def test_mjml() -> None:
    """Links of MJML are those of its HTML."""
    result = made(body=MJML, language="mjml", text="x")
    values = {"email": "jo@example.net", "a": "1 & 2"}
    links = Addresses(preview(result, values).html).links
    assert {led_to(link, result) for link in links} == {"https://x.nl/?q=1 & 2&n=1"}
    assert links


@pytest.mark.parametrize("value", [False, None, "", True, "yes"])
def test_who_did_not_agree_is_not_followed(value: object) -> None:
    """With a variable of consent, the others get the mail as it was written, without a token anywhere."""
    html = '<a href="https://x.nl/{{ a }}?x&amp;y">x</a>'
    values = {"agreed": value, "a": "z"}
    found = page(html, values, tracking_consent="agreed")
    assert found.images == ([f"{PUBLIC}/o/{SAMPLE}.gif"] if value else [])
    if not value:
        assert found.links == ["https://x.nl/z?x&y"]
    else:
        assert found.links == [f"{PUBLIC}/c/{SAMPLE}/1?a=z"]


def test_consent_that_nobody_can_have_given() -> None:
    """A name that recipients do not have is a mistake, not consent."""
    with pytest.raises(TemplateError, match="tracking_consent: argeed is not known"):
        made(body="x", tracking_consent="argeed")


def test_pages_of_ours_need_an_address() -> None:
    """Without public_url one can unsubscribe by mail where there is a bounce domain; other pages there are not."""
    nowhere = replace(FACTS, public_url="")
    link = preview(made(nowhere, body='<a href="{{ unsubscribe_url }}">x</a>', text="x"), {"email": "a@b.nl"}).html
    assert "href=" in link
    for body, facts in (
        ("{{ preferences_url }}", nowhere),
        ("{{ unsubscribe_url }}{{ web_version_url }}", nowhere),
        ("{{ unsubscribe_url }}", replace(nowhere, bounce_domain="")),
    ):
        with pytest.raises(TemplateError, match=r"need web\.public_url in the settings"):
            made(facts, body=body)
