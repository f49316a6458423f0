"""The measurement of mailings, with small numbers: every part measures what it says, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from bench import newsletter
from bench.audience import SUPPRESSED
from bench.house import House
from bench.mailing import main
from bench.mailing_report import Findings, as_json, markdown
from bench.pausing import Break, breaks
from bench.preparing import Preparation, Prepared, prepared
from bench.programs import since
from bench.readers import people_for
from bench.sending import Sending, sent
from bench.top_functions import Share, shares
from bench.usual import Usual, usual
from bench.usual_way import Maker
from tests.peers import need

RECIPIENTS = 150


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """With people enough for 150 recipients."""
    need("openssl")
    with House(tmp_path / "house", people_for(RECIPIENTS)) as house:
        yield house


def test_prepared_and_sent(house: House) -> None:
    """One in twenty is left out; everybody else gets a message, which is signed; what it took is above nothing."""
    made = prepared(house)
    took = made.took
    assert (took.people, took.recipients) == (158, RECIPIENTS)
    assert took.memory > took.memory_before > 10 << 20
    assert made.disk_each > 100
    run = sent(house, made, 1)
    assert run.messages == RECIPIENTS
    assert 0 < run.share < 1
    assert {"event loop", "signing", "queue files"} >= {name for name, spent in run.cpu.items() if spent > 0.2}
    assert run.cpu_each() >= run.cpu_each("event loop") > 0
    assert run.memory >= run.memory_before > 30 << 20
    assert run.sink_cpu >= 0
    assert 0 < run.share_of_cpu < 1
    assert run.written > 0


def test_pauses(tmp_path: Path) -> None:
    """It is paused while it is sent, goes on each time, and in the end everybody has got one message."""
    with House(tmp_path / "house", people_for(4 * RECIPIENTS)) as house:
        (one,) = breaks(house, prepared(house), 1)
    assert one.answered > 0
    assert 0 <= one.last_begun < 30
    assert 0 < one.first_begun < 30


def test_the_usual_way() -> None:
    """The same messages come to the sink, signed by opendkim."""
    need("postfix", "opendkim", "openssl")
    with TemporaryDirectory() as directory:  # which Postfix's own user can reach
        Path(directory).chmod(0o755)
        run = usual(Path(directory), 40, 1)
    assert run.messages == 40
    assert 0 < run.share < 1
    assert run.agent_cpu > 0


def test_the_usual_message() -> None:
    """It has the values that the person has, in the subject and in both parts."""
    message = Maker().message(7)
    known = newsletter.values(7)
    assert message["Subject"] == f"News for {known['value_0']}"
    html = message.get_body(("html",))
    assert html is not None
    assert len(html.get_content()) > 50_000
    assert html.get_content().count(known["value_3"].replace("&", "&amp;").replace("'", "&#39;")) >= 1


@pytest.mark.parametrize("recipients", [1, 18, 19, 20, 95, 10_000, 100_000])
def test_people_for(recipients: int) -> None:
    """Without those that are suppressed there are exactly so many."""
    people = people_for(recipients)
    assert sum(1 for number in range(people) if number % SUPPRESSED) == recipients


def test_addresses_differ() -> None:
    """Everybody has an address of their own; half of all are at five domains."""
    addresses = [newsletter.address(number) for number in range(4000)]
    assert len(set(addresses)) == 4000
    assert 1800 < sum("@large" in address for address in addresses) < 2200


def test_shares_of_a_profile() -> None:
    """Looks are shared out by function, for the processes asked for; those of threads that wait are left out."""
    lines = [
        'process 1:"serve";run (a.py:1);work (b.py:2) 3',
        'process 1:"serve";run (a.py:9) 1',
        'process 1:"serve";process 2:"signer";sign (c.py:2) 50',
        'process 1:"serve";Condition.wait (threading.py:4) 7',
    ]
    assert shares(lines, "serve") == [Share("run (a.py)", 0.25, 1.0), Share("work (b.py)", 0.75, 0.75)]
    assert shares(lines, "signer") == [Share("sign (c.py)", 1.0, 1.0)]


def test_what_was_used_in_between() -> None:
    """Programs that used nothing are left out; new ones count from nothing."""
    assert since({"a": 1.0, "b": 2.0}, {"a": 1.5, "b": 2.0, "c": 0.25}) == {"a": 0.5, "c": 0.25}


def test_the_tables() -> None:
    """Medians of the runs, the worst of the pauses, and whether the aim is reached."""
    took = Preparation(1000, 950, 2.0, 1.0, 50 << 20, 40 << 20)
    sending = Sending(
        1001, 2.0, 0.5, 1000.0, {"event loop": 0.501, "signing": 0.5}, 0.1, 90 << 20, 60 << 20, 1001 * 4096
    )
    pause = Break(0.01, 0.02, 1, 0.03, 0.04)
    found = Findings({1000: [Prepared(1, took, 95_000)]}, [sending], [Usual(100, 1.0, 1000.0, 0.5, 0.5, 1 << 20)])
    found.breaks = [pause, pause, Break(0.5, 0.6, 1, 0.7, 0.8)]
    found.profile = {"event loop": [Share("f (a.py)", 0.5, 0.75)]}
    text = markdown(found)
    assert "| 1,000 people | 500 | 1,000 | 100 | 50 |" in text
    assert "| Postduif | 1,001 | 500 | **0.50** of 1,000/s (aim reached) | 1,000 | 90 |" in text
    assert "4,096 octets a message" in text
    assert "the sink 100 beside. Signing is 0.50 of it." in text
    assert "5.0 times" in text
    assert "| pause: until the last message begins | 0.020 s | 0.600 s |" in text
    assert "| `f (a.py)` | 50.0% | 75.0% |" in text
    assert json.loads(json.dumps(as_json(found, {"machine": "this"})))["send"][0]["share"] == 0.5


def test_one_part_alone(tmp_path: Path) -> None:
    """The program runs the part that is asked for, writes its figures, and leaves nothing else behind."""
    options = ["--parts=prepare", "--people=100", "--rounds=1", f"--directory={tmp_path}"]
    done = CliRunner().invoke(main, [*options, f"--json={tmp_path / 'figures.json'}"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert list(json.loads((tmp_path / "figures.json").read_text())["prepare"]) == ["100"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures.json", "figures.md"]


def test_an_unknown_part() -> None:
    """It is named, with those that there are."""
    done = CliRunner().invoke(main, ["--parts=prepare,sned"])
    assert done.exit_code == 2
    assert "'sned'" in done.output
