"""Fields of a form whose names nobody knows beforehand: attributes of people, columns of a file.

Whole, within the size of a request: who takes them judges how long each may be.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request


async def _posted(request: Request) -> dict[str, str]:
    form = await request.form()  # the gate has read it already
    return {name: text for name, text in form.multi_items() if isinstance(text, str)}


Posted = Annotated[dict[str, str], Depends(_posted)]
"""All fields that are texts; of several with one name the last."""


def beginning(posted: dict[str, str], prefix: str) -> dict[str, str]:
    """Those whose names begin so, without that."""
    return {name.removeprefix(prefix): text for name, text in posted.items() if name.startswith(prefix)}
