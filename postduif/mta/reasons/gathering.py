"""Ask for what an answer is made of: the daemon, or whoever answers in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Protocol

from postduif.config.load import Loaded
from postduif.config.units import format_schedule, format_time
from postduif.mta.control import NotRunning
from postduif.mta.mx import matches
from postduif.mta.reasons.domain import DomainFacts
from postduif.mta.reasons.facts import Facts, Row, Schedule, Setting
from postduif.mta.reasons.refusal import describe, refusing

MAX_ROWS = 1000  # of each listing

_LIMITS = {"connections": "connection_limit", "message_rate": "message_rate", "connection_rate": "connection_rate"}
"""Setting to what `site.of` calls it."""


class Ask(Protocol):
    """Answers as `control.ask` does."""

    def __call__(self, do: str, **request: Any) -> Any:
        """Raises PostduifError; NotRunning, when only a daemon could answer and there is none."""
        ...


class Gathering:
    """One look at one installation. Everything raises PostduifError."""

    def __init__(self, loaded: Loaded, ask: Ask, now: float, zone: tzinfo | None = None) -> None:
        """`now`: seconds since the epoch. `zone`: in which times are said; None is the machine's."""
        self._loaded = loaded
        self._ask = ask
        self._now = now
        self._zone = zone
        self._roads: dict[str, Row] = {}
        self._running = True

    @property
    def reach(self) -> str:
        """How far one can look back."""
        kept = format_time(self._loaded.config.queue.journal_retention)
        return f"the journal goes back {kept}" if self._loaded.whole else "the journal does not go back forever"

    def recipients(self, limit: int, **question: object) -> tuple[list[Facts], bool]:
        """Of `message`, `recipient` or `message_id`: those that wait, then those that left, the latest first.

        At most `limit`; True when there are more.
        """
        condition = {"ids": [question["message"]]} if "message" in question else question
        waiting = self._ask("queue.list", condition=condition, limit=MAX_ROWS)
        journal: dict[tuple[int, str], list[Row]] = {}
        for line in self._ask("queue.journal", limit=MAX_ROWS, **question):
            journal.setdefault((line["message"], line["recipient"]), []).append(line)
        rows = {(row["message"], row["recipient"]): row for row in waiting}
        keys = list(rows) + [key for key, lines in journal.items() if key not in rows and _ended(lines)]
        holds = self._holds() if any(row["held_by"] for row in waiting) else []
        facts = [self._facts(key, rows.get(key), journal.get(key, []), holds) for key in keys[:limit]]
        return facts, len(keys) > limit

    def domain(self, name: str) -> DomainFacts:
        """Of the mail for one domain."""
        summary = self._ask("queue.summary")
        queues = [queue for queue in summary["queues"] if queue["domain"] == name]
        waiting = self._ask("queue.list", condition={"domain": name}, limit=MAX_ROWS) if queues else []
        attempts = self._ask("queue.journal", domain=name, limit=MAX_ROWS)
        road = self._road(name) if queues or attempts else {}
        return DomainFacts(
            domain=name,
            now=self._now,
            queues=queues,
            waiting=waiting,
            attempts=attempts,
            running=self._running,
            road=road,
            holds=[hold for hold in summary["holds"] if hold["covers"] == "queues" and hold["domain"] in ("", name)],
            settings=self._settings(road),
            read_here=self._bounces(name),
            zone=self._zone,
        )

    def refusals(self, addresses: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """What is to be said of each that the suppression list refuses mail, and of no other."""
        named = sorted(set(addresses))
        shown = self._ask("suppress.show", addresses=named) if named else []
        found = {
            address: tuple(describe(one["address"], refusing(one, self._now), self._now, self._zone))
            for address, one in zip(named, shown, strict=True)
        }
        return {address: lines for address, lines in found.items() if lines}

    def _facts(self, key: tuple[int, str], row: Row | None, attempts: Sequence[Row], holds: Sequence[Row]) -> Facts:
        road = self._road(row["domain"]) if row else {}
        delivery = self._loaded.config.delivery
        return Facts(
            message=key[0],
            sender=(row or attempts[0])["sender"],
            recipient=key[1],
            now=self._now,
            waiting=row,
            attempts=attempts,
            running=self._running,
            road=road,
            hold=next((hold for hold in holds if row and _holds(hold, row)), {}),
            settings=self._settings(road),
            schedule=Schedule(delivery.retry, delivery.retry_jitter),
            zone=self._zone,
        )

    def _holds(self) -> Sequence[Row]:
        holds: Sequence[Row] = self._ask("queue.summary")["holds"]
        return holds

    def _road(self, domain: str) -> Row:
        if domain not in self._roads:
            try:
                self._roads[domain] = self._ask("site.of", domain=domain)
            except NotRunning:
                self._running, self._roads[domain] = False, {}
        return self._roads[domain]

    def _settings(self, road: Row) -> Mapping[str, Setting]:
        delivery = self._loaded.config.delivery
        values = {"retry": format_schedule(delivery.retry), "lifetime": format_time(delivery.lifetime)}
        found = {name: self._of_delivery(name, value) for name, value in values.items()}
        for name, called in _LIMITS.items():
            found[name] = self._of_site(name, road, str(road.get(called, "")))
        return found

    def _bounces(self, domain: str) -> Setting | None:
        if domain != self._loaded.config.bounce.domain:
            return None
        return Setting("bounce.domain", domain, self._loaded.source("bounce", "domain"))

    def _of_delivery(self, name: str, value: str) -> Setting:
        if not self._loaded.whole:
            value = "?"
        return Setting(f"delivery.{name}", value, self._loaded.source("delivery", name))

    def _of_site(self, name: str, road: Row, value: str) -> Setting:
        number = site_section(self._loaded, road)
        if number is None or name not in self._loaded.config.site[number].model_fields_set:
            return self._of_delivery(name, value)
        site = self._loaded.config.site[number]
        return Setting(f"{name} of [[site]] {site.name}", value, self._loaded.source("site", number, name))


def site_section(loaded: Loaded, road: Row) -> int | None:
    """Which [[site]] a road's limits come from; None when they are those of [delivery]."""
    hosts = road.get("hosts", ())
    for number, site in enumerate(loaded.config.site):
        if site.name == road.get("site"):
            return number
    if not str(road.get("site", "")).startswith("next_hop:"):
        return None
    for number, site in enumerate(loaded.config.site):  # a fixed next hop keeps its name
        if site.mx and hosts and all(any(matches(suffix, host) for suffix in site.mx) for host in hosts):
            return number
    return None


def _ended(lines: Sequence[Row]) -> bool:
    """The last attempt took the recipient out of the queue; else it left between our two questions."""
    return lines[0]["kind"] not in ("deferred", "ambiguous")


def _holds(hold: Row, row: Row) -> bool:
    """It is this hold, of whole scheduled queues, that stops the recipient."""
    return (
        hold["covers"] == "queues"
        and hold["stream"] in ("", row["stream"])
        and hold["domain"] in ("", row["domain"])
        and (hold["owner"], hold["reason"]) == (row["held_by"], row["held_because"])
    )
