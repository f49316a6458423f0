"""`postduif bounce classify` says what replies mean."""

from __future__ import annotations

import json

from click.testing import CliRunner, Result

from postduif.cli import main


def run(*arguments: str, given: str = "") -> Result:
    """What the command prints and returns."""
    return CliRunner().invoke(main, ["bounce", "classify", *arguments], input=given)


def test_arguments() -> None:
    """Each argument is a reply; a line each comes out, with category, severity and rule."""
    result = run("550 5.1.1 no such user", "421 4.7.0 Too many connections")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "recipient_unknown\thard\tunknown-user\t550 5.1.1 no such user",
        "rate_limited\tblock\ttoo-many\t421 4.7.0 Too many connections",
    ]


def test_standard_input() -> None:
    """Without arguments every line that is not empty is a reply."""
    result = run(given="552 mailbox full\n\n550 xyzzy\n")
    assert [line.split("\t")[:3] for line in result.output.splitlines()] == [
        ["mailbox_full", "soft", "mailbox-full"],
        ["unknown", "soft", "-"],
    ]


def test_json() -> None:
    """JSON says what the category means, too."""
    (said,) = json.loads(run("--json", "552 mailbox full").output)
    assert said == {
        "reply": "552 mailbox full",
        "category": "mailbox_full",
        "severity": "soft",
        "rule": "mailbox-full",
        "meaning": "The mailbox is over its quota.",
    }


def test_provider() -> None:
    """The provider can be told."""
    said = run("--provider", "mx.docomo.ne.jp", "550 Unknown user b@remote.example").output
    assert said.startswith("recipient_filtered\t")


def test_control_characters_are_not_printed() -> None:
    """What a host said cannot move the cursor."""
    assert "\x1b" not in run("550 \x1b[2J").output
