"""Settings of mail that comes back: `[bounce]`, and what an address may do before it is not written to any more."""

from __future__ import annotations

from pydantic import Field

from postduif.config.kinds import AbsolutePath, Count, Domain, Flag, Text, Time
from postduif.config.section import Section

_DAY = 86400.0


class Bounce(Section):
    """Mail that comes back, and the addresses that are not written to any more."""

    domain: Domain | None = Field(
        default=None,
        description="Bounces, unsubscribes and complaints come back to signed addresses at this domain; its MX must "
        "be an inbound listener of ours. Default: no such addresses are made.",
    )
    sign_submitted: Flag = Field(
        default=False,
        description="Submitted mail, too, goes out from a signed address at `domain`, so that its bounces come to us; "
        "its sender still hears of failures. Mailings always do.",
    )
    key_file: AbsolutePath | None = Field(
        default=None,
        description="Keys that sign those addresses, one a line in hexadecimal: the first signs, all are believed. "
        "Not readable by group or others. Also looked for in systemd's credentials directory. "
        "Default: verp.keys in data_dir, made when it is first needed.",
    )
    unprocessed_to: Text = Field(
        default="",
        description="Mail that came back and could not be read is forwarded to this address. "
        "It is kept for `postduif bounce unprocessed` in any case. Default: nobody.",
    )
    unprocessed_retention: Time = Field(
        default=30 * _DAY, gt=0, description="How long such mail is kept; the latest 2,000 at most, and 256 KB of each."
    )
    bounce_lifetime: Time = Field(
        default=14 * _DAY,
        ge=_DAY,
        description="A bounce is believed for so long after the mail was accepted. Longer than delivery.lifetime, "
        "as other hosts keep mail for days too.",
    )
    unsubscribe_lifetime: Time = Field(
        default=730 * _DAY, ge=_DAY, description="The unsubscribe address in a mail works for so long."
    )
    feedback_lifetime: Time = Field(
        default=90 * _DAY, ge=_DAY, description="A complaint is believed for so long after the mail was accepted."
    )
    soft_errors: Count = Field(
        default=5, ge=1, le=100, description="So many soft errors that count put an address in quarantine."
    )
    error_spacing: Time = Field(
        default=_DAY, description="A soft error counts when the last one that counted is so long ago."
    )
    error_window: Time = Field(
        default=10 * _DAY,
        gt=0,
        description="Soft errors add up when they fall within this time. Older ones are forgotten.",
    )
    mailbox_full_time: Time = Field(
        default=30 * _DAY, gt=0, description="A quarantine because the mailbox was full ends after this time."
    )
    history_retention: Time = Field(
        default=1095 * _DAY,
        gt=0,
        description="How long the history of suppressions is kept. What is in force stays, however old.",
    )
