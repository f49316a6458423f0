"""Values of a mailing as they are on file, and back. What is JSON there has the names of the values' fields."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings.record import Counts, Draft, File, Mailing, Policy, Run, State
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.waves import Canary, Waves

Columns = dict[str, Any]


def draft_columns(draft: Draft) -> Columns:
    """What is written for a draft."""
    return draft._asdict() | {
        "name": " ".join(draft.name.split()),
        "target": json.dumps(draft.target._asdict()),
        "policy": draft.policy.value,
        "waves": json.dumps(draft.waves._asdict() | {"canary": draft.waves.canary and draft.waves.canary._asdict()}),
        "tags": json.dumps(draft.tags, ensure_ascii=False),
    }


def mailing_of(row: Mapping[str, Any], files: tuple[File, ...]) -> Mailing:
    """The mailing of a row of the table."""
    return Mailing(
        state=State(row["state"]),
        template=bool(row["template"]),
        archived=bool(row["archived"]),
        draft=_draft(row),
        files=files,
        schedule=row["schedule"] and schedule_of(row["schedule"]),
        run=Run(
            row["preparation"],
            Counts(row["targeted"], row["excluded"], row["errors"], row["warnings"]),
            row["prepared"],
            row["started"],
            row["ended"],
        ),
        **{name: row[name] for name in _AS_IT_IS},
    )


_AS_IT_IS = (
    *("number", "reason", "revision", "parent", "next", "handled"),
    *("created", "created_by", "changed", "changed_by"),
)


def schedule_text(schedule: Schedule) -> str:
    """What is written for a schedule."""
    days = [day.isoformat() for day in schedule.exceptions]
    return json.dumps(schedule._asdict() | {"start": schedule.start.isoformat(), "exceptions": days})


def schedule_of(text: str) -> Schedule:
    """The schedule that `schedule_text` wrote."""
    given = json.loads(text)
    days = tuple(datetime.date.fromisoformat(day) for day in given["exceptions"])
    return Schedule(**given | {"start": datetime.datetime.fromisoformat(given["start"]), "exceptions": days})


def target_of(text: str) -> Spec:
    """The target that `draft_columns` wrote."""
    return Spec(**_tuples(json.loads(text)))


def _draft(row: Mapping[str, Any]) -> Draft:
    waves = json.loads(row["waves"])
    canary = Canary(**waves["canary"]) if waves["canary"] else None
    given = {name: row[name] for name in Draft._fields}
    return Draft(**given)._replace(
        target=target_of(row["target"]),
        policy=Policy(row["policy"]),
        waves=Waves(**_tuples(waves) | {"canary": canary}),
        tags=tuple(json.loads(row["tags"])),
    )


def _tuples(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
