"""A mail cut into header fields and parts (RFC 2045, 2046), for the readers of bounces and reports.

Any bytes in, never an exception out, and never much work: only the first 256 KiB is looked at, and parts, depth,
fields and lengths have limits; what lies beyond one is left out. There is no recursion. The email package is not used:
it raises RecursionError on some kilobytes of nested parts. Damage that real reports have is forgiven: no closing
boundary, a boundary that nobody declared, continuation lines that do not begin with white space, an mbox line on top.
What the octets of a part say is for `mail_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_OCTETS = 256 * 1024
MAX_PARTS = 64
MAX_DEPTH = 12
MAX_FIELDS = 300
MAX_HEADER = 64 * 1024
MAX_VALUE = 8192  # characters of one field
_MAX_CANDIDATES = 1000  # lines that look like the boundary
_NESTING = "multipart/"

_NAME = re.compile(r"[!-9;-~]{1,80}")
_PARAMETER = re.compile(r';\s*+([\w*.-]{1,40}+)\s{0,8}+=\s{0,8}+(?:"([^"]{0,300}+)"|([^;\s"]{0,300}+))')
_UNDECLARED = re.compile(
    rb"^--([^\s-][^\n]{0,150}|-[^\n]{0,150}[^-\n])\n(?:content-|mime-)[a-z-]{1,40}:", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields in order: lower-case names, unfolded values."""

    pairs: tuple[tuple[str, str], ...] = ()

    def first(self, name: str) -> str:
        """The first of that lower-case name; "" when there is none."""
        for one, value in self.pairs:
            if one == name:
                return value
        return ""

    def every(self, name: str) -> list[str]:
        """All of that lower-case name."""
        return [value for one, value in self.pairs if one == name]

    def __contains__(self, name: str) -> bool:
        return any(one == name for one, _ in self.pairs)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the mail. `octets` is still transfer-encoded, with LF line ends."""

    kind: str
    """As `text/plain`, lower-case; `preamble` is what stands before the first boundary."""
    charset: str
    fields: Fields
    octets: bytes

    @property
    def attached(self) -> bool:
        """It says that it is no text to be read at once (RFC 2183)."""
        return self.fields.first("content-disposition").lower().startswith("attachment")


@dataclass(frozen=True, slots=True)
class Mail:
    """The fields of the mail itself, and its leaves in order."""

    fields: Fields
    parts: tuple[Part, ...]

    def of_kind(self, *kinds: str) -> Iterator[Part]:
        """The leaves of one of these kinds."""
        return (part for part in self.parts if part.kind in kinds)


@dataclass(frozen=True, slots=True)
class _Span:
    """A part that is to be cut: where it stands, how deep, and what it is when it does not say (RFC 2046 5.1.5)."""

    start: int
    end: int
    depth: int
    kind: str = "text/plain"


def split(content: bytes) -> Mail:
    """Cut a mail. Line ends may be CRLF, LF or CR."""
    octets = content[:MAX_OCTETS]
    if b"\r" in octets:
        octets = octets.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    octets = octets.lstrip(b"\n")
    top: Fields | None = None
    leaves: list[Part] = []
    waiting = [_Span(0, len(octets), 0)]
    while waiting and len(leaves) < MAX_PARTS:
        span = waiting.pop()
        fields, start = _header(octets, span.start, span.end)
        top = fields if top is None else top
        kind, parameters = content_type(fields.first("content-type"), span.kind)
        inner: list[_Span] = []
        if kind.startswith(_NESTING) and span.depth < MAX_DEPTH:
            inner = _inner(octets, start, span, kind, parameters.get("boundary", ""))
        if inner:
            before = octets[start : inner[0].start]
            preamble = before[: before.rfind(b"\n--") + 1]
            if preamble.strip():
                leaves.append(Part("preamble", "", Fields(), preamble))
            waiting.extend(reversed(inner))
        else:
            kind = "text/plain" if kind.startswith(_NESTING) else kind
            leaves.append(Part(kind, parameters.get("charset", "").lower(), fields, octets[start : span.end]))
    return Mail(top or Fields(), tuple(leaves))


def content_type(value: str, otherwise: str = "text/plain") -> tuple[str, dict[str, str]]:
    """The lower-case type and the parameters of a Content-Type; `otherwise` when it has none."""
    kind = value.partition(";")[0].strip().lower()
    parameters = {match[1].lower(): match[2] or match[3] or "" for match in _PARAMETER.finditer(value)}
    return (kind if "/" in kind else otherwise), parameters


def read_fields(section: str) -> Fields:
    """The fields of a header section with LF line ends. Lines that are no field and continue none are left out."""
    found: list[tuple[str, list[str]]] = []
    for line in section[:MAX_HEADER].split("\n"):
        if line[:1] in (" ", "\t"):
            if found:
                found[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t").lower()
        if colon and _NAME.fullmatch(name):
            if len(found) == MAX_FIELDS:
                break
            found.append((name, [value.strip()]))
        elif found and found[-1][1][-1].endswith(";"):
            found[-1][1].append(line.strip())
    return Fields(tuple([(name, " ".join(lines)[:MAX_VALUE].strip()) for name, lines in found]))


def _header(octets: bytes, start: int, end: int) -> tuple[Fields, int]:
    """The fields of a part, and where its body begins."""
    if octets.startswith(b"\n", start, end):
        return Fields(), start + 1
    stop = octets.find(b"\n\n", start, end)
    stop = end if stop < 0 else stop
    return read_fields(as_text(octets[start : min(stop, start + MAX_HEADER)])), min(stop + 2, end)


def as_text(octets: bytes) -> str:
    """Octets whose charset nobody says: UTF-8 if they can be, Latin-1 if not."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _inner(octets: bytes, start: int, span: _Span, kind: str, boundary: str) -> list[_Span]:
    """The parts of a multipart. None when no boundary can be found."""
    delimiter = b"--" + boundary.strip().encode("utf-8", "replace")
    edges = _edges(octets, start, span.end, delimiter) if len(delimiter) > len(b"--") else []
    if not edges:
        match = _UNDECLARED.search(octets, start, min(span.end, start + MAX_HEADER))
        edges = _edges(octets, start, span.end, b"--" + match[1].rstrip()) if match else []
    otherwise = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    spans = []
    for number, (_, begin) in enumerate(edges):
        finish = edges[number + 1][0] if number + 1 < len(edges) else span.end
        if begin < finish:
            spans.append(_Span(begin, finish, span.depth + 1, otherwise))
    return spans


def _edges(octets: bytes, start: int, end: int, delimiter: bytes) -> list[tuple[int, int]]:
    """Where each delimiter line begins and where what follows it begins. The closing one ends the search."""
    edges: list[tuple[int, int]] = []
    position = max(start - 1, 0)
    for _ in range(_MAX_CANDIDATES):
        found = octets.find(b"\n" + delimiter, position, end)
        if found < 0 or len(edges) > MAX_PARTS:
            break
        after = found + 1 + len(delimiter)
        newline = octets.find(b"\n", after, end)
        newline = end if newline < 0 else newline
        rest = octets[after : min(newline, after + 100)].strip()
        if rest == b"--" and edges:
            edges.append((found, end))
            break
        if not rest:
            edges.append((found, min(newline + 1, end)))
        position = newline
    return edges
