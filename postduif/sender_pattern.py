"""Which sender addresses somebody may use, as patterns: `news@example.org`, `*@example.org`, `*@*.example.org`.

Domains are compared in their ASCII form, local parts without regard to case: who may be Ann may be ann. No pattern at
all is every address.
"""

from __future__ import annotations

from collections.abc import Sequence

from postduif.address import Address, parse_domain, parse_localpart
from postduif.errors import AddressError


def read(text: str) -> str:
    """The pattern in its one form. Raises AddressError."""
    localpart, at, domain = text.rpartition("@")
    if not at or any(character.isspace() for character in text):
        raise AddressError("not an address; write news@example.org, *@example.org or *@*.example.org")
    below = domain.startswith("*.")
    domain = parse_domain(domain[2:] if below else domain)
    if localpart == "*":
        return f"*@*.{domain}" if below else f"*@{domain}"
    if below:
        raise AddressError("one name in many domains; write *@*.example.org")
    return str(Address(parse_localpart(localpart), domain))


def allows(patterns: Sequence[str], sender: Address) -> bool:
    """One of the patterns, each as `read` gave it, has the address. None at all: every address is allowed."""
    if not patterns:
        return True
    domain = sender.domain.lower()
    whole = str(Address(sender.localpart, domain)).lower()
    return any(_has(pattern, whole, domain) for pattern in patterns)


def _has(pattern: str, whole: str, domain: str) -> bool:
    if not pattern.startswith("*@"):
        return pattern.lower() == whole
    if pattern.startswith("*@*."):
        return domain.endswith(pattern[3:])
    return domain == pattern[2:]
