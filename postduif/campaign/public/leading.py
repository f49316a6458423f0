"""Where a tracked link leads, as octets of a Location field: http or https, to the host that its maker wrote."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from postduif.campaign.tracking.links import NAMES, TrackedLink, destination, location

MAX_QUERY = 8192
"""Octets of the values that came with a click."""
_ORIGIN = re.compile(r"https?://[^\s/?#\\@]+", re.IGNORECASE)


def leads_to(link: TrackedLink, query: str) -> bytes | None:
    """None: nowhere."""
    if len(link.texts) == 1:
        return _fixed(link)
    if len(query) > MAX_QUERY:
        return None
    try:
        values = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=len(NAMES)))
    except ValueError:
        return None
    return _sound(link, destination(link, values))


@lru_cache(maxsize=4096)
def _fixed(link: TrackedLink) -> bytes | None:
    return _sound(link, destination(link, {}))


def _sound(link: TrackedLink, url: str) -> bytes | None:
    written, found = _ORIGIN.match(link.texts[0]), _ORIGIN.match(url)
    if written is None or found is None or found[0] != written[0]:
        return None
    return location(url).encode("ascii")
