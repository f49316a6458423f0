"""Days that conditions count from today. Pure; the day is given."""

from __future__ import annotations

import calendar
import datetime

from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.tree import Moment


def day_of(moment: Moment, today: datetime.date, at: int = 0) -> datetime.date:
    """The day. Months end before days are counted: a month before 31 March is the last day of February.

    Raises ConditionFault before the year 1 and after 9999.
    """
    months = today.year * 12 + today.month - 1 + moment.months
    year, month = months // 12, months % 12 + 1
    try:
        last = calendar.monthrange(year, month)[1]
        return datetime.date(year, month, min(today.day, last)) + datetime.timedelta(days=moment.days)
    except (ValueError, OverflowError, IndexError):
        raise ConditionFault("this day is beyond every calendar", at) from None


def number_of(moment: Moment, today: datetime.date) -> int:
    """The year, month or day of it."""
    return int(getattr(day_of(moment, today), moment.part))
