"""What of a reply is looked at: its codes and the words of its text, bounded."""

from __future__ import annotations

import re
from typing import NamedTuple

from postduif.bounce.phrase import words
from postduif.reply import Reply

MAX_TEXT = 2000
"""Characters of a text that are looked at."""

_MAX_STATUSES = 4
_STATUS = re.compile(r"[245](?<![\d.].)\.\d{1,3}\.\d{1,3}(?!\d|\.\d)")
_CODE = re.compile(r"[245](?<![\d.].)\d\d(?=[ \t#:-]|$)")
_REPEATED = re.compile(r"[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3} ")
"""What wrapped lines of a reply begin with."""
_VAGUE = re.compile(r"[245]\.0\.0")


class Said(NamedTuple):
    """The SMTP code (0: none), the enhanced codes and the words of a reply."""

    code: int
    statuses: tuple[str, ...]
    words: list[str]

    @classmethod
    def of(cls, reply: Reply) -> Said:
        """Codes in the text are more exact than a report's Status; the reply's own count where the text has none."""
        text = reply.text[:MAX_TEXT]
        statuses = tuple(dict.fromkeys(status for status in _STATUS.findall(text) if not _VAGUE.fullmatch(status)))
        if not statuses and reply.enhanced:
            statuses = (reply.enhanced,)
        if statuses:
            text = _REPEATED.sub(" ", text)
        code = reply.code
        if not code:
            match = _CODE.search(reply.text, 0, MAX_TEXT)
            code = int(match[0]) if match else int(statuses[0][0]) * 100 if statuses else 0
        return cls(code, statuses[:_MAX_STATUSES], words(text))
