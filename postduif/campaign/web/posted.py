"""The fields of a form as they came, for pages whose form has more of them than a signature should name.

Some have names that nobody knows beforehand: attributes of people, columns of a file. They are whole, within the size
of a request: who takes them judges how long each may be. Files are no part of them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData


class Texts(dict[str, str]):
    """By name; of several with one name the last."""

    def __init__(self, form: FormData) -> None:
        self._came = [(name, text) for name, text in form.multi_items() if isinstance(text, str)]
        super().__init__(self._came)

    def every(self, name: str) -> list[str]:
        """All with that name, as of boxes that were ticked."""
        return [text for one, text in self._came if one == name]

    def beginning(self, prefix: str) -> dict[str, str]:
        """Those whose names begin so, without that."""
        return {name.removeprefix(prefix): text for name, text in self.items() if name.startswith(prefix)}


async def _posted(request: Request) -> Texts:
    return Texts(await request.form())  # the gate has read it already


Posted = Annotated[Texts, Depends(_posted)]
