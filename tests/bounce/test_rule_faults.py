"""Rules are reached, not shadowed, not doubled; and what breaks that is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.bounce.category import CATEGORIES
from postduif.bounce.classify import classify
from postduif.bounce.diagnostic import read_diagnostic
from postduif.bounce.rule import Rule, read, shipped
from postduif.bounce.rule_faults import rule_faults
from postduif.errors import ConfigError

FULL = (
    '[[rule]]\nname = "full"\ncategory = "mailbox_full"\nsays = "(mailbox|account) full"\nsample = "552 mailbox full"\n'
)
CODE = '[[rule]]\nname = "code"\ncategory = "policy"\nstatus = "5.7.0-2"\nsample = "550 5.7.1 no"\n'

BAD = {
    "has this name": FULL + CODE.replace('"code"', '"full"'),
    "nothing makes it fit": '[[rule]]\nname = "a"\ncategory = "spam"\nsample = "550 x"\n',
    "no such provider": CODE + 'provider = "nobody"\n',
    "no sample": FULL.replace('sample = "552 mailbox full"\n', ""),
    "no rule takes it": FULL.replace("552 mailbox full", "552 quota"),
    "full takes it first": FULL + CODE.replace("550 5.7.1 no", "552 5.7.1 account full"),
    '"account full" in "(account full|over quota)" is all taken by full': FULL
    + '[[rule]]\nname = "b"\ncategory = "storage"\nsays = "(account full|over quota)"\nsample = "552 over quota"\n',
    '"the mailbox full" in "the mailbox full" is all taken by full': FULL.replace(
        'says = "(mailbox|account) full"', 'says = ["mailbox full", "the mailbox full"]'
    ),
    "code takes all its codes": CODE + CODE.replace('"code"', '"again"').replace("0-2", "1"),
}


def rules_of(folder: Path, text: str) -> list[str]:
    (folder / "providers.toml").write_text('[known]\nhosts = ["known.example"]\n', encoding="utf-8")
    (folder / "10-rules.toml").write_text(text, encoding="utf-8")
    return rule_faults(read(folder))


def test_shipped_rules_are_sound() -> None:
    """Each rule that ships is reached by its own samples, no earlier one takes a word of it, none is doubled."""
    assert rule_faults(shipped()) == []


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.name)
def test_classify_obeys(rule: Rule) -> None:
    """`classify` gives a rule's samples to that rule."""
    for sample in rule.samples:
        said = classify(read_diagnostic(sample), min(rule.providers, default=""))
        assert (said.rule, said.category) == (rule.name, rule.category)


def test_every_category_of_a_reply_has_a_rule() -> None:
    """Only what comes by other ways than a reply has none."""
    assert CATEGORIES.keys() - {rule.category for rule in shipped().rules} == {"complaint", "delivered", "unknown"}


def test_sound_rules(tmp_path: Path) -> None:
    """Nothing is found where nothing is wrong."""
    assert rules_of(tmp_path, FULL + CODE) == []


@pytest.mark.parametrize("problem", BAD)
def test_found(problem: str, tmp_path: Path) -> None:
    """Each kind of bad rule is found, with its file and name."""
    found = rules_of(tmp_path, BAD[problem])
    assert any(problem in text for text in found)
    assert all(text.startswith("10-rules.toml: rule ") for text in found)


@pytest.mark.parametrize(
    "text",
    [
        FULL + 'wrong = "x"\n',
        FULL.replace("mailbox_full", "fullness"),
        FULL.replace('name = "full"\n', ""),
        FULL.replace("(mailbox", "((mailbox"),
        CODE.replace("5.7.0-2", "5.7"),
        CODE.replace("5.7.0-2", "5.x.1"),
        FULL + 'code = "many"\n',
        "[[rule]",
    ],
)
def test_not_understood(text: str, tmp_path: Path) -> None:
    """A rule that cannot be understood is refused with its place."""
    with pytest.raises(ConfigError, match="10-rules"):
        rules_of(tmp_path, text)
