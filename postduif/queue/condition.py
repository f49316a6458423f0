"""Which recipients an operator means. Every part that is given must be true of a recipient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from postduif.queue.rows import MAX_RECIPIENTS, first_recipient

MAX_IDS = 500


@dataclass(frozen=True, slots=True)
class Condition:
    """A choice of recipients. Without any part it chooses nothing, unless `all` is set."""

    ids: tuple[int, ...] = ()
    """Message ids; at most MAX_IDS."""
    stream: str = ""
    domain: str = ""
    """Of the recipient."""
    sender: str = ""
    """Whole address, without regard to case; "<>" is the null sender."""
    recipient: str = ""
    """Whole address, without regard to case."""
    message_id: str = ""
    """The header field's value. Looks at every message in the queue."""
    older_than: float | None = None
    """Received before then, seconds since the epoch."""
    due_after: float | None = None
    """Tried again after then, seconds since the epoch."""
    said: str = ""
    """The last reply contains it, without regard to case; it may begin with the code."""
    held: bool | None = None
    """True: held one by one or as part of a held scheduled queue; False: not held."""
    owner: str = ""
    """Held one by one by this owner."""
    all: bool = False

    @property
    def empty(self) -> bool:
        """Nothing was said at all, which is a mistake and not everything."""
        return not self.all and self == Condition()

    @property
    def whole_queues(self) -> bool:
        """It names scheduled queues, not recipients in them: only stream and domain, or all."""
        return not self.empty and self == Condition(stream=self.stream, domain=self.domain, all=self.all)

    def where(self) -> tuple[str, list[Any]]:
        """SQL over `recipient r`, `message m` and `scheduled_queue q`, and its parameters."""
        if self.empty:
            return "0", []
        parts: list[tuple[str, list[Any]]] = [("r.hold <> -1", [])]
        if self.ids:
            ranges = [first_recipient(id_) for id_ in self.ids[:MAX_IDS]]
            one = f"r.id BETWEEN ? AND ? + {MAX_RECIPIENTS}"
            parts.append((f"({' OR '.join([one] * len(ranges))})", [bound for low in ranges for bound in (low, low)]))
        if self.stream:
            parts.append(("q.stream = ?", [self.stream]))
        if self.domain:
            parts.append(("q.domain = ?", [self.domain.lower()]))
        if self.sender:
            parts.append(("m.sender = ? COLLATE NOCASE", ["" if self.sender == "<>" else self.sender]))
        if self.recipient:
            parts.append(("r.address = ? COLLATE NOCASE", [self.recipient]))
        if self.message_id:
            parts.append(("m.message_id = ?", [self.message_id]))
        if self.older_than is not None:
            parts.append(("m.received_at < ?", [self.older_than]))
        if self.due_after is not None:
            parts.append(("r.due > ?", [self.due_after]))
        if self.said:
            text = "r.last_code || ' ' || r.last_enhanced || ' ' || r.last_text"
            parts.append((f"instr(lower({text}), lower(?))", [self.said]))
        if self.held is not None:
            parts.append((_HELD if self.held else f"NOT {_HELD}", []))
        if self.owner:
            parts.append(("r.hold IN (SELECT id FROM hold WHERE owner = ?)", [self.owner]))
        return " AND ".join(sql for sql, _ in parts), [value for _, values in parts for value in values]


_HELD = """(r.hold <> 0 OR EXISTS (
    SELECT 1 FROM hold h WHERE h.covers = 'queues' AND h.stream IN ('', q.stream) AND h.domain IN ('', q.domain)))"""
