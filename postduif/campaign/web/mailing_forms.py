"""The forms of a mailing's steps: what a draft looks like in their fields, and the draft that the fields say.

Both ways are pure. What people typed is judged by who reads it (`mailings.words`, `content.draft`), which raises
PostduifError; the page shows the same fields again then, as they were typed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from postduif.campaign.checks import typology
from postduif.campaign.checks.catalogue import RULES
from postduif.campaign.content import draft as contents
from postduif.campaign.content.draft import Seed
from postduif.campaign.mailings.record import Draft, Policy
from postduif.campaign.mailings.words import (
    canary_words,
    read_canary,
    read_rate,
    read_time,
    read_waves,
    spread_words,
)
from postduif.campaign.web.posted import Texts
from postduif.config.units import format_time
from postduif.errors import PostduifError
from postduif.mta.merge.content import Header, Mailbox

Fields = Mapping[str, Any]
"""By name: a text, or a list of texts."""


class Form(NamedTuple):
    """One form."""

    shown: Callable[[Draft], Fields]
    taken: Callable[[Draft, Fields], Draft]


def typed(form: Texts) -> dict[str, Any]:
    """The fields as they came; of one that may come several times, a list."""
    return {name: form.every(name) if name in _LISTS else text for name, text in form.items()}


_LISTS = frozenset({"selections", "projects", "exclude_selections"})


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


# --- setup


def _setup_shown(draft: Draft) -> Fields:
    return {
        "name": draft.name,
        "stream": draft.stream,
        "mail_type": draft.target.mail_type,
        "folder": draft.folder,
        "tags": ", ".join(draft.tags),
        "policy": draft.policy.value,
    }


def _setup_taken(draft: Draft, fields: Fields) -> Draft:
    return draft._replace(
        name=fields.get("name", "").strip(),
        stream=fields.get("stream", draft.stream),
        target=draft.target._replace(mail_type=fields.get("mail_type", "")),
        folder=fields.get("folder", "").strip(),
        tags=tuple(dict.fromkeys(one.strip() for one in fields.get("tags", "").split(",") if one.strip())),
        policy=Policy.NEWEST if fields.get("policy") == Policy.NEWEST else Policy.FROZEN,
    )


# --- content

_PLAIN = (
    *("subject", "preheader", "language", "body", "text", "format", "list_id", "list_name", "feedback_sender"),
    *("precedence", "tracking", "tracking_consent", "journal", "proof_prefix"),
)
_TICKS = ("inline_css", "track_text", "complaint_address")
_BOXES = {"sender": "sender", "reply": "reply_to", "personal": "personal_sender", "to": "to"}
"""Fields of a form begin so, with _name and _address."""


def _content_shown(draft: Draft) -> Fields:
    content = contents.begun(draft.content)
    fields: dict[str, Any] = {name: getattr(content, name) for name in (*_PLAIN, *_TICKS)}
    for prefix, name in _BOXES.items():
        box = getattr(content, name) or Mailbox("")
        fields |= {f"{prefix}_name": box.name, f"{prefix}_address": box.address}
    fields["seeds"] = "\n".join(seed.address for seed in content.seeds)
    fields["headers"] = "\n".join(f"{header.name}: {header.text}" for header in content.headers)
    fields["feedback_id"] = ":".join(content.feedback_id)
    return fields


def _content_taken(draft: Draft, fields: Fields) -> Draft:
    before = contents.begun(draft.content)
    given: dict[str, Any] = {name: fields[name].replace("\r\n", "\n") for name in _PLAIN if name in fields}
    given |= {name: fields.get(name) == "true" for name in _TICKS}
    for prefix, name in _BOXES.items():
        box = Mailbox(fields.get(f"{prefix}_address", "").strip(), fields.get(f"{prefix}_name", "").strip())
        given[name] = box if box.address or box.name or name == "sender" else None
    to = given["to"]
    given["to"] = Mailbox(to.address or before.to.address, to.name) if to else before.to
    known = {seed.address: seed for seed in before.seeds}
    given["seeds"] = tuple(known.get(line, Seed(line)) for line in _lines(fields.get("seeds", "")))
    given["headers"] = tuple(_header(line, before.headers) for line in _lines(fields.get("headers", "")))
    given["feedback_id"] = tuple(part for part in fields.get("feedback_id", "").strip().split(":") if part)
    written = contents.written(dataclasses.replace(before, **given)).decode()
    contents.read(written)  # what is one of some words is judged here
    return draft._replace(content=written)


def _header(line: str, before: tuple[Header, ...]) -> Header:
    name, colon, text = line.partition(":")
    if not colon:
        raise PostduifError(f"the header field {line[:60]!r} has no colon; write Name: text")
    raw = any(one.raw for one in before if one.name.lower() == name.strip().lower())
    return Header(name.strip(), text.strip(), raw)


# --- recipients

_TARGET_LINES = ("persons", "exclude_domains", "exclude_addresses")
_TARGET_TEXTS = ("condition", "collection", "child_condition")


def _recipients_shown(draft: Draft) -> Fields:
    target = draft.target
    fields: dict[str, Any] = {name: "\n".join(getattr(target, name)) for name in _TARGET_LINES}
    fields |= {name: getattr(target, name) for name in _TARGET_TEXTS}
    fields |= {name: list(getattr(target, name)) for name in sorted(_LISTS)}
    fields["projects"] = [name for name in target.projects if "/" not in name]
    return fields | {"roles": "\n".join(name for name in target.projects if "/" in name)}


def _recipients_taken(draft: Draft, fields: Fields) -> Draft:
    given: dict[str, Any] = {name: _lines(fields.get(name, "")) for name in _TARGET_LINES}
    given |= {name: fields.get(name, "").strip() for name in _TARGET_TEXTS}
    given |= {name: tuple(one for one in fields.get(name, ()) if one) for name in _LISTS}
    given["projects"] = tuple(dict.fromkeys((*given["projects"], *_lines(fields.get("roles", "")))))
    return draft._replace(target=draft.target._replace(**given))


# --- checks


def _checks_shown(draft: Draft) -> Fields:
    rules = typology.load(draft.typology)
    hours = rules.limits.hours
    off = {} if rules.only is None else {name: "off" for name in RULES if name not in rules.only}
    levels = {**off, **rules.levels}
    return {f"level_{name}": levels.get(name, "") for name in RULES} | {
        "typology_name": rules.name,
        "hour_from": str(hours[0]) if hours else "",
        "hour_to": str(hours[1]) if hours else "",
        "zone": rules.limits.zone,
        "sieves": json.dumps(json.loads(typology.dump(rules))["sieves"], indent=1) if rules.sieves else "",
    }


def _checks_taken(draft: Draft, fields: Fields) -> Draft:
    before = json.loads(typology.dump(typology.load(draft.typology)))
    before["levels"] = {name: word for name in RULES if (word := fields.get(f"level_{name}", ""))}
    before |= {"only": None, "name": fields.get("typology_name", "").strip() or "standard"}
    hours = [fields.get(name, "").strip() for name in ("hour_from", "hour_to")]
    before["limits"] |= {"hours": _hours(hours), "zone": fields.get("zone", "").strip() or "UTC"}
    before["sieves"] = _json_list(fields.get("sieves", ""))
    return draft._replace(typology=typology.dump(typology.load(json.dumps(before))))


def _hours(texts: list[str]) -> list[int] | None:
    if not any(texts):
        return None
    if not all(text.isascii() and text.isdecimal() and len(text) < 3 for text in texts):
        raise PostduifError("the hours are two numbers of 0 to 24; write both, or neither")
    return [int(text) for text in texts]


def _json_list(text: str) -> list[object]:
    try:
        found = json.loads(text) if text.strip() else []
    except ValueError as error:
        raise PostduifError(f"the filters are no JSON: {error}; docs/checks.md shows some") from None
    if not isinstance(found, list):
        raise PostduifError("the filters are a list in JSON; docs/checks.md shows some")
    return found


# --- delivery


def _delivery_shown(draft: Draft) -> Fields:
    return {
        "rate": str(draft.rate) if draft.rate else "",
        "validity": format_time(draft.validity),
        "waves": spread_words(draft.waves),
        "canary": canary_words(draft.waves.canary),
        "priority": "" if draft.priority is None else str(draft.priority),
    }


def _delivery_taken(draft: Draft, fields: Fields) -> Draft:
    priority = fields.get("priority", "").strip()
    if priority and not (priority.isascii() and priority.isdecimal() and len(priority) < 4):
        raise PostduifError("the priority is a number of 0 to 100, or nothing for that of the stream; change it")
    waves = read_waves(fields.get("waves", "").strip())._replace(canary=read_canary(fields.get("canary", "").strip()))
    return draft._replace(
        rate=read_rate(fields.get("rate", "")),
        validity=read_time(fields.get("validity", "")) if fields.get("validity", "").strip() else draft.validity,
        waves=waves,
        priority=int(priority) if priority else None,
    )


SETUP = Form(_setup_shown, _setup_taken)
CONTENT = Form(_content_shown, _content_taken)
RECIPIENTS = Form(_recipients_shown, _recipients_taken)
CHECKS = Form(_checks_shown, _checks_taken)
DELIVERY = Form(_delivery_shown, _delivery_taken)
