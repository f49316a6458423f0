"""Patterns that mean many addresses: `*@example.com`, `*@*.example.com`, `info@*`, `no-*@example.com`.

The first three are looked up, however many there are; of all others at most `MAX_FREE` are taken, because each address
is held against all of them. Exact: what matches is meant.
"""

from __future__ import annotations

import re

MAX_PATTERNS = 100_000
MAX_FREE = 100
"""Patterns of a form that can only be tried."""


class Patterns:
    """A set of patterns, in the form that `subject` gives them."""

    def __init__(self) -> None:
        self._domains: set[str] = set()
        self._below: set[str] = set()
        self._locals: set[str] = set()
        self._free: dict[str, re.Pattern[str]] = {}

    def __len__(self) -> int:
        return len(self._domains) + len(self._below) + len(self._locals) + len(self._free)

    def add(self, pattern: str) -> None:
        """Put one in; nothing happens when it is there."""
        kept, key = self._place(pattern)
        if kept is None:
            self._free[pattern] = _expression(pattern)
        else:
            kept.add(key)

    def matching(self, subject: str) -> list[str]:
        """Those that mean this address."""
        local, _, domain = subject.rpartition("@")
        found = []
        if domain in self._domains:
            found.append(f"*@{domain}")
        if local in self._locals:
            found.append(f"{local}@*")
        if self._below:
            above = domain
            while above := above.partition(".")[2]:
                if above in self._below:
                    found.append(f"*@*.{above}")
        if self._free:
            found += [pattern for pattern, expression in self._free.items() if expression.fullmatch(subject)]
        return found

    def _place(self, pattern: str) -> tuple[set[str] | None, str]:
        """Where it belongs, and what it is called there; None: it can only be tried."""
        local, _, domain = pattern.rpartition("@")
        if is_free(pattern):
            return None, ""
        if domain == "*":
            return self._locals, local
        return (self._below, domain[2:]) if domain.startswith("*.") else (self._domains, domain)


def is_free(pattern: str) -> bool:
    """It counts towards `MAX_FREE`."""
    local, _, domain = pattern.rpartition("@")
    return "*" in local if domain == "*" else local != "*"


def _expression(pattern: str) -> re.Pattern[str]:
    """Each piece between two `*` is looked for once, where it comes first: never backwards, whatever the address."""
    local, _, domain = pattern.rpartition("@")
    first, *pieces = map(re.escape, local.split("*"))
    last = [f".*{pieces.pop()}"] if pieces else []
    text = "".join([first, *(f"(?>.*?{piece})" for piece in pieces), *last])
    return re.compile(f"{text}@{re.escape(domain).replace(re.escape('*'), '[^@]*')}", re.DOTALL)
