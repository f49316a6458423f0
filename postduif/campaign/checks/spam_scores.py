"""A sample scored by every spam filter that is configured."""

from __future__ import annotations

import asyncio

from postduif.campaign.checks import rspamd, spamassassin
from postduif.campaign.checks.spam import SpamScore
from postduif.config.campaign import Campaign


async def spam_scores(settings: Campaign, message: bytes) -> tuple[SpamScore, ...]:
    """What each says of a message, or why it says nothing; nobody is asked when none is configured."""
    asked = []
    if settings.rspamd is not None:
        asked.append(rspamd.score(settings.rspamd, message, settings.spam_timeout))
    if settings.spamassassin is not None:
        asked.append(spamassassin.score(settings.spamassassin, message, settings.spam_timeout))
    return tuple(await asyncio.gather(*asked))
