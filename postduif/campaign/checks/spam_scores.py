"""A sample scored by every spam filter that is configured.

It is given the time of now as its Date: that of a preview is long ago, and filters hold that against a message.
"""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import formatdate

from postduif.campaign.checks import rspamd, spamassassin
from postduif.campaign.checks.spam import SpamScore
from postduif.config.campaign import Campaign

_DATE = re.compile(rb"(?<=\r\nDate: )[^\r\n]*(?=\r\n)")


async def spam_scores(settings: Campaign, message: bytes) -> tuple[SpamScore, ...]:
    """What each says of a message, or why it says nothing; nobody is asked when none is configured."""
    message = dated(message, time.time())
    asked = []
    if settings.rspamd is not None:
        asked.append(rspamd.score(settings.rspamd, message, settings.spam_timeout))
    if settings.spamassassin is not None:
        asked.append(spamassassin.score(settings.spamassassin, message, settings.spam_timeout))
    return tuple(await asyncio.gather(*asked))


def dated(message: bytes, now: float) -> bytes:
    """The message with that time (seconds since the epoch) in its Date field."""
    head, blank, body = message.partition(b"\r\n\r\n")
    return _DATE.sub(formatdate(now).encode(), head, count=1) + blank + body
