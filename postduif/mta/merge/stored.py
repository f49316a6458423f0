"""A mailing's content as bytes, with the names that its audience has, and the Merge made of them again elsewhere.

What is stored is source, never code: whoever reads it compiles it, with all checks. So a file that was tampered with
can do no more than any template.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from postduif.errors import TemplateError
from postduif.mta.merge.content import STORED, Content
from postduif.mta.merge.message import Merge, compile_content

VERSION = 1
MERGES_IN_MEMORY = 16  # mailings that are sent at the same time without compiling one again


@dataclass(frozen=True, slots=True)
class _Stored:
    __pydantic_config__: ClassVar[ConfigDict] = STORED

    version: int
    content: Content
    names: tuple[str, ...]


_ADAPTER = TypeAdapter(_Stored)
_CONTENT = TypeAdapter(Content)


def dump(content: Content, names: Collection[str]) -> bytes:
    """Content and names as JSON, attachments in base64. Raises TemplateError for half a character."""
    try:
        return _ADAPTER.dump_json(_Stored(VERSION, content, tuple(sorted(names))))
    except (ValueError, UnicodeEncodeError) as error:
        raise TemplateError(f"the content cannot be stored: {error}") from None


def plain(content: Content) -> dict[str, Any]:
    """Content as JSON has it, attachments in base64, for a request to the door (docs/injection.md)."""
    found: dict[str, Any] = _CONTENT.dump_python(content, mode="json")
    return found


def load(stored: bytes) -> tuple[Content, frozenset[str]]:
    """Content and names as `dump` was given them. Raises TemplateError."""
    try:
        read = _ADAPTER.validate_json(stored, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise TemplateError(f"the stored content is damaged: {place}: {first['msg']}") from None
    if read.version != VERSION:
        raise TemplateError(f"the stored content is of version {read.version}, this program reads {VERSION}; update it")
    return read.content, frozenset(read.names)


@lru_cache(maxsize=MERGES_IN_MEMORY)
def merge_of(stored: bytes) -> Merge:
    """The Merge of what `dump` made; the last ones are remembered. Raises TemplateError."""
    return compile_content(*load(stored))
