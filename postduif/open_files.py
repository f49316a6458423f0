"""How many files and sockets this process may have open. Every connection needs one."""

from __future__ import annotations

import resource


def raise_limit() -> None:
    """As many as the system allows us at all: a shell starts programs with 1,024, fewer than a long queue asks for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def allowed() -> int:
    """The limit in force."""
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return now
