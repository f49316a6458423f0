"""Rules of links, and of the way to unsubscribe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from postduif.campaign.checks import page
from postduif.campaign.checks.facts import Facts, Link
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.wording import counted, is_template, listed, without_expressions

_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})
_ADDRESS_LIKE = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?", re.IGNORECASE)


@rule(Level.ERROR, Phase.CONTENT)
def link_broken(facts: Facts) -> Iterator[Remark]:
    """Every link is an address."""
    broken = [link.url for link in facts.links if link.url.strip() and _broken(link.url)]
    if broken:
        yield Remark(
            f"{counted(len(broken), 'link leads', 'links lead')} nowhere: {listed(broken)}",
            "write whole addresses, as https://www.example.com/offer",
            {"links": broken},
        )


@rule(Level.ERROR, Phase.CONTENT)
def form_missing(facts: Facts) -> Iterator[Remark]:
    """Every form that it leads to is there, open and for its readers."""
    if unfit := list(facts.unfit_forms):
        yield Remark(
            f"{counted(len(unfit), 'form', 'forms')} that it leads to cannot be filled in: {listed(unfit)}",
            "correct the link, or make or open the form",
            {"forms": unfit},
        )


@rule(Level.WARNING, Phase.CONTENT)
def link_empty(facts: Facts) -> Iterator[Remark]:
    """Every button leads somewhere."""
    empty = [link.text or "(no words)" for link in facts.links if link.url.strip() in ("", "#")]
    if empty:
        yield Remark(
            f"{counted(len(empty), 'link has', 'links have')} no address: {listed(empty)}",
            "write where they lead",
            {"texts": empty},
        )


@rule(Level.INFO, Phase.CONTENT)
def link_unsafe(facts: Facts) -> Iterator[Remark]:
    """Links lead to pages over TLS."""
    if plain := [link.url for link in facts.links if link.url.lower().startswith("http://")]:
        yield Remark(
            f"{counted(len(plain), 'link begins', 'links begin')} with http://: {listed(plain)}",
            "write https://; browsers warn of the other",
            {"links": plain},
        )


@rule(Level.WARNING, Phase.CONTENT)
def link_label(facts: Facts) -> Iterator[Remark]:
    """Every link that is followed has a label."""
    if bare := [link.url for link in facts.links if link.tracked and not link.label.strip()]:
        yield Remark(
            f"{counted(len(bare), 'link has', 'links have')} no label: {listed(bare)}",
            'give each one: data-label="..." in its element; figures are shown by it',
            {"links": bare},
        )


@rule(Level.WARNING, Phase.CONTENT)
def link_disguised(facts: Facts) -> Iterator[Remark]:
    """No link says one address and leads to another."""
    false = [link.text.strip() for link in facts.links if not link.in_text and _disguised(link)]
    if false:
        yield Remark(
            f"{counted(len(false), 'link shows', 'links show')} another address than it leads to: {listed(false)}",
            "write words in the place of the address; filters take it for fraud",
            {"texts": false},
        )


@rule(Level.WARNING, Phase.CONTENT)
def link_ampersand(facts: Facts) -> Iterator[Remark]:
    """No link has an ampersand that some mail programs read as the beginning of a character."""
    if found := list(page.read(facts.html).ambiguous):
        yield Remark(
            f"some mail programs read {listed(found)} in a link as a character",
            "write &amp; for & in the HTML",
            {"found": found},
        )


@rule(Level.ERROR, Phase.CONTENT, order=20)
def unsubscribe_missing(facts: Facts) -> Iterator[Remark]:
    """There is a way to unsubscribe: a List-Unsubscribe field, or a link in every part."""
    if not _must_let_go(facts) or facts.fault or facts.fields.get("list-unsubscribe", "").strip():
        return
    if without := _without_link(facts):
        yield Remark(
            f"who reads the {' or the '.join(without)} cannot unsubscribe: there is neither a List-Unsubscribe field "
            "nor a link",
            "write web.public_url or bounce.domain, so that the field is made, and put a link in the content",
        )


@rule(Level.WARNING, Phase.CONTENT, order=21)
def unsubscribe_link(facts: Facts) -> Iterator[Remark]:
    """Without pages of ours too, who reads it sees how to unsubscribe, in the HTML and in the text."""
    if not facts.public_url:
        yield from _without_way(facts, ", and write [web] public_url, so that it leads to a page")


@rule(Level.ERROR, Phase.CONTENT, order=21)
def unsubscribe_page(facts: Facts) -> Iterator[Remark]:
    """Where there are pages to unsubscribe, a link to them is in the HTML and in the text."""
    if facts.public_url:
        yield from _without_way(facts, "")


@rule(Level.WARNING, Phase.CONTENT, order=22)
def unsubscribe_click(facts: Facts) -> Iterator[Remark]:
    """Mail programs can unsubscribe with one click (RFC 8058), as Google and Yahoo want of large senders."""
    if not facts.public_url:
        yield from _without_click(facts, "write [web] public_url: then it is made")


@rule(Level.ERROR, Phase.CONTENT, order=22)
def unsubscribe_click_page(facts: Facts) -> Iterator[Remark]:
    """Where there are pages to unsubscribe, mail programs do so with one click, over https (RFC 8058)."""
    if facts.public_url:
        yield from _without_click(facts, "this is a mistake in Postduif, which makes it: report it")


RULES = (
    link_broken,
    form_missing,
    link_empty,
    link_unsafe,
    link_label,
    link_disguised,
    link_ampersand,
    unsubscribe_missing,
    unsubscribe_link,
    unsubscribe_page,
    unsubscribe_click,
    unsubscribe_click_page,
)


def _must_let_go(facts: Facts) -> bool:
    return not facts.transactional and not facts.proof


def _without_way(facts: Facts, more: str) -> Iterator[Remark]:
    if _must_let_go(facts) and (without := _without_link(facts)):
        name = min(facts.unsubscribe_names, default="unsubscribe_url")
        yield Remark(
            f"there is no link to unsubscribe in the {' and the '.join(without)}",
            f"put one with {{{{ {name} }}}} in it{more}",
            {"parts": without},
        )


def _without_click(facts: Facts, remedy: str) -> Iterator[Remark]:
    if not _must_let_go(facts) or facts.fault:  # the fields are not made yet then
        return
    fields = facts.fields
    way = fields.get("list-unsubscribe", "")
    if fields.get("list-unsubscribe-post", "").replace(" ", "").lower() != "list-unsubscribe=one-click":
        yield Remark("there is no List-Unsubscribe-Post field, so that one click does nothing", remedy)
    elif not way.strip() or not (is_template(way) or "<https://" in way.lower()):
        yield Remark(f"List-Unsubscribe has no https address: {way}", remedy)


def _without_link(facts: Facts) -> list[str]:
    """The parts that show no variable with the way to unsubscribe."""
    parts = {"HTML": (facts.html, page.read(facts.html).variables), "text": (facts.text, page.variables(facts.text))}
    named = facts.unsubscribe_names
    return [name for name, (source, shown) in parts.items() if source.strip() and named.isdisjoint(shown)]


def _broken(url: str) -> bool:
    """As far as it is written: what variables become is not known here."""
    url = url.strip()
    if url.startswith("#") or is_template(url[:2]):
        return False
    if any(character.isspace() for character in without_expressions(url)):
        return True
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.lower() not in _SCHEMES or not rest:
        return True
    if scheme.lower() not in ("http", "https") or is_template(url):
        return False
    try:
        parts = urlsplit(url)
        return not parts.hostname or "." not in parts.hostname or parts.port == 0
    except ValueError:
        return True


def _disguised(link: Link) -> bool:
    shown = _ADDRESS_LIKE.fullmatch(link.text.strip())
    if not shown or is_template(link.url) or not link.url.lower().startswith(("http:", "https:")):
        return False
    try:
        host = (urlsplit(link.url).hostname or "").lower()
    except ValueError:
        return False
    return link.tracked or host.removeprefix("www.") != shown[1].lower().removeprefix("www.")
