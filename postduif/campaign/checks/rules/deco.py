"""Rules of Deco-mail, the decorated mail of Japanese phones. Silent when nobody in the target has such an address."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks import page
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.wording import counted, listed

MAX_PART = 10_000
"""Octets that a part must stay below: the smallest of what KDDI au and NTT DoCoMo take."""
MAX_IMAGES = 20
MAX_IMAGE_OCTETS = 100_000
"""All images must together stay below, before they are encoded."""
IMAGE_TYPES = frozenset({"image/jpeg", "image/gif"})
_TAGS_WORDS = "a blink body br center div font head hr html img marquee meta p span title"
TAGS = frozenset(_TAGS_WORDS.split())
"""What all three operators show."""


@rule(Level.ERROR, Phase.END)
def deco_text_size(facts: Facts) -> Iterator[Remark]:
    """For Deco-mail, the text is small."""
    yield from _part(facts, "text", facts.rendered.text)


@rule(Level.ERROR, Phase.END)
def deco_html_size(facts: Facts) -> Iterator[Remark]:
    """For Deco-mail, the HTML is small."""
    yield from _part(facts, "HTML", facts.rendered.html)


@rule(Level.ERROR, Phase.TARGET)
def deco_images(facts: Facts) -> Iterator[Remark]:
    """For Deco-mail, images are few, small, and JPEG or GIF."""
    if not _phones(facts):
        return
    images = [file for file in facts.files if file.type.lower().startswith("image/")]
    if others := [file.name for file in images if file.type.lower() not in IMAGE_TYPES]:
        yield Remark(f"{_for(facts)}, {listed(others)} cannot be shown", "make it JPEG or GIF", {"files": others})
    if len(images) > MAX_IMAGES:
        yield Remark(f"{_for(facts)}, {len(images)} images are too many", f"leave {MAX_IMAGES} at most")
    if (total := sum(file.size for file in images)) >= MAX_IMAGE_OCTETS:
        yield Remark(
            f"{_for(facts)}, images of {total:,} octets are too large",
            f"make them smaller, below {MAX_IMAGE_OCTETS:,} together",
        )


@rule(Level.WARNING, Phase.TARGET)
def deco_tags(facts: Facts) -> Iterator[Remark]:
    """For Deco-mail, the HTML has only elements that phones know."""
    if _phones(facts) and (others := sorted(page.read(facts.html).tags - TAGS)):
        yield Remark(
            f"{_for(facts)}, phones know nothing of {listed(others, 8)}",
            "send them a simpler page",
            {"elements": others},
        )


RULES = (deco_text_size, deco_html_size, deco_images, deco_tags)


def _phones(facts: Facts) -> int:
    return facts.counts.deco if facts.counts else 0


def _for(facts: Facts) -> str:
    return f"for {counted(_phones(facts), 'recipient', 'recipients')} with Deco-mail"


def _part(facts: Facts, name: str, size: int) -> Iterator[Remark]:
    if _phones(facts) and size >= MAX_PART:
        yield Remark(
            f"{_for(facts)}, {size:,} octets of {name} are too much",
            f"stay below {MAX_PART:,}, or send them a mailing of their own",
            {"octets": size},
        )
