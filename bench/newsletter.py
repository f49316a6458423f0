"""The mailing that is measured: HTML of 57 KB, 20 values a person, half of all people at five large domains.

The same people and the same values each time, so that runs can be compared, and so that the usual way sends what we do.
"""

from __future__ import annotations

from bench import merge

VALUES = 20
DOMAIN = "sender.example"
SENDER = f"news@{DOMAIN}"
SUBJECT = "News for {{ customer.value_0 }}"
HTML = merge.page(VALUES)
TEXT = "".join(f"Dear {{{{ {name} }}}},\n" for name in merge.NAMES[:8])
_LARGE, _SMALL = 5, 2000  # domains
_SPREAD = 2_654_435_761  # a prime: neighbours are of different domains


def address(number: int) -> str:
    """Of one person."""
    spread = number * _SPREAD % (1 << 32) >> 8
    domain = f"large{spread % _LARGE}" if spread & 1024 else f"host{spread % _SMALL}"
    return f"user.{number}@{domain}.example"


def values(number: int) -> dict[str, str]:
    """What is known of one person, by name. Each column has all kinds of text in it."""
    row = merge.row(number)
    names = merge.NAMES[:VALUES]
    first = number % VALUES
    return {name.partition(".")[2]: str(row[names[(first + place) % VALUES]]) for place, name in enumerate(names)}
