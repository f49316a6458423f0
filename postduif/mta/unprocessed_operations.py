"""What an operator can do with mail that came back and that nobody could read; the same whether the daemon is asked."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from postduif.bounce import unprocessed
from postduif.mta.control import Action, ControlError

CHUNK = 1024 * 1024
"""Octets of a mail in one answer."""
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class UnprocessedOperations:
    """Over an open queue file."""

    look: Callable[..., Awaitable[Any]]
    """`look(function, *arguments)`: `function(connection, *arguments)` on a connection that reads."""
    change: Callable[..., Awaitable[Any]]
    """The same in a transaction of the writer."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {"unprocessed.list": self.list, "unprocessed.show": self.show, "unprocessed.drop": self.drop}

    async def list(self, request: dict[str, Any]) -> object:
        """The latest first; those before the mail `before`, if it is said."""
        limit, before = max(1, min(int(request.get("limit") or 100), MAX_ROWS)), int(request.get("before") or 0)
        return [row._asdict() for row in await self.look(unprocessed.listing, limit, before)]

    async def show(self, request: dict[str, Any]) -> object:
        """A part of a mail from `offset` on, in base64; with its whole size, so that one knows whether to go on."""
        number, offset = int(request["id"]), int(request.get("offset") or 0)
        content: bytes | None = await self.look(unprocessed.content, number)
        if content is None:
            raise ControlError(f"there is no unprocessed mail {number}; `postduif bounce unprocessed` lists them")
        part = content[max(0, offset) :][:CHUNK]
        return {"size": len(content), "content": base64.b64encode(part).decode("ascii")}

    async def drop(self, request: dict[str, Any]) -> object:
        """Forget these; returns how many there were."""
        return {"dropped": await self.change(unprocessed.drop, [int(one) for one in request["ids"]][:MAX_ROWS])}


def parts(ask: Callable[..., Any], number: int) -> Iterator[bytes]:
    """A whole mail, as it came. `ask` says what `unprocessed.show` says. Raises PostduifError."""
    offset, size = 0, 1
    while offset < size:
        found = ask("unprocessed.show", id=number, offset=offset)
        part = base64.b64decode(found["content"])
        yield part
        offset, size = offset + max(1, len(part)), found["size"]
