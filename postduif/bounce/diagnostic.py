"""A reply as people paste it and reports quote it: `smtp; 550-5.1.1 no such user`, on one line or on several."""

from __future__ import annotations

import re

from postduif.reply import Reply

_TYPE = re.compile(r"\s*[a-z][a-z0-9-]*\s*;\s*", re.IGNORECASE)
_LINE = re.compile(r"\s*([245]\d\d)(?:[ \t-]|$)\s*#?(?:([245]\.\d{1,3}\.\d{1,3})(?:[ :-]|$))?")


def read_diagnostic(text: str, remote_mta: str = "") -> Reply:
    """The Reply in a text: its code (0: it begins with none), its enhanced code ("": none) and all else as text.

    The type of a Diagnostic-Code (RFC 3464 2.3.6) is left out where a code follows it. Never fails.
    """
    start = _TYPE.match(text)
    match = _LINE.match(text, start.end() if start else 0)
    if match is None:
        return Reply(0, "", text, remote_mta)
    return Reply(int(match[1]), match[2] or "", "\n".join(_lines(text[match.end() :], match[1])).strip(), remote_mta)


def _lines(text: str, code: str) -> list[str]:
    """Lines without the code that each of them repeats."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        found.append(line[match.end() :] if match and match[1] == code else line)
    return found
