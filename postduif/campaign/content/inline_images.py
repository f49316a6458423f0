"""The images that go along with a mail, in its HTML itself, so that a browser shows them as mail programs do. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from urllib.parse import unquote

from postduif.mta.merge.content import Attachment

_SHOWN = re.compile(r"cid:([\w.@%-]+)", re.ASCII | re.IGNORECASE)  # RFC 2392


def with_images(html: str, files: Sequence[Attachment]) -> str:
    """Each `cid:` address of an image among the files becomes a `data:` address; others stay."""
    images = {one.content_id: one for one in files if one.content_id and one.type.startswith("image/")}

    def shown(found: re.Match[str]) -> str:
        file = images.get(unquote(found[1]))
        return f"data:{file.type};base64,{base64.b64encode(file.content).decode()}" if file else found[0]

    return _SHOWN.sub(shown, html) if images else html
