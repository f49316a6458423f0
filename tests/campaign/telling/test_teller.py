"""What readers do and what becomes of mailings is told to webhooks, each thing at least once, and never too early."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from pathlib import Path

import pytest

from postduif.bounce import suppression
from postduif.bounce.address_state import Cause, Thresholds, What
from postduif.bounce.address_state import Event as Happened
from postduif.campaign.audience import import_runs
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_runs import Run, RunState
from postduif.campaign.database import path_of
from postduif.campaign.forms import answers
from postduif.campaign.forms.answers import New
from postduif.campaign.forms.connection import SCHEMA as FORMS
from postduif.campaign.forms.connection import forms
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.telling.source import Source
from postduif.campaign.telling.streams import SETTLED, STREAMS
from postduif.campaign.telling.teller import Teller
from postduif.campaign.tracking.visit import Wanted
from postduif.mta.queue_tables import EXTENSIONS
from postduif.queue import recovery
from postduif.queue.connection import FILE_NAME, connect_writer
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put
from tests.campaign.telling.scene import KEY, kept, passes, settings, telling, until
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, on_file, visit
from tests.fakes import FakeClock
from tests.receiver import Receiver, Reply, Request


def write(directory: Path, *names: str) -> None:
    """Mailings."""
    with mailings(directory) as connection:
        for name in names:
            editing.create(connection, Draft(name), [], By("anna", NOW))


def test_visits(tmp_path: Path) -> None:
    """Who opened or clicked is told with address and link, but not before it is clear that it was no machine."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    clock = FakeClock(NOW + 100)

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(tmp_path, receiver, "opened", "clicked"), clock):
                note(tmp_path, [visit(0, 60, "open"), visit(0, 100, link=1), visit(2, 70, "web")])
                await until(clock, lambda: len(receiver.taken) == 2)
                assert clock.time() >= NOW + 100 + SETTLED
            opened, clicked = receiver.taken
            assert (opened["type"], opened["id"], opened["recipient"]) == ("opened", "visits-1", "ann@one.example")
            assert (clicked["type"], clicked["mailing"], clicked["number"]) == ("clicked", NUMBER, 0)
            assert (clicked["link"], clicked["url"], clicked["machine"]) == (1, "https://shop.example/", "")

    asyncio.run(story())


def test_mailings(tmp_path: Path) -> None:
    """What becomes of a mailing is told from the beginning of the webhook on; a restart goes on where it was."""
    tmp_path.chmod(0o700)
    write(tmp_path, "before")
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(tmp_path, receiver, "mailing")
            async with telling(config, clock):
                write(tmp_path, "first")
                await until(clock, lambda: receiver.taken)
                await until(clock, lambda: clock.time() > NOW + 20 and kept(config)["mailings"] == 2)
            receiver.answers = [Reply(503), Reply(302, {"Location": f"{receiver.url}&elsewhere"}), Reply(204)]
            write(tmp_path, "second")
            async with telling(config, clock):
                await until(clock, lambda: len(receiver.taken) == 2)
            told = [(one["type"], one["name"], one["before"], one["after"], one["who"]) for one in receiver.taken]
            assert told == [("mailing", name, "absent", "draft", "anna") for name in ("first", "second")]
            tries = receiver.requests[-3:]
            assert len(receiver.requests) == 4
            assert {one.path for one in tries} == {"/events?for=us"}
            assert len({one.fields["webhook-id"] for one in tries}) == 1
            times = [int(one.fields["webhook-timestamp"]) for one in tries]
            assert times == sorted(set(times))
            assert all(_genuine(one) for one in receiver.requests)
            assert not _genuine(tries[0]._replace(body=tries[0].body.replace(b"anna", b"bert")))
            assert not _genuine(tries[0]._replace(fields={**tries[0].fields, "webhook-timestamp": str(times[1])}))

    asyncio.run(story())


def _genuine(request: Request) -> bool:
    """As docs/webhooks.md has receivers find out."""
    signed = "{webhook-id}.{webhook-timestamp}.".format_map(request.fields).encode() + request.body
    ours = "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(ours, one) for one in request.fields["webhook-signature"].split())


def test_our_own_network(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is told to an address of our own that is not named in the settings, and the log says why."""
    tmp_path.chmod(0o700)
    clock, said = FakeClock(NOW), [""]

    def failed() -> bool:
        said[0] += capfd.readouterr().err
        return "webhook_failed" in said[0]

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(tmp_path, receiver, "mailing", allowed_networks=[]), clock):
                write(tmp_path, "secret")
                await until(clock, failed)
                await passes(clock, 9)
            assert not receiver.requests

    asyncio.run(story())
    assert "allowed_networks" in said[0]


def test_what_people_say(tmp_path: Path) -> None:
    """Wishes and answers are told with who it was and what they said; who unsubscribes is told by the MTA."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    put(tmp_path, NEWSLETTER, SURVEY)
    clock = FakeClock(NOW)
    asked = New("newsletter", 1, NOW + 1, "nl", "new@one.example", "new@one.example", ("offers",), {"age": "33"}, "")
    kinds = ("resubscribed", "tracking", "requested", "signed_up", "confirmed", "responded")

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(tmp_path, receiver, *kinds), clock):
                with on_file(tmp_path) as connection:
                    wishes = [(NUMBER, 1, kind.value, "news" * (kind is Wanted.RESUBSCRIBE)) for kind in Wanted]
                    connection.executemany(_WISH, wishes)
                with forms(tmp_path) as connection:
                    answers.sign_up(connection, asked)
                    answers.sign_up(connection, asked._replace(subject="b@one.example", email="b@one.example"))
                    answers.respond(connection, asked._replace(form="survey", email=""), NUMBER, 2, seed=False)
                    one, two = answers.since(connection, 0, 2)
                    for each in (two, one, one):
                        answers.confirm(connection, each, NOW + 5, "")
                await until(clock, lambda: len(receiver.taken) == 10)
                await passes(clock, 2)
            by_kind = {kind: [one for one in receiver.taken if one["type"] == kind] for kind in kinds}
            assert [len(found) for found in by_kind.values()] == [1, 2, 2, 2, 2, 1]
            told = [one["wish"] for one in by_kind["tracking"] + by_kind["requested"]]
            assert told == ["no_tracking", "tracking", "export", "erase"]
            back = by_kind["resubscribed"][0]
            assert (back["recipient"], back["contact"], back["mail_type"]) == ("bob@one.example", 2, "news")
            assert [one["recipient"] for one in by_kind["confirmed"]] == ["b@one.example", "new@one.example"]
            said = by_kind["responded"][0]
            assert (said["recipient"], said["mailing"], said["values"]) == ("cleo@one.example", NUMBER, {"age": "33"})
            assert len({one["id"] for one in receiver.taken}) == 10

    asyncio.run(story())


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It holds up nothing else, is told from where it was or ended once it is read, and a replay leaves it there."""
    tmp_path.chmod(0o700)
    put(tmp_path, NEWSLETTER)
    file, aside = path_of(tmp_path, FORMS), tmp_path / "aside"
    first = New("newsletter", 1, NOW, "nl", "a@one.example", "a@one.example", ("offers",), {}, "")
    clock = FakeClock(NOW)

    def signed_up(name: str) -> None:
        with forms(tmp_path) as connection:
            answers.sign_up(connection, first._replace(subject=name, email=name))

    def damage() -> None:
        file.rename(aside)
        file.write_bytes(b"no file of ours" * 1000)
        file.chmod(0o600)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(tmp_path, receiver, "mailing", "signed_up")
            signed_up("old@one.example")
            damage()
            async with telling(config, clock):
                write(tmp_path, "first")
                await until(clock, lambda: receiver.taken)
                aside.replace(file)
                await until(clock, lambda: kept(config)["answers"] == 1)
                signed_up("new@one.example")
                await until(clock, lambda: kept(config)["answers"] == 2)  # written once it was taken
            damage()
            source = Source(tmp_path, config.webhook[0], clock)
            source.begin()
            source.go_back(0.0)
            assert kept(config) == {"answers": 2, "mailings": 0}
            source.end()
            source.go_back(NOW + 1e6)
            aside.replace(file)
            async with telling(config, clock):
                await until(clock, lambda: len(receiver.taken) == 3)
            told = [one.get("recipient", one.get("name")) for one in receiver.taken]
            assert told == ["first", "new@one.example", "first"]

    asyncio.run(story())


_WISH = "INSERT INTO wish VALUES (NULL, 1, ?, ?, ?, ?, 'page', 'Yes', '192.0.2.1', NULL)"


def test_standings(tmp_path: Path) -> None:
    """Who is not written to any more, or again, is told with the cause; counted errors and erased names are not."""
    tmp_path.chmod(0o700)
    clock = FakeClock(NOW)
    terms = Thresholds(5, 1e6, 1e6, 1e6)
    recovery.open_queue(tmp_path, clock, EXTENSIONS).lock.release()

    def happen(*those: Happened) -> None:
        with contextlib.closing(connect_writer(tmp_path / FILE_NAME)) as connection:
            suppression.record(connection, those, terms, b"k" * 32)

    async def story() -> None:
        with Receiver() as receiver:
            happen(Happened("old@one.example", What.HARD, NOW))
            async with telling(settings(tmp_path, receiver, "standing"), clock):
                happen(Happened("ann@one.example", What.SOFT, NOW))
                happen(Happened("bob@one.example", What.HARD, NOW, "smtp", "550 5.1.1 nobody"))
                happen(Happened("bob@one.example", What.RELEASE, NOW + 1, "anna", reason="he says so"))
                happen(Happened("#00000000" + "0" * 32, What.ENTRY, NOW, cause=Cause.ERASED))
                await until(clock, lambda: len(receiver.taken) == 3)
            names = ("recipient", "before", "after", "cause", "action", "who", "text", "reason")
            assert [tuple(one[name] for name in names) for one in receiver.taken] == [
                ("bob@one.example", "valid", "quarantined", "hard_bounce", "hard", "smtp", "550 5.1.1 nobody", ""),
                ("bob@one.example", "quarantined", "valid", "hard_bounce", "release", "anna", "", "he says so"),
                ("", "valid", "suppressed", "erased", "entry", "", "", ""),
            ]

    asyncio.run(story())


def test_imports(tmp_path: Path) -> None:
    """Each file that was taken in is told in the order in which they ended, with what became of its rows."""
    tmp_path.chmod(0o700)
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver, audience(tmp_path) as connection:
            runs = [import_runs.begin(connection, f"{name}.csv", name, NOW) for name in ("old", "long", "short")]
            for run, ended in ((runs[0], NOW), (runs[1], None)):
                import_runs.save(connection, _ended(run, ended), ())
            async with telling(settings(tmp_path, receiver, "imported"), clock):
                for run, ended in ((runs[2], NOW + 1), (runs[1], NOW + 2), (runs[1], NOW + 2)):
                    import_runs.save(connection, _ended(run, ended), ())
                await until(clock, lambda: len(receiver.taken) == 2)
                await passes(clock, 2)
            names = ("id", "type", "import", "file", "added", "updated", "skipped", "rejected")
            assert [tuple(one[name] for name in names) for one in receiver.taken] == [
                ("imports-2", "imported", 3, "short.csv", 7, 0, 0, 2),
                ("imports-3", "imported", 2, "long.csv", 7, 0, 0, 2),
            ]
            (stream,) = [one for one in STREAMS if "imported" in one.kinds]
            assert [stream.behind(tmp_path, since) for since in (0.0, NOW + 1, NOW + 3, None)] == [0, 1, 3, 3]

    asyncio.run(story())


def _ended(run: Run, at: float | None) -> Run:
    return run._replace(state=RunState.RUNNING if at is None else RunState.DONE, added=7, rejected=2, ended=at)


def test_nobody_wants_it(tmp_path: Path) -> None:
    """A webhook for mail alone has nothing to do with it."""
    with Receiver() as receiver:
        clock = FakeClock()
        assert not Teller(settings(tmp_path, receiver, "bounced", "answered"), clock).wanted
        assert Teller(settings(tmp_path, receiver, "bounced", "standing"), clock).wanted
