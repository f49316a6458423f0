"""`postduif mailing results` and its kin, with what readers did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from postduif.bounce.category import CATEGORIES
from postduif.campaign.audience.exclusion import Exclusion
from postduif.campaign.checks.filters import Held
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.cli.mailing import command
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, visit


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Mailing 7, of which one was opened and one link followed."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    note(tmp_path, [visit(0, 60, "open"), visit(0, 100, link=1), visit(2, 70, "open", machine="proxy")])
    with mailings(tmp_path) as connection:
        for _ in range(NUMBER):
            editing.create(connection, Draft("November"), [], By("anna", NOW))
    path = tmp_path / "postduif.toml"
    path.write_text(f'[server]\nhostname = "mta.sender.example"\ndata_dir = "{tmp_path}"\nrun_dir = "{tmp_path}/run"\n')
    return path


def run(config: Path, *words: str) -> Result:
    """One command."""
    return CliRunner().invoke(command, [words[0], "--config", str(config), *words[1:]])


def test_results(config: Path) -> None:
    """How it was read stands beside how it was delivered, also for programs."""
    told = run(config, "results", "7").output
    assert "figure\topened\t1\tdelivered\t4\t0.2500" in told
    assert "link\t1\t\thttps://shop.example/\thtml\t1\t1\t1\t1\t1" in told
    found = json.loads(run(config, "results", "7", "--json").output)
    assert {one["name"]: one["value"] for one in found["reading"]["figures"]}["opened_with_machines"] == 2
    assert found["reading"]["machines"] == {"proxy": 1}
    assert found["readers"] == [{"domain": "one.example", "opened": 1, "clicked": 1}]
    assert [one["clickers"] for one in found["links"]] == [1, 0, 0]


def test_who(config: Path) -> None:
    """Lists, exports, selections and projects of who did something."""
    listed = json.loads(run(config, "recipients", "7", "--did", "not opened", "--json").output)
    assert [one["number"] for one in listed] == [1, 2, 3]
    assert run(config, "export", "7", "--did", "clicked", "--link", "1").output.count("\n") == 2
    assert run(config, "recipients", "7", "--link", "1").exit_code == 2
    assert "1 contact more in the selection" in run(config, "select", "7", "Readers", "--did", "opened").output
    told = run(config, "select", "7", "Fair", "--did", "not opened", "--project", "--role", "guest", "--json").output
    assert json.loads(told) == {"project": "Fair", "new": 3}
    assert run(config, "select", "7", "X", "--excluded", "", "--project").exit_code == 2
    timeline = json.loads(run(config, "timeline", "7", "ann@one.example", "--json").output)
    assert [one["kind"] for one in timeline[0]["events"]][-2:] == ["opened", "clicked"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("recipients", "7", "--cause", "mailbox-ful"), "'mailbox-ful' is no cause; did you mean mailbox_full?"),
        (("export", "7", "--cause", "excluded_domain"), "'excluded_domain' is no cause; there are recipient_unknown, "),
        (("select", "7", "X", "--excluded", "unsubscribe"), "'unsubscribe' is no cause; did you mean unsubscribed?"),
        (("exclusions", "7", "--cause", "nulmx"), "'nulmx' is no cause; did you mean null_mx?"),
    ],
)
def test_a_cause_that_is_none(config: Path, words: tuple[str, ...], told: str) -> None:
    """A word that means nothing is refused, and not answered with nobody."""
    result = run(config, *words)
    assert (result.exit_code, told in " ".join(result.output.split())) == (2, True), result.output


def test_every_cause_is_taken(config: Path) -> None:
    """Those that the figures show can be asked for."""
    for word in [*Exclusion, *Held, ""]:
        assert run(config, "exclusions", "7", "--cause", word).exit_code == 0
    for word in [*CATEGORIES, ""]:
        assert run(config, "recipients", "7", "--cause", word).exit_code == 0
