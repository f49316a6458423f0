"""What somebody should look at now, the worst first. Each says what is the matter and which page has more.

Everything is asked of the MTA and of files; what cannot be asked is an alarm itself and hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from postduif.campaign.forms import answers, store
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.operating import halts
from postduif.campaign.tracking import requests
from postduif.campaign.tracking.waiting import lost_visits, waiting_wishes
from postduif.config.load import Loaded
from postduif.elapsed import ago, span
from postduif.errors import StoreError
from postduif.mta.control import ControlError, Tell
from postduif.mta.soundness import keys
from postduif.mta.webhook_follower import Standing

LATE = 60.0  # seconds that a wish of a reader may wait before somebody is told
LONG = 120.0  # seconds that it may take to erase somebody before somebody is told
DAY = 86400.0  # seconds
LOW = 2.0  # times the reserve of the disk
MAX_NAMED = 5
"""Sites, holds and webhooks that are named one by one."""

LATELY = 14 * 86400.0  # seconds that a mailing which came to rest by itself is told of
MAX_MAILINGS = 20

Tone = Literal["bad", "warn"]


class Alarm(NamedTuple):
    """One of them. `path` is the page that has more, "" for none."""

    tone: Tone
    text: str
    path: str = ""


def alarms(loaded: Loaded, ask: Tell, now: float, stuck: Mapping[int, str]) -> list[Alarm]:
    """All of them at `now`, seconds since the epoch. Never raises for what is wrong.

    `ask` answers as `control.ask` does; `stuck`: see `sending.engine`.
    """
    data_dir = loaded.config.server.data_dir
    found = [*_of_mta(loaded, ask, now), *of_mailings(data_dir, stuck, now), *_of_wishes(loaded, now)]
    found += of_visits(data_dir, now)
    found += [*_of_keys(loaded, now), *of_requests(data_dir, now), *of_forms(data_dir)]
    return sorted(found, key=lambda one: one.tone != "bad")


def _of_mta(loaded: Loaded, ask: Tell, now: float) -> Iterator[Alarm]:
    try:
        hour, holds = ask("live.hour"), ask("queue.holds")
        sites = ask("site.list", resting=True, limit=MAX_NAMED + 1)
        suspended, webhooks, erasing = ask("site.suspended"), ask("webhook.list"), ask("suppress.erasing")
    except ControlError as error:
        yield Alarm("bad", f"The MTA does not answer, so no mail goes out: {error}")
        return
    yield from of_disk(hour, loaded.config.queue.disk_reserve)
    yield from of_holds(holds, now)
    yield from of_sites(sites, suspended, now)
    yield from of_webhooks([Standing(**one) for one in webhooks], now)
    yield from of_erasing(erasing, now)


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
    """Suspended by somebody, or resting as no host took a connection: of these some are enough."""
    for one in suspended[:MAX_NAMED]:
        until = f", ends {ago(one['until'], now)}" if one["until"] else ""
        yield Alarm("warn", f"Site {one['site']} is suspended by {one['by']}{until}: {one['reason']}", "/sites")
    for one in sites[:MAX_NAMED]:
        trouble = one["last_trouble"] or "no host took a connection"
        yield Alarm("warn", f"Site {one['site']} rests for another {span(one['next_in'])}: {trouble}", "/sites")
    if max(len(suspended), len(sites)) > MAX_NAMED:
        yield Alarm("warn", "More sites are suspended or rest", "/sites")


def of_webhooks(standing: list[Standing], now: float) -> Iterator[Alarm]:
    """Those that are given up, or fail."""
    for one in standing:
        if one.given_up:
            yield Alarm("bad", f"Webhook {one.name} was given up: {one.trouble}", "/webhooks")
        elif one.failing_since:
            yield Alarm(
                "warn", f"Webhook {one.name} has failed for {span(now - one.failing_since)}: {one.trouble}", "/webhooks"
            )


def of_erasing(erasing: Mapping[str, Any], now: float) -> Iterator[Alarm]:
    """People who are still in results of mailings: there are so many that it takes its time, or one is in trouble."""
    count, failed = erasing["addresses"], erasing["failed"]
    if not count or (not failed and now - erasing["since"] < LONG):
        return
    who = f"{'1 address' if count == 1 else f'{count:,} addresses'}, erased {ago(erasing['since'], now)}"
    for number, why in list(failed.items())[:MAX_NAMED]:
        yield Alarm("bad", f"Mailing {number} still has {who}: {why}", f"/mailings/{number}")
    if not failed:
        yield Alarm("warn", f"In results of mailings there are still {who}. They are taken out by themselves.")


def of_mailings(data_dir: Path, stuck: Mapping[int, str], now: float) -> Iterator[Alarm]:
    """Those that came to rest by themselves lately and that nobody has touched since, and those that do not go on."""
    for number, text in sorted({**stuck}.items()):
        if number:
            yield Alarm("bad", f"Mailing {number} does not go on, and is tried again: {text}", f"/mailings/{number}")
        else:
            yield Alarm("bad", f"No mailing goes on: {text}")
    try:
        with mailings(data_dir) as connection:
            found = halts.halted(connection, now - LATELY, MAX_MAILINGS + 1)
    except StoreError as error:
        yield Alarm("bad", f"Mailings cannot be read: {error}")
        return
    for one in found[:MAX_MAILINGS]:
        said = f"Mailing {one.number}, {one.name}, {halts.WORDS[one.action]}: {one.words or 'no reason is kept'}"
        yield Alarm("bad", said, f"/mailings/{one.number}")
    if len(found) > MAX_MAILINGS:
        yield Alarm("bad", "More mailings failed or were missed", "/mailings")


def _of_wishes(loaded: Loaded, now: float) -> Iterator[Alarm]:
    try:
        count, oldest = waiting_wishes(loaded.config.server.data_dir)
    except StoreError as error:
        yield Alarm("bad", f"What readers ask for cannot be read: {error}")
        return
    if count and oldest < now - LATE:
        what = "an unsubscribe or preference waits" if count == 1 else f"{count:,} unsubscribes or preferences wait"
        yield Alarm("bad", f"{what[0].upper()}{what[1:]} to be carried out, the oldest since {span(now - oldest)}.")


def of_visits(data_dir: Path, now: float) -> Iterator[Alarm]:
    """Opens and clicks of the last day that are in no figure, as they could not be written."""
    try:
        lost = lost_visits(data_dir, now - DAY)
    except StoreError:  # said of wishes already: it is the same file
        return
    if lost:
        what = "An open or click of the last day is" if lost == 1 else f"{lost:,} opens and clicks of the last day are"
        yield Alarm("warn", f"{what} not counted: the disk was too slow or took nothing. Look what else works on it.")


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


def of_forms(data_dir: Path) -> Iterator[Alarm]:
    """Forms that so many sign up by without confirming that it is soon too many: most probably programs."""
    if not are_there(data_dir):
        return
    try:
        with forms(data_dir) as connection:
            for form in [one.form.name for one in store.listed(connection)]:
                if (waiting := answers.unconfirmed(connection, form)) >= answers.MOST_UNCONFIRMED / 2:
                    words = f"{waiting:,} who signed up by the form {form} have not confirmed; at "
                    words += f"{answers.MOST_UNCONFIRMED:,} the oldest go. Look whether these are people."
                    yield Alarm("warn", words, f"/forms/{form}/answers")
    except StoreError as error:
        yield Alarm("bad", f"Answers to forms cannot be read: {error}")


def _of_keys(loaded: Loaded, now: float) -> Iterator[Alarm]:
    for one in (*keys.dkim(loaded), *keys.tls(loaded, now)):
        if one.level != "ok":
            remedy = f"; {one.remedy}" if one.remedy else ""
            yield Alarm("bad" if one.level == "error" else "warn", f"{one.setting}: {one.text}{remedy}", "/domains")
