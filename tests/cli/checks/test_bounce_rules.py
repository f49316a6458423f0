"""`postduif check` holds the rules of classification to their samples."""

from __future__ import annotations

from pathlib import Path

from postduif.bounce.rule import FOLDER
from postduif.cli.checks.bounce_rules import bounce_rules

RULE = '[[rule]]\nname = "full"\ncategory = "mailbox_full"\nsays = "mailbox full"\nsample = "552 {}"\n'


def rules_of(folder: Path, text: str) -> Path:
    (folder / "providers.toml").write_text("", encoding="utf-8")
    (folder / "10-rules.toml").write_text(text, encoding="utf-8")
    return folder


def test_shipped_rules() -> None:
    """The rules that ship are sound."""
    (found,) = bounce_rules()
    assert (found.level, found.where) == ("ok", str(FOLDER))


def test_rule_that_is_not_reached(tmp_path: Path) -> None:
    """A rule that its sample does not reach is an error, with what to do."""
    (found,) = bounce_rules(rules_of(tmp_path, RULE.format("box full")))
    assert found.level == "error"
    assert found.text.endswith('its sample "552 box full" does not reach it, no rule takes it')
    assert found.remedy == "move the rule or mend the sample"


def test_rules_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is no TOML is an error too."""
    (found,) = bounce_rules(rules_of(tmp_path, "[[rule"))
    assert found.level == "error"
    assert "10-rules.toml: cannot be read" in found.text
