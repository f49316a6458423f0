"""Each rule knows its samples, and what a request says of itself is believed."""

from __future__ import annotations

import pytest

from postduif.campaign.tracking.machines import OTHER, Rule, of_agent, rules, seen
from postduif.campaign.tracking.visit import Machine, Visited

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.family)
def test_samples(rule: Rule) -> None:
    """Each sample is of the family of its rule, and of no rule before it."""
    assert rule.samples
    for sample in rule.samples:
        found = of_agent(sample, rule.only or "click")
        assert (found.family, found.machine) == (rule.family, rule.machine)


def test_what_people_read_with() -> None:
    """An unknown program is a person's; a program that says nothing is not."""
    assert of_agent("Lynx/2.9.0", "click") == (OTHER, Machine.PERSON)
    assert of_agent(" ", "click").machine is Machine.SCANNER


def test_privacy_relay() -> None:
    """What Apple fetches is no open; somebody behind the same relay who clicks does click."""
    assert of_agent("Mozilla/5.0", "open").machine is Machine.PROXY
    assert of_agent("Mozilla/5.0", "click").machine is Machine.PERSON


@pytest.mark.parametrize(
    ("name", "value"), [("purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("x-moz", "Prefetch")]
)
def test_fetched_ahead(name: str, value: str) -> None:
    """A browser that says that it fetches ahead is no visit of a person."""
    assert seen(Visited.CLICK, "GET", {"user-agent": FIREFOX, name: value}) == ("firefox", Machine.PREFETCH)


def test_only_looked() -> None:
    """HEAD is a machine's, whoever it says it is."""
    assert seen(Visited.CLICK, "HEAD", {"user-agent": FIREFOX}).machine is Machine.HEAD
    assert seen(Visited.CLICK, "GET", {"user-agent": FIREFOX}) == ("firefox", Machine.PERSON)
