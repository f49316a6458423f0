"""The header section of a mail at the door: read in one pass, and the few changes RFC 6409 section 8 allows.

Everything is bytes, nothing is decoded and written again: a field stays as it came or is gone. A line that is no
field ends the header section (RFC 5322 2.2 leaves nothing else there); an empty line is put before it, so that every
later reader agrees on where the body begins.

Two expressions do the work in C, because every mail passes here: one finds the end of the section, one finds the few
fields the door reads. In both "." stops at LF alone: callers have refused every LF without CR.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from postduif.header import unfold

MAX_HEADER = 256 * 1024
"""Octets of a header section. Longer ones are refused: reading one must not hold up the others."""

_SECTION = re.compile(rb"(?:[!-9;-~]++[ \t]*+:.*+\n(?:[ \t].*+\n)*+)*+")
_FIELD = re.compile(rb"[!-9;-~]++[ \t]*+:")
_AUTOMATIC = frozenset({b"list-id", b"precedence", b"auto-submitted"})
_READ = (
    rb"(received|from|date|message-id|auto-submitted|precedence|list-id|bcc|resent-bcc|x-postduif-[!-9;-~]*)"
    rb"[ \t]*+:(.*+(?:\n[ \t].*+)*+)"
)
_WATCHED = re.compile(rb"\n" + _READ, re.IGNORECASE)
_OURS = re.compile(rb"\nx-postduif-[!-9;-~]*+[ \t]*+:.*+(?:\n[ \t].*+)*+", re.IGNORECASE)
_HIDDEN = re.compile(rb"\n(?:resent-)?bcc[ \t]*+:.*+(?:\n[ \t].*+)*+", re.IGNORECASE)


class Section(NamedTuple):
    """A header section and what the door wants to know of it."""

    octets: bytes
    """The fields that stay, in their order, each with its CRLF."""
    body_at: int
    """Where the body begins in the content."""
    watched: dict[bytes, list[bytes]]
    """Folded values by lower-case name, top first, of the fields the door reads (`x-postduif-*` among them)."""

    def values(self, name: bytes) -> list[bytes]:
        """The folded values of that lower-case name, top first."""
        return self.watched.get(name, [])

    @property
    def automatic(self) -> bool:
        """A machine or a list sent it: it wants no automatic answers (RFC 3834 section 2, RFC 2919)."""
        if _AUTOMATIC.isdisjoint(self.watched):
            return False
        if b"list-id" in self.watched:
            return True
        said = [unfold(value).lower() for value in self.values(b"precedence")]
        if any(value in ("bulk", "list", "junk") for value in said):
            return True
        said = [unfold(value).lower() for value in self.values(b"auto-submitted")]
        return any(re.split(r"[;(\s]", value, maxsplit=1)[0] != "no" for value in said)


def read(content: bytes, *, hide: bool) -> Section | None:
    """Read the header section and take `X-Postduif-*` out of it; with `hide`, Bcc and Resent-Bcc too.

    None when it is longer than MAX_HEADER. `content` has lines that end in CRLF, the last one too.
    """
    match = _SECTION.match(content, 0, MAX_HEADER + 1)
    assert match, "the expression matches nothing too"
    end = match.end()
    if len(content) > MAX_HEADER and _goes_on(content, end):
        return None
    body_at = end + 2 if content.startswith(b"\r\n", end) else end
    octets = content[:end]
    framed = b"\n" + octets
    watched: dict[bytes, list[bytes]] = {}
    ours = False
    for name, value in _WATCHED.findall(framed):
        key = name.lower()
        watched.setdefault(key, []).append(value)
        ours = ours or key.startswith(b"x-postduif-")
    if ours:
        framed = _OURS.sub(b"", framed)
    if hide and (b"bcc" in watched or b"resent-bcc" in watched):
        framed = _HIDDEN.sub(b"", framed)
    return Section(octets if len(framed) == end + 1 else framed[1:], body_at, watched)


def _goes_on(content: bytes, end: int) -> bool:
    """The section did not end at `end`, only what was looked at: a field or its next line begins there."""
    if end > MAX_HEADER:
        return True
    return bool(_FIELD.match(content, end)) or (end > 0 and content[end] in b" \t")
