"""What somebody should look at now, the worst first. Each says what is the matter and which page has more.

Everything is asked of the MTA and of files; what cannot be asked is an alarm itself and hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from postduif.campaign.tracking import requests
from postduif.campaign.tracking.waiting import waiting_wishes
from postduif.config.load import Loaded
from postduif.elapsed import ago, span
from postduif.errors import StoreError
from postduif.mta.control import ControlError
from postduif.mta.soundness import keys
from postduif.mta.webhook_follower import Standing

LATE = 60.0  # seconds that a wish of a reader may wait before somebody is told
LOW = 2.0  # times the reserve of the disk
MAX_NAMED = 5
"""Sites, holds and webhooks that are named one by one."""

Tone = Literal["bad", "warn"]


class Alarm(NamedTuple):
    """One of them. `path` is the page that has more, "" for none."""

    tone: Tone
    text: str
    path: str = ""


class Ask(Protocol):
    """Answers as `control.ask` does."""

    def __call__(self, do: str, **request: Any) -> Any:
        """Raises ControlError."""
        ...


def alarms(loaded: Loaded, ask: Ask, now: float) -> list[Alarm]:
    """All of them at `now`, seconds since the epoch. Never raises for what is wrong."""
    found = [*_of_mta(loaded, ask, now), *_of_wishes(loaded, now), *_of_keys(loaded, now)]
    found += of_requests(loaded.config.server.data_dir, now)
    return sorted(found, key=lambda one: one.tone != "bad")


def _of_mta(loaded: Loaded, ask: Ask, now: float) -> Iterator[Alarm]:
    try:
        hour = ask("live.hour")
        queue, sites = ask("queue.summary"), ask("site.list")
        suspended, webhooks = ask("site.suspended"), ask("webhook.list")
    except ControlError as error:
        yield Alarm("bad", f"The MTA does not answer, so no mail goes out: {error}")
        return
    yield from of_disk(hour, loaded.config.queue.disk_reserve)
    yield from of_holds(queue["holds"], now)
    yield from of_sites(sites, suspended, now)
    yield from of_webhooks([Standing(**one) for one in webhooks], now)


def of_disk(hour: Mapping[str, Any], reserve: int) -> Iterator[Alarm]:
    """`hour` is what `live.hour` says; `reserve` is in octets."""
    if hour["trouble"]:
        yield Alarm("bad", f"The queue is in trouble: {hour['trouble']}")
    free = hour["disk_free"]
    if hour["full"]:
        yield Alarm("bad", "The disk reserve is reached: new mail gets 452, deliveries go on. Make room on the disk.")
    elif 0 <= free < LOW * reserve:
        yield Alarm(
            "warn", f"The disk is nearly full: {free / 1e9:.1f} GB free, {reserve / 1e9:.1f} GB is the reserve."
        )


def of_holds(holds: list[Mapping[str, Any]], now: float) -> Iterator[Alarm]:
    """Those of whole scheduled queues, which stop what comes, too."""
    whole = [one for one in holds if one["covers"] == "queues"]
    for one in whole[:MAX_NAMED]:
        what = " ".join(part for part in (one["stream"], one["domain"]) if part) or "everything"
        until = f", ends {ago(one['until'], now)}" if one["until"] else ""
        yield Alarm("warn", f"Held by {one['owner']}: {what}{until}: {one['reason']}", "/queue")
    if len(whole) > MAX_NAMED:
        yield Alarm("warn", f"{len(whole) - MAX_NAMED} more holds", "/queue")


def of_sites(sites: list[Mapping[str, Any]], suspended: list[Mapping[str, Any]], now: float) -> Iterator[Alarm]:
    """Suspended by somebody, or resting as no host took a connection."""
    for one in suspended[:MAX_NAMED]:
        until = f", ends {ago(one['until'], now)}" if one["until"] else ""
        yield Alarm("warn", f"Site {one['site']} is suspended by {one['by']}{until}: {one['reason']}", "/sites")
    resting = [one for one in sites if one["held_by"] == "resting"]
    for one in resting[:MAX_NAMED]:
        trouble = one["last_trouble"] or "no host took a connection"
        yield Alarm("warn", f"Site {one['site']} rests for another {span(one['next_in'])}: {trouble}", "/sites")
    more = max(0, len(suspended) - MAX_NAMED) + max(0, len(resting) - MAX_NAMED)
    if more:
        yield Alarm("warn", f"{more} more sites are suspended or rest", "/sites")


def of_webhooks(standing: list[Standing], now: float) -> Iterator[Alarm]:
    """Those that are given up, or fail."""
    for one in standing:
        if one.given_up:
            yield Alarm("bad", f"Webhook {one.name} was given up: {one.trouble}", "/webhooks")
        elif one.failing_since:
            yield Alarm(
                "warn", f"Webhook {one.name} has failed for {span(now - one.failing_since)}: {one.trouble}", "/webhooks"
            )


def _of_wishes(loaded: Loaded, now: float) -> Iterator[Alarm]:
    try:
        count, oldest = waiting_wishes(loaded.config.server.data_dir)
    except StoreError as error:
        yield Alarm("bad", f"What readers ask for cannot be read: {error}")
        return
    if count and oldest < now - LATE:
        what = "an unsubscribe or preference waits" if count == 1 else f"{count:,} unsubscribes or preferences wait"
        yield Alarm("bad", f"{what[0].upper()}{what[1:]} to be carried out, the oldest since {span(now - oldest)}.")


def of_requests(data_dir: Path, now: float) -> Iterator[Alarm]:
    """Readers who wait for a copy, or to be erased: a person has to see to them within a month."""
    try:
        number, oldest = requests.waiting(data_dir)
    except StoreError:  # said of wishes already: it is the same file
        return
    if number and oldest is not None:
        tone: Tone = "bad" if now > oldest + requests.LAWFUL else "warn"
        what = "A reader waits" if number == 1 else f"{number:,} readers wait"
        yield Alarm(tone, f"{what} for a copy or to be erased, the first for {span(now - oldest)}.", "/requests")


def _of_keys(loaded: Loaded, now: float) -> Iterator[Alarm]:
    for one in (*keys.dkim(loaded), *keys.tls(loaded, now)):
        if one.level != "ok":
            remedy = f"; {one.remedy}" if one.remedy else ""
            yield Alarm("bad" if one.level == "error" else "warn", f"{one.setting}: {one.text}{remedy}", "/domains")
