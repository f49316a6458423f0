"""Settings of those who are told what happens to mail and what readers do: `[[webhook]]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from postduif.config.kinds import AbsolutePath, AnyNetwork, Count, Name, Schedule, Time, WebhookSecret, WebUrl
from postduif.config.section import Section
from postduif.config.units import parse_schedule

_DAY = 86400.0

EventName = Literal[
    "bounced",
    "complained",
    "unsubscribed",
    "answered",
    "failed",
    "suppressed",
    "delivered",
    "deferred",
    "expired",
    "withdrawn",
    "opened",
    "clicked",
    "mailing",
    "standing",
    "signed_up",
    "confirmed",
    "responded",
    "resubscribed",
    "tracking",
    "requested",
    "imported",
]
DEFAULT_EVENTS: tuple[EventName, ...] = (
    "bounced",
    "complained",
    "unsubscribed",
    "answered",
    "failed",
    "suppressed",
)


class Webhook(Section):
    """Somebody who is told, by HTTP, what happens to mail and what readers do: [webhooks](webhooks.md) says how."""

    name: Name = Field(
        description="In the log and in metrics. Its place in the journal goes by it: under another name it begins anew."
    )
    url: WebUrl = Field(
        description="Where events are posted. With `http://` every address of the host must be in `allowed_networks`."
    )
    secret: WebhookSecret | None = Field(
        default=None,
        description="Signs what is posted: `whsec_` and base64 of 24 to 64 random octets. Better in `secret_file`; "
        "with it in here, keep this file from group and others.",
    )
    secret_file: AbsolutePath | None = Field(
        default=None,
        description="The secret in a file, one a line; several all sign, so that the receiver can change over. "
        "Not readable by group or others. Also looked for in systemd's credentials directory.",
    )
    events: tuple[EventName, ...] = Field(default=DEFAULT_EVENTS, min_length=1, description="What is told.")
    batch: Count = Field(default=100, ge=1, le=500, description="Events in one request at most.")
    timeout: Time = Field(
        default=15.0, gt=0, le=300.0, description="The longest wait for one request, from the name lookup to the reply."
    )
    retry: Schedule = Field(
        default=parse_schedule("5s, 1m, 5m, 15m, 30m, 1h, 2h, 4h"),
        description="Waits after a failure, one after the other; the last repeats. A longer wait that the receiver "
        "asks for (Retry-After) is kept, up to 4 hours.",
    )
    lifetime: Time = Field(
        default=3 * _DAY,
        description="When nothing was taken for so long it is given up, until the next reload or start.",
    )
    allowed_networks: tuple[AnyNetwork, ...] = Field(
        default=(),
        description="Networks it may be in, although they are loopback, private, link-local or our own.",
    )
