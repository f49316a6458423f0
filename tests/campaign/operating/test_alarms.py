"""What somebody should look at: each alarm, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from postduif.campaign.operating.alarms import alarms, of_disk, of_holds, of_sites, of_webhooks
from postduif.campaign.tracking.connection import tracking
from postduif.config.load import read
from postduif.mta.control import NotRunning
from postduif.mta.webhook_follower import Standing

NOW = 1_800_000_000.0
GB = 10**9


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
    assert [one.text for one in of_sites([site, {**site, "held_by": "connections"}], [stopped], NOW)] == [
        "Site my is suspended by piet: theirs",
        "Site mx rests for another 1m 30s: no host took a connection",
    ]
    assert [one.text for one in of_sites([site] * 6, [], NOW)][-1] == "1 more sites are suspended or rest"


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
    assert [one.path for one in alarms(loaded, silent, NOW)] == ["", "/domains"]
    assert not (tmp_path / "campaign").exists()
    with tracking(tmp_path) as connection:
        connection.execute(
            "INSERT INTO wish (at, mailing, number, kind, type, how, wording, origin) "
            "VALUES (?, 1, 1, 'unsubscribe', '', 'page', '', '')",
            (NOW - 300,),
        )
    found = alarms(loaded, silent, NOW)
    assert [one.tone for one in found] == ["bad", "bad", "bad"]
    assert "no daemon answers" in found[0].text
    assert found[1].text == "An unsubscribe or preference waits to be carried out, the oldest since 5m."
    assert "none.pem does not exist" in found[2].text
