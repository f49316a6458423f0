"""`postduif why` on a real daemon, and without one."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, installed, run, soon, tried, written
from tests.stories.daemon import text

SITE = """
[[site]]
name = "big"
mx = ["localhost"]
message_rate = "1/h"
"""


def test_each_recipient_has_an_answer(tmp_path: Path) -> None:
    """By id, address, Message-ID or domain: what waits, what failed and what arrived, with the setting's line."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            content = b"Message-ID: <1@sender.example>\r\n" + text()
            number = await daemon.submit(["a@x.example", "tempfail@x.example", "permfail@x.example"], content=content)
            await daemon.journal(number, 3)
            await tried(daemon, 1)
            for subject in (str(number), "<1@sender.example>", "1@sender.example"):
                found = await asked_json(daemon, "why", subject)
                states = {one["recipient"]: one["state"] for one in found}
                assert states == {
                    "tempfail@x.example": "queued",
                    "permfail@x.example": "failed",
                    "a@x.example": "delivered",
                }
            (waiting,) = await asked_json(daemon, "why", "TEMPFAIL@X.example")
            assert waiting["cause"] == "schedule"
            assert soon(waiting["next_attempt"], 70)
            assert waiting["setting"] == {
                "name": "delivery.retry",
                "value": "1m, 5m*2, 15m, 1h*3, 4h",
                "where": "default",
            }
            out = (await asked(daemon, "why", "tempfail@x.example")).stdout
            assert out.startswith(
                f"{number} from app@sender.example to tempfail@x.example is queued; its 2nd attempt comes in"
            )
            assert "said: 450 4.2.1 mailbox busy, try again" in out
            whole = (await asked(daemon, "why", "x.example")).stdout
            assert whole.startswith("1 recipient waits for x.example; the oldest came ")
            assert "takes mail" in whole
            assert "Refused for good once: 550 5.1.1 no such user here" in whole
            few = await asked(daemon, "why", str(number), "--limit", "1")
            assert few.stdout.endswith("There are more; --limit 10 shows them.\n")

    asyncio.run(story())


def test_what_holds_it(tmp_path: Path) -> None:
    """A hold, a suspended site and a rate are named, the rate with its line in the file."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port, SITE) as daemon:
            assert (await asked(daemon, "queue", "hold", "--domain", "x.example", "--reason", "no")).exit_code == 0
            await daemon.submit(["a@x.example"])
            assert [one["state"] for one in await asked_json(daemon, "why", "a@x.example")] == ["held"]
            assert (
                "To let go: postduif queue release --domain x.example"
                in (await asked(daemon, "why", "x.example")).stdout
            )
            assert (await asked(daemon, "queue", "release", "--domain", "x.example")).exit_code == 0
            await sink.wait_for(1)
            await daemon.submit(["b@x.example"])
            await daemon.until(lambda: any(len(route.ready) for route in daemon.app.delivery.routes.values()))
            (limited,) = await asked_json(daemon, "why", "b@x.example")
            assert (limited["state"], limited["cause"]) == ("ready", "message_rate")
            line = daemon.path.read_text().splitlines().index('message_rate = "1/h"') + 1
            assert limited["setting"] == {
                "name": "message_rate of [[site]] big",
                "value": "1/h",
                "where": f"{daemon.path}:{line}",
            }
            assert (await asked(daemon, "site", "suspend", "next_hop:*", "--reason", "they asked")).exit_code == 0
            (suspended,) = await asked_json(daemon, "why", "b@x.example")
            assert suspended["cause"] == "site suspended"
            assert "suspended: they asked." in (await asked(daemon, "why", "x.example")).stdout

    asyncio.run(story())


def test_a_site_that_cannot_be_reached(tmp_path: Path) -> None:
    """What comes while a site rests waits for the end of the rest; the answer says what went wrong there."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        async with installed(tmp_path, port) as daemon:
            await daemon.submit(["a@x.example"])
            await tried(daemon, 1)
            await daemon.submit(["b@x.example"])
            (resting,) = await asked_json(daemon, "why", "b@x.example")
            assert (resting["state"], resting["cause"]) == ("queued", "site resting")
            assert soon(resting["next_attempt"], 11)
            assert "Site next_hop:* rests for another" in resting["answer"][1]
            assert "Its site next_hop:* rests for another" in (await asked(daemon, "why", "x.example")).stdout

    asyncio.run(story())


def test_a_connection_rate(tmp_path: Path) -> None:
    """Mail that needs a new connection waits for the rate of connections, with its line in the file."""

    async def story() -> None:
        settings = '[delivery]\nmessages_per_connection = 1\nconnection_rate = "1/h"\n'
        async with Sink() as sink, installed(tmp_path, sink.port, settings) as daemon:
            await daemon.submit(["a@x.example"])
            await sink.wait_for(1)
            await daemon.until(lambda: not any(route.connections for route in daemon.app.delivery.routes.values()))
            await daemon.submit(["b@x.example"])
            await daemon.until(lambda: any(len(route.ready) for route in daemon.app.delivery.routes.values()))
            (limited,) = await asked_json(daemon, "why", "b@x.example")
            assert (limited["state"], limited["cause"]) == ("ready", "connection_rate")
            assert limited["setting"]["name"] == "delivery.connection_rate"
            assert limited["setting"]["where"].startswith(f"{daemon.path}:")

    asyncio.run(story())


def test_somebody_who_is_refused(tmp_path: Path) -> None:
    """An address on the list is known, also when no mail for it ever was; beside an answer it is said once."""

    async def story() -> Path:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            why = ("suppress", "add", "*@y.example", "permfail@x.example", "--reason", "moved")
            number = await daemon.submit(["permfail@x.example"])
            await daemon.journal(number)
            assert (await asked(daemon, *why)).exit_code == 0
            only = await asked(daemon, "why", "anna@Y.example")
            assert only.stdout.startswith("anna@y.example is refused all mail since ")
            assert only.stdout.endswith("\n  To let it go: postduif suppress remove '*@y.example' --reason TEXT\n")
            (plain,) = await asked_json(daemon, "why", "anna@y.example")
            assert (plain["state"], len(plain["refused"])) == ("refused", 2)
            both = (await asked(daemon, "why", "permfail@x.example")).stdout
            assert both.startswith("permfail@x.example is refused all mail since ")
            assert both.count("To let it go") == 1
            assert f"\n\n{number} from app@sender.example to permfail@x.example failed for good" in both
            by_id = (await asked(daemon, "why", str(number))).stdout
            assert by_id.startswith(f"{number} from app@sender.example")
            assert "\n  To let it go: postduif suppress remove permfail@x.example --reason TEXT\n" in by_id
            return daemon.path

    path = asyncio.run(story())
    assert "*@y.example is suppressed (manual)" in run(path, "why", "anna@y.example").stdout


def test_without_a_daemon(tmp_path: Path) -> None:
    """The queue file is asked; that nobody delivers is the answer."""

    async def story() -> tuple[Path, int]:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            number = await daemon.submit(["tempfail@x.example"])
            await tried(daemon, 1)
            return daemon.path, number

    path, number = asyncio.run(story())
    result = run(path, "why", str(number))
    assert result.exit_code == 0
    assert "is in the queue, but no daemon runs, so nothing is tried.\n  Start it: " in result.stdout
    assert "No daemon runs" in run(path, "why", "x.example").stdout


def test_the_bounce_domain(tmp_path: Path) -> None:
    """It is known, though no mail ever goes there, with the line that says so."""
    path = written(tmp_path, '[bounce]\ndomain = "bounce.example.com"\n')
    result = run(path, "why", "bounce.example.com")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f": bounce.domain = bounce.example.com ({path}:5).\n")


@pytest.mark.parametrize("subject", ["412", "nobody@x.example", "x.example", "@x.example", "<1@x.example>"])
def test_nothing_is_known(tmp_path: Path, subject: str) -> None:
    """What is neither in the queue nor in the journal is said in one line, with status 1; JSON has no answer."""
    path = written(tmp_path)
    result = run(path, "why", subject)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"postduif: nothing is known of {subject}; the journal goes back 30d\n"
    answers = json.loads(run(path, "why", subject, "--json").stdout)
    assert (answers if isinstance(answers, list) else answers["answer"]) == []


@pytest.mark.parametrize("subject", ["a b", "<1@x.example", "a@b@c", "", "@"])
def test_no_subject(tmp_path: Path, subject: str) -> None:
    """What cannot be mail is a usage error."""
    result = run(written(tmp_path), "why", subject)
    assert result.exit_code == 2
    assert "is no queue id, <Message-ID>, address or domain" in result.stderr


def test_no_configuration(tmp_path: Path) -> None:
    """A file that is not there is one line with the remedy, and status 1."""
    result = run(tmp_path / "none.toml", "why", "1")
    assert result.exit_code == 1
    assert result.stderr.endswith("none.toml: no such file; create it, or name another with --config\n")
