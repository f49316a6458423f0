"""Looks at what recipients would get: the holes in everybody's message, and the whole message of some."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from postduif.campaign.audience.target import Recipient
from postduif.campaign.checks.facts import Rendered
from postduif.campaign.content.measuring import measured
from postduif.campaign.content.preview import SAMPLES
from postduif.errors import MergeError
from postduif.mta.link_addresses import addresses
from postduif.mta.merge.message import Merge
from postduif.mta.merged import by_key, order_of
from postduif.recipient_token import SAMPLE

ALL_UP_TO = 20_000
"""Recipients of a mailing for each of whom the message is made."""
OTHERWISE = 1_000
"""Of a larger one, spread evenly: a million would take half a minute."""

_PERHAPS_BLANK = re.compile(r'"["\s\\]')
"""In values as JSON: a text that is empty, or begins with white space or something that is escaped."""


class Sampling:
    """Over one run through a target."""

    def __init__(self, merge: Merge, people: int, public_url: str | None) -> None:
        """`people`: how many there are, roughly. `public_url`: what links to pages of ours begin with."""
        self._given = SAMPLES | addresses(public_url, SAMPLE) if public_url else SAMPLES
        self._merge = merge
        self._order = order_of(merge)
        self._lists = any(name.endswith("[]") for name in self._order)
        self._step = 1 if people <= ALL_UP_TO else people // OTHERWISE
        self._seen = 0
        self._empty: Counter[str] = Counter()
        self._failed = 0
        self._failure = ""
        self._largest = b""
        self.rendered = 0
        """Messages that were made."""
        self.first: dict[str, object] = {}
        """The values of the first person, by key."""
        self.sample = b""
        """The first message."""

    def look(self, recipients: Sequence[Recipient]) -> None:
        """At these, whose values are in the order of `order_of`."""
        for recipient in recipients[-self._seen % self._step :: self._step]:
            self._render(recipient)
        self._seen += len(recipients)
        for recipient in recipients:
            values = recipient.values
            # a quick look for what `merge.value.blank` may be true of, a third of the time of reading them all
            if "null" in values or _PERHAPS_BLANK.search(values) or (self._lists and "[]" in values):
                self._empty.update(self._merge.empty(self._scope(recipient)))

    def found(self) -> Rendered:
        """What there is to say."""
        parts = measured(self._largest)
        return Rendered(
            sample=len(self.sample),
            largest=len(self._largest),
            html=parts.html,
            text=parts.text,
            failed=self._failed,
            failure=self._failure,
            empty=dict(self._empty),
        )

    def _scope(self, recipient: Recipient) -> dict[str, object]:
        return by_key(self._order, json.loads(recipient.values))

    def _render(self, recipient: Recipient) -> None:
        self.rendered += 1
        values = self._scope(recipient)
        self.first = self.first or values
        try:
            message = self._merge.render(values | self._given)
        except MergeError as error:
            self._failed += 1
            self._failure = self._failure or f"{recipient.address}: {error}"
        else:
            self._largest = max(self._largest, message, key=len)
            self.sample = self.sample or message
