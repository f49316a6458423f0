"""Typologies: which rules look, at which level, and how a site says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from postduif.campaign.checks.catalogue import RULES
from postduif.campaign.checks.facts import Facts, Limits
from postduif.campaign.checks.finding import Finding, Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.sieve import Capacity, ControlGroup, DeadDomains, Pressure
from postduif.campaign.checks.typology import Typology, TypologyFault, dump, load, look, stops
from tests.campaign.checks.sound import SOUND

SPOILT = replace(SOUND, subject="x" * 60, preheader="", text="")


def levels(typology: Typology, phase: Phase = Phase.CONTENT) -> dict[str, str]:
    """Rule and level of what is said of the spoilt mailing."""
    return {finding.rule: finding.level.word for finding in look(typology, SPOILT, phase)}


def test_all_rules_hold_at_their_own_level() -> None:
    """The typology that is there without any says everything."""
    assert levels(Typology()) == {"subject_long": "info", "preheader_missing": "info", "text_missing": "warning"}
    assert [rule for rule, _ in Typology().rules()] == list(RULES.values())


def test_a_site_changes_levels() -> None:
    """A level of the site takes the place of the rule's own, and off is silence."""
    typology = Typology(levels={"subject_long": "error", "text_missing": "info", "preheader_missing": "off"})
    assert levels(typology) == {"subject_long": "error", "text_missing": "info"}


def test_a_typology_may_have_a_few_rules_only() -> None:
    """What it does not name does not look."""
    assert levels(Typology(only=("text_missing", "subject_empty"))) == {"text_missing": "warning"}


def test_rules_look_in_their_phase_and_order() -> None:
    """What must be there comes first, and a rule looks in one phase only."""
    assert levels(Typology(), Phase.TARGET) == {}
    empty = Facts(SOUND.now)
    found = [finding.rule for finding in look(Typology(), empty, Phase.CONTENT)]
    assert found[:3] == ["content_missing", "subject_empty", "sender_address"]
    assert list(RULES.values()) == sorted(RULES.values(), key=lambda one: (one.phase, one.order))


@pytest.mark.parametrize(("level", "stopped"), [(Level.INFO, False), (Level.WARNING, False), (Level.ERROR, True)])
def test_any_error_stops(level: Level, *, stopped: bool) -> None:
    """One error among the findings is enough, and nothing less is."""
    harmless = Finding("a", Level.INFO, "", "")
    assert stops([harmless, Finding("b", level, "", ""), harmless]) is stopped
    assert not stops([])


@rule(Level.INFO, Phase.CONTENT)
def broken_rule(facts: Facts) -> Iterator[Remark]:
    """It says one thing, and fails."""
    yield Remark("first", "do it")
    raise ZeroDivisionError("a mistake")


def test_a_rule_that_fails_is_an_error_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A mistake of ours stops the mailing, names the rule, is in the log, and hides nothing."""
    rules = {"broken_rule": broken_rule, "text_missing": RULES["text_missing"]}
    monkeypatch.setattr("postduif.campaign.checks.typology.RULES", rules)
    findings = {finding.text.partition(":")[0]: finding for finding in look(Typology(), SPOILT, Phase.CONTENT)}
    assert findings["first"].level is Level.INFO
    failed = findings["the rule broken_rule failed"]
    assert (failed.rule, failed.level) == ("broken_rule", Level.ERROR)
    assert "ZeroDivisionError: a mistake" in failed.text
    assert "there is no text beside the HTML" in findings
    assert "rule_failed" in capfd.readouterr().err


def test_it_is_kept_as_json() -> None:
    """What is stored is what is read."""
    typology = Typology(
        "strict",
        ("text_missing",),
        {"text_missing": "error"},
        (DeadDomains(), ControlGroup(0.1), Pressure(7, 3, 2), Capacity(100, 10)),
        Limits(hours=(8, 20), zone="Europe/Amsterdam"),
    )
    assert load(dump(typology)) == typology
    assert load('{"name": "plain"}') == Typology("plain")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read: it"),
        ('{"nam": "x"}', "nam: "),
        ('{"levels": {"text_missing": "fatal"}}', "levels.text_missing"),
        ('{"levels": {"text_mising": "off"}}', "no rule 'text_mising'"),
        ('{"only": ["text_mising"]}', "no rule 'text_mising'"),
        ('{"sieves": [{"rule": "control_group", "share": 1}]}', "sieves.0.control_group.share"),
        ('{"sieves": [{"rule": "capacity"}, {"rule": "capacity"}]}', "stands there twice"),
        ('{"limits": {"zone": "Mars/Olympus"}}', "no time zone 'Mars/Olympus'"),
        ('{"limits": {"zone": "../etc"}}', "no time zone"),
        ('{"limits": {"hours": [22, 6]}}', "hours from 22 to 6 are none"),
        ('{"limits": {"hours": [8, 25]}}', "hours from 8 to 25 are none"),
        ('{"limits": {"hours": [-1, 8]}}', "hours from -1 to 8 are none"),
        ('{"limits": {"zon": ""}}', "limits.zon"),
    ],
)
def test_what_cannot_be_is_refused(text: str, words: str) -> None:
    """The text says where it is, and what is wrong."""
    with pytest.raises(TypologyFault, match=words.replace("[", r"\[").replace("..", r"\.\.")):
        load(text)
