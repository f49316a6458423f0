"""The images that go along with a mail, in its HTML itself, so that a browser shows them as mail programs do. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from urllib.parse import unquote

from postduif.mta.merge.content import Attachment

MOST = 20_000_000
"""Characters that they add to a page; of those beyond it the address stays. Who fills in a form may name one often."""
_SHOWN = re.compile(
    r"""((?:\b(?:src|background)\s*=|\burl\()\s*)(?:(["'])cid:([^"'<>]{1,1000})\2|cid:([^\s"'<>()]{1,1000}))""",
    re.IGNORECASE,
)  # RFC 2392


def with_images(html: str, files: Sequence[Attachment]) -> str:
    """Each `cid:` address that shows an image among the files becomes a `data:` address; others stay."""
    images = {one.content_id: one for one in files if one.content_id and one.type.startswith("image/")}
    room = MOST

    def shown(found: re.Match[str]) -> str:
        nonlocal room
        before, quote = found[1], found[2] or ""
        file = images.get(unquote(found[3] or found[4]))
        if file is None or (room := room - len(file.content) * 4 // 3) < 0:
            return found[0]
        return f"{before}{quote}data:{file.type};base64,{base64.b64encode(file.content).decode()}{quote}"

    return _SHOWN.sub(shown, html) if images else html
