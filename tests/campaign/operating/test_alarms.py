"""What somebody should look at: each alarm, and what is none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Counts, Draft, Mailing, Policy
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.operating.alarms import (
    MAX_MAILINGS,
    Alarm,
    alarms,
    of_disk,
    of_erasing,
    of_holds,
    of_mailings,
    of_sites,
    of_webhooks,
)
from postduif.campaign.tracking.connection import tracking
from postduif.config.load import read
from postduif.mta.control import NotRunning
from postduif.mta.webhook_follower import Standing

NOW = 1_800_000_000.0
GB = 10**9
ANNA = By("anna", NOW)


def silent(do: str, **request: Any) -> Any:
    """An MTA that does not run."""
    raise NotRunning("no daemon answers")


def test_disk() -> None:
    """Full is bad, nearly full is worth a look, much room is nothing."""
    hour = {"trouble": "", "full": False, "disk_free": 10 * GB}
    assert list(of_disk(hour, GB)) == []
    (low,) = of_disk({**hour, "disk_free": int(1.5 * GB)}, GB)
    assert (low.tone, low.text) == ("warn", "The disk is nearly full: 1.5 GB free, 1.0 GB is the reserve.")
    (full,) = of_disk({**hour, "disk_free": GB, "full": True}, GB)
    assert full.tone == "bad"
    (trouble,) = of_disk({**hour, "trouble": "disk I/O error"}, GB)
    assert "disk I/O error" in trouble.text


def test_erasing() -> None:
    """While it takes long to take some out of results that is told, with since when; or which mailing is in trouble."""
    assert list(of_erasing({"addresses": 0, "since": None, "failed": {}}, NOW)) == []
    assert list(of_erasing({"addresses": 3, "since": NOW - 60, "failed": {}}, NOW)) == []
    (one,) = of_erasing({"addresses": 1200, "since": NOW - 300, "failed": {}}, NOW)
    assert "1,200 addresses, erased 5m ago" in one.text
    (one,) = of_erasing({"addresses": 1, "since": NOW - 60, "failed": {"7": "it is damaged"}}, NOW)
    assert one == Alarm("bad", "Mailing 7 still has 1 address, erased 1m ago: it is damaged", "/mailings/7")


def test_holds_and_sites() -> None:
    """Holds of single recipients are none of them; of many only the first are named."""
    hold = {"covers": "queues", "owner": "anna", "stream": "", "domain": "x.example", "until": NOW + 60, "reason": "no"}
    (one,) = of_holds([hold, {**hold, "covers": "recipients"}], NOW)
    assert one.text == "Held by anna: x.example, ends in 1m: no"
    assert [one.text for one in of_holds([{**hold, "domain": ""}] * 7, NOW)][-2:] == [
        "Held by anna: everything, ends in 1m: no",
        "2 more holds",
    ]
    site = {"site": "mx", "held_by": "resting", "next_in": 90, "last_trouble": ""}
    stopped = {"site": "my", "by": "piet", "until": None, "reason": "theirs"}
    assert [one.text for one in of_sites([site], [stopped], NOW)] == [
        "Site my is suspended by piet: theirs",
        "Site mx rests for another 1m 30s: no host took a connection",
    ]
    assert [one.text for one in of_sites([site] * 6, [], NOW)][-1] == "More sites are suspended or rest"


def test_webhooks() -> None:
    """Given up is bad; what fails says since when; what goes well says nothing."""
    well = Standing("shop", "https://x", None, 0.0, "", None, given_up=False)
    failing = well._replace(failing_since=NOW - 120, trouble="503")
    found = list(of_webhooks([well, failing, failing._replace(given_up=True)], NOW))
    assert [one.tone for one in found] == ["warn", "bad"]
    assert found[0].text == "Webhook shop has failed for 2m: 503"


def test_wishes_keys_and_silence(tmp_path: Path) -> None:
    """An MTA that is away hides nothing else: what readers wait for, and keys that cannot be read. Bad ones first."""
    path = tmp_path / "postduif.toml"
    path.write_text(
        f'[server]\ndata_dir = "{tmp_path}"\nrun_dir = "{tmp_path}/run"\n'
        f'[[dkim]]\ndomain = "x.example"\nselector = "a"\nkey = "{tmp_path}/none.pem"\n'
    )
    loaded = read(path)
    assert [one.path for one in alarms(loaded, silent, NOW, {})] == ["", "/domains"]
    with tracking(tmp_path) as connection:
        connection.execute(
            "INSERT INTO wish (at, mailing, number, kind, type, how, wording, origin) "
            "VALUES (?, 1, 1, 'unsubscribe', '', 'page', '', '')",
            (NOW - 300,),
        )
        connection.executemany("INSERT INTO lost VALUES (?, ?)", [(NOW // 3600 - 26, 7), (NOW // 3600, 1200)])
    found = alarms(loaded, silent, NOW, {})
    assert [one.tone for one in found] == ["bad", "bad", "bad", "warn"]
    assert "no daemon answers" in found[0].text
    assert found[1].text == "An unsubscribe or preference waits to be carried out, the oldest since 5m."
    assert "none.pem does not exist" in found[2].text
    assert found[3].text.startswith("1,200 opens and clicks of the last day are not counted")


def test_mailings(tmp_path: Path) -> None:
    """Failed, missed, held by themselves: told until somebody does something with it, or puts it away. Stuck ones."""
    with mailings(tmp_path) as connection:

        def made(name: str) -> Mailing:
            draft = Draft(name, target=Spec(condition="id > 0"), policy=Policy.NEWEST)
            return editing.create(connection, draft, ["default"], ANNA)

        failed = running.fail(connection, running.prepare(connection, made("Bad"), ANNA), by("no template"))
        soon = Schedule(datetime.fromisoformat("2027-01-16 08:00"), "UTC")
        late = occasions.schedule(connection, made("Late"), soon, ANNA)
        assert late.next is not None
        now = late.next + 86400
        occasions.come_due(connection, late, by("", now))
        sent = running.send(connection, prepared(connection, made("Held")), ANNA)
        held = running.hold(connection, running.started(connection, sent, ANNA), by("9 of 10 bounced"))
        found = list(of_mailings(tmp_path, {}, now))
        assert [one.path for one in found] == ["/mailings/3", "/mailings/2", "/mailings/1"]
        assert found[0] == Alarm("bad", "Mailing 3, Held, is paused by itself: 9 of 10 bounced", "/mailings/3")
        assert found[1].text.startswith("Mailing 2, Late, was not sent: its date, 2027-01-16 08:00 UTC, was missed")
        running.resume(connection, held, ANNA)
        editing.archive(connection, failed.number, ANNA)
        assert [one.path for one in of_mailings(tmp_path, {}, now)] == ["/mailings/2"]
        assert [one.path for one in of_mailings(tmp_path, {}, now + 15 * 86400)] == []
        for number in range(MAX_MAILINGS + 1):
            running.fail(connection, running.prepare(connection, made(f"{number}"), ANNA), by("no"))
        assert list(of_mailings(tmp_path, {}, NOW))[MAX_MAILINGS].text == "More mailings failed or were missed"
    (stuck, all_) = list(of_mailings(tmp_path, {7: "the disk", 0: "no room"}, now + 15 * 86400))[::-1]
    assert stuck == Alarm("bad", "Mailing 7 does not go on, and is tried again: the disk", "/mailings/7")
    assert all_.text == "No mailing goes on: no room"


def prepared(connection: Connection, mailing: Mailing) -> Mailing:
    """One that can be sent."""
    return running.ready(connection, running.prepare(connection, mailing, ANNA), Counts(10, 0), ANNA)


def by(words: str, at: float = NOW) -> By:
    """The campaign itself."""
    return By("campaign", at, words)
