"""The time zone of this machine, which schedules are in unless they say otherwise."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from postduif.campaign.mailings.fault import ScheduleFault

_LOCALTIME = Path("/etc/localtime")
_FOLDER = "/zoneinfo/"


def zone_here() -> str:
    """The zone that the clock shows, as the time zone database calls it: TZ says it, or the machine.

    Raises ScheduleFault when it has no name, for a mailing must not go some hours early.
    """
    told = os.environ.get("TZ", "").removeprefix(":")
    place = told or str(_LOCALTIME.resolve())
    name = place.partition(_FOLDER)[2] if place.startswith("/") else place
    with contextlib.suppress(ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(name).key
    if not told and not _LOCALTIME.exists():
        return "UTC"
    raise ScheduleFault("the time zone of this machine has no name; say it: --zone Europe/Amsterdam")
