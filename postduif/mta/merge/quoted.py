"""Quoted-printable (RFC 2045 6.7) in pieces that can stand in any order.

Each piece begins at the start of a line and ends at the end of one, hard or soft (`=` and CRLF). So pieces of fixed
text, values, conditions and loops join to legal lines, whatever is left out or repeated.

No line begins with a dot (SMTP would double it) or with `From ` (mailbox files would quote it); there are no tabs, no
two blanks in a row and none before a CRLF, so the text is in DKIM's relaxed form as it stands (RFC 6376 3.4.4), which
is ten times faster to check than to make. `=_` cannot occur, and every boundary holds it.
"""

from __future__ import annotations

import re

from postduif.mta.merge.value import CONTROLS

SOFT = b"=\r\n"
"""The end of a line that is none for the reader."""

_WIDTH = 73  # of 76 octets a line: room for `=` and for a first octet that is encoded
_ASIS = bytes(range(0x20, 0x7F)) + b"\n"
_LINE = re.compile(rb".{1,%d}(?<!=)(?<!=.)" % _WIDTH, re.DOTALL)  # never cut within =3D
_OCTET = [bytes([octet]) for octet in range(256)]
_SHIELDED = (b".", b"From ")


def fixed(text: str) -> bytes:
    """Lines of text as one piece; every line end becomes CRLF. Raises UnicodeEncodeError for half a character."""
    if not text:
        return b""
    *lines, last = _octets(text.encode()).split(b"\n")
    whole = [_wrapped(_hard(line)) + b"\r\n" for line in lines]
    return b"".join(whole) + (_wrapped(last) + SOFT if last else b"")


def values(joined: str) -> list[bytes]:
    """Texts with a line feed between, each as what stands between two line ends; controls in them become spaces.

    All at once, because this is what every recipient pays for. Raises UnicodeEncodeError.
    """
    octets = joined.encode()
    if CONTROLS.search(octets.translate(None, _ASIS).decode()):
        octets = "\n".join([CONTROLS.sub(" ", text) for text in joined.split("\n")]).encode()
    octets = _octets(octets)
    pieces = octets.split(b"\n")
    if max(map(len, pieces)) > _WIDTH or b"\n." in octets or b"\nFrom " in octets or octets.startswith(_SHIELDED):
        return [_wrapped(piece) for piece in pieces]
    return pieces


def _octets(octets: bytes) -> bytes:
    """Encoded, but for the length of lines and what stands at their ends. Line feeds stay."""
    octets = octets.replace(b"=", b"=3D")
    for octet in set(octets.translate(None, _ASIS)):  # few different ones: faster than a regular expression
        octets = octets.replace(_OCTET[octet], b"=%02X" % octet)
    return octets.replace(b"  ", b" =20") if b"  " in octets else octets


def _hard(line: bytes) -> bytes:
    return line[:-1] + b"=20" if line.endswith(b" ") else line


def _wrapped(octets: bytes) -> bytes:
    """One line of encoded octets, cut into lines with soft ends between."""
    if len(octets) <= _WIDTH:
        return _shielded(octets)
    return SOFT.join([_shielded(line) for line in _LINE.findall(octets)])


def _shielded(line: bytes) -> bytes:
    return b"=%02X%b" % (line[0], line[1:]) if line.startswith(_SHIELDED) else line
