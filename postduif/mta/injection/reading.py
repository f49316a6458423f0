"""JSON of requests into values of ours. What is wrong is said with the place where it is. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, NoReturn, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from postduif.address import Address, parse
from postduif.errors import AddressError
from postduif.mta.injection.problem import Problem
from postduif.mta.merge.content import STORED, Content

T = TypeVar("T")
Duplicates = Literal["drop", "keep"]
"""What becomes of an address that stood there before: nothing, or another mail."""
MAX_VALUES = 10_000
"""Commas and opening brackets of a template, or of a message beside its recipients. A list of millions of numbers where
texts belong costs hundreds of times its length to read and to find wrong."""
_SHOWN = 10  # mistakes of one request that are named
_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|([\[{,])', re.DOTALL)
"""A text, to its end or that of everything, or what announces one value more."""
_KNOWN = {"address", "values"}


@dataclass(frozen=True, slots=True)
class Template:
    """The first item of a request with a template."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    sender: str
    """Envelope sender; "" is the null sender."""
    content: Content
    names: tuple[str, ...] = ()
    """The variables that recipients have; `email` needs no naming: it is the address."""
    stream: str = ""
    duplicates: Duplicates = "drop"


@dataclass(frozen=True, slots=True)
class Single:
    """A request with one message, which is exactly one of `content`, `content_base64` and `message`."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    sender: str
    recipients: tuple[str, ...]
    content: str | None = None
    """RFC 5322, lines ending as they like."""
    content_base64: bytes | None = None
    """The same in base64, for what is not UTF-8."""
    message: Content | None = None
    """Made into a message by us; its texts are taken as they are, not as templates."""
    stream: str = ""
    duplicates: Duplicates = "drop"


TEMPLATE = TypeAdapter(Template)
SINGLE = TypeAdapter(Single)


class Unfit(ValueError):  # noqa: N818  the name says what is the case
    """A recipient is not as it should be."""

    def __init__(self, code: str, field: str, detail: str, address: str = "") -> None:
        super().__init__(detail)
        self.code, self.field, self.detail, self.address = code, field, detail, address


class Given(NamedTuple):
    """One recipient as it was given."""

    address: Address
    text: str
    values: list[object]
    """In the order of the names that were asked for."""


def read(adapter: TypeAdapter[T], text: bytes, most: int = MAX_VALUES) -> T:
    """A value of that kind, with `most` values in it. Raises Problem with every mistake, by field."""
    if has_more(text, most):
        raise Problem("too_large", f"more than {most} values in one JSON text")
    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        if found[0]["type"] == "json_invalid":
            raise Problem("malformed", f"this is no JSON: {found[0]['msg']}") from None
        named = [{"field": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in found[:_SHOWN]]
        problem = Problem("invalid", "; ".join(f"{one['field']}: {one['detail']}" for one in named))
        problem.more = {"errors": named}
        raise problem from None


def has_more(text: bytes, most: int) -> bool:
    """Whether this JSON has more values than `most`, told by its commas and brackets alone."""
    values = 0
    for match in _VALUE.finditer(text):
        values += match.start(1) >= 0
        if values > most:
            return True
    return False


def recipient(text: bytes, order: Sequence[str]) -> Given:
    """One recipient of a template that uses these names. Raises Unfit."""
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        words = "too deep" if isinstance(error, RecursionError) else str(error)
        raise Unfit("malformed", "", f"this is no JSON: {words}") from None
    if not isinstance(found, dict):
        raise Unfit("malformed", "", "a recipient is an object with address and values")
    named = found.get("address")
    shown = named if isinstance(named, str) else ""
    if unknown := found.keys() - _KNOWN:
        raise Unfit("unknown_field", min(unknown)[:100], "a recipient has address and values, nothing else", shown)
    values = found.get("values", {})
    if not isinstance(values, dict):
        raise Unfit("malformed", "values", "values are an object", shown)
    return Given(address(named), shown, [_value(values, name.removesuffix("[]"), shown) for name in order])


def address_of(text: bytes) -> Address | None:
    """The address alone, of a recipient that was read before. None: there was none."""
    try:
        found = json.loads(text)
        return address(found.get("address")) if isinstance(found, dict) else None
    except (ValueError, RecursionError):  # Unfit is among them
        return None


def address(named: object) -> Address:
    """An address that mail can go to. Raises Unfit."""
    if not isinstance(named, str):
        raise Unfit("bad_address", "address", "there is no address")
    try:
        return parse(named)
    except (AddressError, UnicodeError) as error:
        raise Unfit("bad_address", "address", str(error), named) from None


def _value(values: Mapping[str, Any], name: str, given_address: str) -> object:
    """By its whole dotted name, or step by step; the address is known as `email`; what is missing is null."""
    if name in values:
        return values[name]
    found: object = values
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return given_address if found is None and name == "email" else found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
