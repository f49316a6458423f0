"""Rules are read from TOML, and what is wrong with them is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.errors import ConfigError
from postduif.sink.referee import Referee
from postduif.sink.rules import BUILTIN, STAGES, Rule, Rules, Step

FULL = """
[[rule]]
domain = "*.Example.com"
max_connections = 5
max_messages = 10
greylist = "5s"
rcpt = [
    {probability = 0.1, reply = ["450 4.2.1 busy", "451 4.3.0 later"], delay = "1s"},
    {probability = 0.1, reply = "550 5.1.1 gone", delay = ["1s", "5s"]},
]
[rule.dot]
action = "reset"
keep = true
[[rule]]
localpart = "vip*"
domain = "example.com"
"""


def test_reads_rules() -> None:
    """A file is read into typed values; one step may stand without the brackets of a list."""
    [first, second] = Rules.parse(FULL).rule
    assert first.greylist == 5.0
    assert first.rcpt[0].reply == ("450 4.2.1 busy", "451 4.3.0 later")
    assert first.rcpt[1].delay == (1.0, 5.0)
    assert first.dot[0].action == "reset"
    assert second.localpart == "vip*"


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("[[rules]]", "rules:1: rules", 'did you mean "rule"?'),
        ('[[rule]]\ndomian = "x"', "rules:2: rule[0].domian", 'did you mean "domain"?'),
        ("[[rule]]\n[rule.rcpt]\nprobabilty = 1", "rules:3: rule[0].rcpt.probabilty", 'did you mean "probability"?'),
        ('[[rule]]\nrcpt = {reply = "250 ok"}', "rule[0].rcpt.reply", "write it as 450 4.2.1"),
        ('[[rule]]\nrcpt = {reply = "450 a\\nb"}', "rule[0].rcpt.reply", "write it as 450 4.2.1"),
        ('[[rule]]\nrcpt = {reply = "450 a", action = "hang"}', "rule[0].rcpt", "keep one"),
        ("[[rule]]\nrcpt = {probability = 2}", "rule[0].rcpt.probability", "less than or equal to 1"),
        ('[[rule]]\nrcpt = {delay = ["5s", "1s"]}', "rule[0].rcpt.delay", "shorter time first"),
        ('[[rule]]\nrcpt = {delay = "soon"}', "rule[0].rcpt.delay", "write it as"),
        ('[[rule]]\nbody = {reply = "450 no"}', "rule[0]", "use an action"),
        ('[[rule]]\nlisten = "here"', "rule[0].listen", "127.0.0.1"),
        ("[[rule]", "rules", ""),
    ],
)
def test_says_what_is_wrong(text: str, place: str, remedy: str) -> None:
    """An error names the line, the key and a way out."""
    with pytest.raises(ConfigError) as caught:
        Rules.parse(text)
    assert place in str(caught.value)
    assert remedy in str(caught.value)


def test_says_which_file_is_wrong(tmp_path: Path) -> None:
    """An error in a file begins with its name; a missing file is such an error too."""
    path = tmp_path / "rules.toml"
    with pytest.raises(ConfigError, match=str(path)):
        Rules.load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        Rules.load(path)
    path.write_text(FULL)
    assert len(Rules.load(path).rule) == 2


def test_picks_a_rule() -> None:
    """Local parts go first, then the file's order; case does not count; the last resort is for everyone."""
    text = FULL + '[[rule]]\ndomain = "b.example.com"\n[[rule]]\nlocalpart = "permfail-not"\n[[rule]]\nmax_messages = 7'
    rules = Rules.parse(text)
    referee = Referee(rules, 0, lambda: 0.0)
    assert referee.rule("x@a.EXAMPLE.com") is rules.rule[0]
    assert referee.rule("x@b.example.com") is rules.rule[0]
    assert referee.rule("VIP1@example.com") is rules.rule[1]
    assert referee.rule("permfail-not@b.test") is rules.rule[3]
    assert referee.rule("permfail@a.example.com") is BUILTIN[1]
    assert referee.rule("x@example.com") is rules.rule[4] is referee.everyone
    assert Referee(Rules.parse("builtin = false"), 0, lambda: 0.0).rule("permfail@x.test").rcpt == ()


def test_documents_every_setting() -> None:
    """docs/sink.md names every stage and setting of rules, and every local part with a meaning."""
    text = Path(__file__).parents[2].joinpath("docs", "sink.md").read_text("utf-8")
    for name in [
        *STAGES,
        *Rules.model_fields,
        *Rule.model_fields,
        *Step.model_fields,
        *(rule.localpart for rule in BUILTIN),
    ]:
        assert f"`{name}" in text, name
