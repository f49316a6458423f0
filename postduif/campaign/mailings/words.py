"""What people write of a mailing on one line, and how it is written for them: mailboxes, rates, waves, schedules. Pure.

What is read raises MailingFault, which says how to write it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import MAX_RATE
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.waves import Canary, Waves
from postduif.config.units import format_time, parse_rate, parse_time

_MAILBOX = re.compile(r'\s*"?(?P<name>[^<"]*?)"?\s*<(?P<address>[^<>]*)>\s*')
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})\s*%")
_CANARY = frozenset({"wait", "bounce", "block", "defer"})
NONE = ("", "none")


class Written(NamedTuple):
    """A mailbox as it was written: nobody has judged the address."""

    address: str
    name: str = ""


def read_mailbox(text: str) -> Written:
    """`News <news@example.com>`, or the address alone."""
    match = _MAILBOX.fullmatch(text)
    return Written(match["address"].strip(), match["name"]) if match else Written(text.strip())


def read_time(text: str) -> float:
    """Seconds of `4d` or `30m`."""
    try:
        return parse_time(text.strip())
    except (ValueError, OverflowError) as error:
        raise MailingFault(str(error)) from None


def read_rate(text: str) -> int:
    """Messages a minute, or as `50/s`; 0 or nothing: no limit."""
    text = text.strip() or "0"
    try:
        found = int(text[:20]) if text.isdecimal() else _a_minute(text)
    except (ValueError, OverflowError) as error:
        raise MailingFault(str(error)) from None
    if found > MAX_RATE:
        raise MailingFault(f"at most {MAX_RATE:,} messages a minute; 0 is no limit")
    return found


def read_waves(text: str) -> Waves:
    """`10%, 30% every 2h`, or `500, 2000 every 30m`; `none` or nothing: all at once. Without a canary."""
    if text in NONE:
        return Waves()
    sizes, every, period = text.partition("every")
    parts = [part.strip() for part in sizes.split(",") if part.strip()]
    shares = [_SHARE.fullmatch(part) for part in parts]
    if every and parts and all(shares):
        return Waves(shares=tuple(float(one[1]) / 100 for one in shares if one), period=read_time(period))
    if every and parts and all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        return Waves(counts=tuple(map(int, parts)), period=read_time(period))
    raise MailingFault(f'{text!r}: write "10%, 30% every 2h", "500, 2000 every 30m" or "none"')


def read_canary(text: str) -> Canary | None:
    """`200 wait 30m bounce 5% block 2% defer 30%`; `none` or nothing: none."""
    if text in NONE:
        return None
    size, *words = text.replace(",", " ").split() or ["none at all"]
    told = dict(zip(words[::2], words[1::2], strict=False))
    shares = {name: _SHARE.fullmatch(value) for name, value in told.items() if name != "wait"}
    allowed = {name: float(match[1]) / 100 for name, match in shares.items() if match}
    counted = size.isascii() and size.isdecimal() and len(size) < 10
    if not counted or len(words) % 2 or "wait" not in told or set(told) - _CANARY or len(allowed) < len(shares):
        raise MailingFault(
            f'{text!r}: write "200 wait 30m", with "bounce 5%", "block 2%" and "defer 30%" behind it, or "none"'
        )
    return Canary(int(size), read_time(told["wait"]), **allowed)


def mailbox_words(name: str, address: str) -> str:
    """As `read_mailbox` reads it."""
    return f"{name} <{address}>" if name else address


def rate_words(rate: int) -> str:
    """For people."""
    return f"{rate:,} messages a minute" if rate else "no rate of its own"


def spread_words(waves: Waves) -> str:
    """The waves as `read_waves` reads them; "" for all at once."""
    sizes = [f"{share:.4%}".rstrip("0%").rstrip(".") + "%" for share in waves.shares] + [str(n) for n in waves.counts]
    return f"{', '.join(sizes)} every {format_time(waves.period)}" if sizes else ""


def canary_words(canary: Canary | None) -> str:
    """As `read_canary` reads it; "" for none."""
    if canary is None:
        return ""
    allowed = f"bounce {canary.bounce:.1%} block {canary.block:.1%} defer {canary.defer:.1%}"
    return f"{canary.size} wait {format_time(canary.wait)} {allowed}"


def waves_words(waves: Waves) -> str:
    """Both."""
    canary = f"canary {canary_words(waves.canary)}" if waves.canary else ""
    return "; ".join(filter(None, (spread_words(waves), canary)))


def schedule_words(schedule: Schedule | None) -> str:
    """When, as it was said."""
    if schedule is None:
        return ""
    words = f"{schedule.start:%Y-%m-%d %H:%M} {schedule.zone}"
    if schedule.rule:
        words = f"{schedule.rule} from {words}"
    if schedule.iterations > 0:
        words += f", {schedule.iterations} times"
    if schedule.exceptions:
        words += f", not on {', '.join(map(str, schedule.exceptions))}"
    return words


def moment_words(at: float, schedule: Schedule | None) -> str:
    """A moment in the zone of its schedule: `Tue 2026-12-01 09:00 CET`."""
    zone = ZoneInfo(schedule.zone) if schedule else UTC
    return f"{datetime.fromtimestamp(at, zone):%a %Y-%m-%d %H:%M %Z}"


def _a_minute(text: str) -> int:
    rate = parse_rate(text)
    return 0 if rate is None else max(1, round(rate.events * 60 / rate.seconds))
