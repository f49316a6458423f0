"""What is known of a mailing, as values. What may be edited is a `Draft`; the rest is made by what happens."""

from __future__ import annotations

import json
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.waves import Waves
from postduif.campaign.mailings.waves import judge as judge_waves

MAX_NAME = 200
MAX_JSON = 20_000_000
"""Characters of the content."""
MAX_TAGS = 50
MIN_VALIDITY, MAX_VALIDITY = 60.0, 60 * 86400.0
MAX_RATE = 10_000_000


class State(StrEnum):
    """Where a mailing is in its life."""

    ABSENT = "absent"
    DRAFT = "draft"
    PREPARING = "preparing"
    PREPARED = "prepared"
    FAILED = "failed"
    SCHEDULED = "scheduled"
    """Prepared, and goes at its time."""
    PLANNED = "planned"
    """Is prepared when its time comes, and goes then."""
    REPEATING = "repeating"
    """Makes a mailing of its own for each of its dates, and is not sent itself."""
    HANDING_OVER = "handing over"
    """To be sent; the MTA does not have it yet."""
    SENDING = "sending"
    PAUSED = "paused"
    STOPPING = "stopping"
    """To be stopped; the MTA still withdraws what is left."""
    STOPPED = "stopped"
    FINISHED = "finished"


class Policy(StrEnum):
    """Whose moment counts for content and target."""

    FROZEN = "frozen"
    """As prepared, when people looked at it."""
    NEWEST = "newest"
    """Prepared when the time comes."""


class Draft(NamedTuple):
    """What people decide of a mailing."""

    name: str
    stream: str = "default"
    """A [[stream]] of the configuration."""
    target: Spec = Spec()
    """With the type of mail that it is."""
    content: str = "{}"
    """JSON. What is in it concerns the content only."""
    typology: str = "{}"
    """JSON. The rules that are checked, and how strictly."""
    policy: Policy = Policy.FROZEN
    validity: float = 5 * 86400.0
    """Seconds from the start; what is not delivered then is given up."""
    rate: int = 0
    """Messages a minute; 0: no limit of its own."""
    waves: Waves = Waves()
    priority: int | None = None
    """0 to 100, the higher goes first; None: that of the stream."""
    folder: str = ""
    tags: tuple[str, ...] = ()


class Counts(NamedTuple):
    """What a preparation found. Who is targeted and not excluded gets it."""

    targeted: int = 0
    excluded: int = 0
    errors: int = 0
    """Checks that forbid sending."""
    warnings: int = 0


class Run(NamedTuple):
    """How far it came. Times in seconds since the epoch."""

    preparation: int = 0
    """How often it was begun to be prepared. Whoever prepares is recognised by it."""
    counts: Counts = Counts()
    prepared: float | None = None
    started: float | None = None
    ended: float | None = None


class File(NamedTuple):
    """An image or attachment."""

    name: str
    hash: str
    """SHA-256, hexadecimal."""
    size: int
    """Octets."""


class Mailing(NamedTuple):
    """One mailing, as it is on file. Times in seconds since the epoch."""

    number: int
    state: State
    reason: str
    """The words of what brought it there."""
    revision: int
    """Counts edits."""
    template: bool
    """Something to make mailings from."""
    parent: int | None
    """The repeating mailing that it is one occasion of."""
    draft: Draft
    files: tuple[File, ...]
    schedule: Schedule | None
    next: float | None
    """When the schedule comes due."""
    handled: float
    """Up to when its dates were kept or skipped."""
    run: Run
    created: float
    created_by: str
    changed: float
    changed_by: str
    archived: bool = False
    """Put away: lists leave it out unless they are asked for it."""


def judge(draft: Draft, streams: Collection[str]) -> None:
    """Raises MailingFault for what cannot be meant; the checks before sending judge what may not be sent."""
    if not _fits(draft.name):
        raise MailingFault(f"a mailing has a name of 1 to {MAX_NAME} printable characters; give it one")
    if draft.stream not in {"default", *streams}:
        raise MailingFault(f'no stream is named "{draft.stream}"; add [[stream]] with that name, or choose another')
    if not MIN_VALIDITY <= draft.validity <= MAX_VALIDITY:
        raise MailingFault(f"the validity is 1 minute to {MAX_VALIDITY / 86400:.0f} days; change it")
    if not 0 <= draft.rate <= MAX_RATE:
        raise MailingFault(f"the rate is 0 (no limit) to {MAX_RATE} messages a minute; change it")
    if draft.priority is not None and not 0 <= draft.priority <= 100:
        raise MailingFault("the priority is 0 to 100, the higher goes first; change it")
    if len(draft.tags) > MAX_TAGS or any(not _fits(text) for text in draft.tags):
        raise MailingFault(f"there are at most {MAX_TAGS} tags of 1 to {MAX_NAME} characters; change them")
    if draft.folder and not _fits(draft.folder):
        raise MailingFault(f"a folder has a name of at most {MAX_NAME} characters; shorten it")
    for name, text in (("content", draft.content), ("typology", draft.typology)):
        _judge_json(name, text)
    judge_waves(draft.waves)


def _fits(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_NAME and text.isprintable()


def _judge_json(name: str, text: str) -> None:
    try:
        if len(text) > MAX_JSON:
            raise MailingFault(f"the {name} is larger than {MAX_JSON:,} characters; make it smaller")
        text.encode()
        if not isinstance(json.loads(text), dict):
            raise MailingFault(f"the {name} is no JSON object; write one")
    except (ValueError, RecursionError) as error:
        raise MailingFault(f"the {name} is no JSON: {error}; correct it") from None
