"""What we write ourselves in mail: dates, message ids, free text that can never end its line.

Whatever comes in, what goes out is one well-formed field in ASCII: text that is not is made encoded words (RFC 2047),
controls become spaces, long fields are folded. Reading is `postduif.header`.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import time
from functools import lru_cache

MAX_TEXT = 2000  # characters of one field's text; the rest is cut
FOLD_AT = 76  # octets of a line after folding (RFC 2047 section 2)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_OCTETS_PER_WORD = 42  # 56 characters of base64, 68 with `=?utf-8?B??=`
_SHORTEST_WORD = 6  # octets: any character fits
_LONGEST_RUN = 900  # octets without a space; a line may have 998 (RFC 5322 2.1.1)


def date(at: float) -> str:
    """A date-time of RFC 5322 3.3, in UTC with its numeric zone. `at` is in seconds since the epoch."""
    return _date(int(at))


@lru_cache(maxsize=64)
def _date(at: int) -> str:
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(at)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} +0000"


def message_id(hostname: str, at: float) -> str:
    """A new msg-id (RFC 5322 3.6.4): the time and 64 random bits."""
    return f"<{int(at * 1000):x}.{secrets.token_hex(8)}@{hostname}>"


def one_line(text: str) -> str:
    """The text with every run of blanks, controls and line ends (Unicode's too) as one space, stripped and cut."""
    return _CONTROLS.sub(" ", text[: 2 * MAX_TEXT]).strip()[:MAX_TEXT].rstrip()


def field(name: str, text: str, prefix: str = "") -> bytes:
    """One unstructured field (RFC 5322 2.2.1), CRLF included. Never fails, never holds a second field.

    `prefix` is ASCII that stands before the text and is never encoded, as `smtp; 550 5.1.1` in a Diagnostic-Code.
    """
    before = prefix.split()
    taken = 1 if before else len(name) + 2
    return fold(name, [*before, *_words(one_line(text), taken)])


def phrase(text: str, taken: int = 1) -> str:
    """Free text as a display name: a quoted-string, or encoded words when it is not ASCII (RFC 5322 3.2.5).

    `taken` is what stands before it on its line.
    """
    text = one_line(text)
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    if _plain(quoted):  # with its backslashes: a word that `fold` has to cut could end the quotes early
        return quoted
    return " ".join(encoded_words(text, taken))


def crlf(text: bytes) -> bytes:
    """A body's local line ends as those of mail."""
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def quoted_printable(text: bytes) -> bytes:
    """A body of CRLF lines in quoted-printable (RFC 2045 6.7): ASCII, short lines that end in CRLF."""
    return crlf(binascii.b2a_qp(text.replace(b"\r\n", b"\n")))


def _plain(text: str) -> bool:
    """It can be folded at its blanks alone, and no reader takes it for encoded words."""
    short = len(text) <= _LONGEST_RUN or max(map(len, text.split(" "))) <= _LONGEST_RUN
    return short and text.isascii() and "=?" not in text


def _words(text: str, taken: int) -> list[str]:
    return text.split(" ") if _plain(text) else encoded_words(text, taken)


def encoded_words(text: str, taken: int = 1) -> list[str]:
    """Encoded words of whole characters, each within 75 octets (RFC 2047 section 2).

    `taken` is what stands before the first on its line, as `Subject: `; that word is made so much shorter.
    """
    words: list[bytes] = [b""]
    room = max(_SHORTEST_WORD, min(_OCTETS_PER_WORD, (FOLD_AT - taken - len("=?utf-8?B??=")) // 4 * 3))
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(words[-1]) + len(octets) > room:
            words.append(b"")
            room = _OCTETS_PER_WORD
        words[-1] += octets
    return [f"=?utf-8?B?{base64.b64encode(word).decode('ascii')}?=" for word in words]


def fold(name: str, words: list[str]) -> bytes:
    """One field of these words, CRLF included; a word that would pass 76 octets begins a new line (RFC 5322 2.2.3).

    Words of more than 900 octets are cut. Whoever gives words that are not ASCII makes an RFC 6532 field of them.
    """
    lines, line = [], f"{name}:"
    first = True
    for word in words:
        for start in range(0, len(word) or 1, _LONGEST_RUN):
            part = word[start : start + _LONGEST_RUN]
            if first or len(line) + 1 + len(part) <= FOLD_AT:
                line += f" {part}"
                first = False
            else:
                lines.append(line)
                line = f" {part}"
    return "\r\n".join([*lines, line]).encode() + b"\r\n"
