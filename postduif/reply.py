"""A verdict about mail is one value: the SMTP reply (RFC 5321 4.2) with its enhanced code (RFC 3463).

Whether a reply is positive, transient or permanent is derived from the code and stored nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_LINE = 512  # octets of one reply line on the wire, CRLF included (RFC 5321 4.5.3.1.5)
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: +|$)")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `remote_mta` is the host that said it; "" means that we did.

    `text` has one line per reply line, joined by newlines, without codes. `enhanced` is "" when there was none.
    """

    code: int
    enhanced: str
    text: str
    remote_mta: str = ""
    category: str = field(default="", compare=False)
    """Of a permanent verdict of ours: what it means (`bounce.category`), when its words are not to be asked."""

    @property
    def positive(self) -> bool:
        """The command did what it says (2yz)."""
        return 200 <= self.code < 300

    @property
    def intermediate(self) -> bool:
        """The command is understood and waits for more (3yz)."""
        return 300 <= self.code < 400

    @property
    def transient(self) -> bool:
        """Try again later (4yz)."""
        return 400 <= self.code < 500

    @property
    def permanent(self) -> bool:
        """Do not try again (5yz)."""
        return 500 <= self.code < 600

    @property
    def status(self) -> str:
        """The RFC 3463 status; made from the code's first digit when the speaker gave none or a contradicting one."""
        if self.enhanced and self.enhanced[0] == str(self.code)[0]:
            return self.enhanced
        return f"{self.code // 100}.0.0"

    def encode(self) -> bytes:
        """The bytes on the wire, each line within 512 octets, the enhanced code on every line (RFC 2034 section 4)."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        lines = self.text.split("\n")
        out = [
            f"{self.code}{' ' if last else '-'}{prefix}{line}".encode("utf-8", "replace")[: MAX_LINE - 2]
            for last, line in ((number == len(lines), line) for number, line in enumerate(lines, 1))
        ]
        return b"\r\n".join(out) + b"\r\n"

    @classmethod
    def decode(cls, code: int, lines: list[bytes], remote_mta: str = "") -> Reply:
        """Read the texts of a reply's lines (without their codes). Never fails; what is unprintable becomes "?"."""
        texts = [_UNPRINTABLE.sub("?", line.decode("utf-8", "replace")) for line in lines]
        match = _ENHANCED.match(texts[0]) if texts else None
        enhanced = match.group(1) if match and match.group(1)[0] == str(code)[0] else ""
        if enhanced:
            texts = [text[len(enhanced) :].lstrip(" ") if text.startswith(enhanced) else text for text in texts]
        return cls(code, enhanced, "\n".join(texts), remote_mta)

    def __str__(self) -> str:
        """One line, as it is written in logs and journals."""
        return " ".join(part for part in (str(self.code), self.enhanced, self.text.replace("\n", " ")) if part)
