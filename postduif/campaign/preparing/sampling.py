"""Looks at what recipients would get: the holes in everybody's message, and the whole message of some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from postduif.campaign.audience.target import Recipient
from postduif.campaign.checks.facts import Rendered
from postduif.campaign.content.measuring import measured
from postduif.campaign.content.preview import SAMPLES
from postduif.errors import MergeError
from postduif.mta.link_addresses import addresses
from postduif.mta.merge.message import Merge
from postduif.mta.merged import order_of
from postduif.recipient_token import SAMPLE

ALL_UP_TO = 20_000
"""Recipients of a mailing for each of whom the message is made."""
OTHERWISE = 2_000
"""Of a larger one, spread evenly: a million would take half a minute."""


class Sampling:
    """Over one run through a target."""

    def __init__(self, merge: Merge, people: int, public_url: str | None) -> None:
        """`people`: how many there are, roughly. `public_url`: what links to pages of ours begin with."""
        self._given = SAMPLES | addresses(public_url, SAMPLE) if public_url else SAMPLES
        self._merge = merge
        self._order = [name.removesuffix("[]") for name in order_of(merge)]
        self._step = 1 if people <= ALL_UP_TO else people // OTHERWISE
        self._seen = 0
        self._empty: Counter[str] = Counter()
        self._failed = 0
        self._failure = ""
        self._largest = b""
        self.rendered = 0
        """Messages that were made."""
        self.first: Recipient | None = None
        self.sample = b""
        """The first message."""

    def look(self, recipients: Sequence[Recipient], picked: Sequence[Sequence[object]]) -> None:
        """At these, with the values that the template uses of each."""
        for recipient, values in zip(recipients, picked, strict=True):
            if not all(values):  # nothing is blank that is true
                self._empty.update(self._merge.empty(dict(zip(self._order, values, strict=True))))
            if self._seen % self._step == 0:
                self._render(recipient, values)
            self._seen += 1

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

    def _render(self, recipient: Recipient, values: Sequence[object]) -> None:
        self.rendered += 1
        if self.first is None:
            self.first = recipient
        try:
            message = self._merge.render(dict(zip(self._order, values, strict=True)) | self._given)
        except MergeError as error:
            self._failed += 1
            self._failure = self._failure or f"{recipient.address}: {error}"
        else:
            self._largest = max(self._largest, message, key=len)
            self.sample = self.sample or message
