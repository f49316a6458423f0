"""The parts of a message (RFC 2045, 2046): text and HTML in quoted-printable, files in base64, multiparts around them.

Everything but the values is made once. Boundaries hold `=_`, which neither encoding can make (RFC 2045 6.7), so no
value can end a part.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from postduif.errors import TemplateError
from postduif.mta.merge.budget import Budget
from postduif.mta.merge.content import Attachment
from postduif.mta.merge.steps import Fixed, Step
from postduif.mta.merge.value import Scope

MAX_FILE_NAME = 200  # characters

_TYPE = re.compile(r"(?:application|audio|font|image|model|text|video)/[A-Za-z0-9][A-Za-z0-9.+-]{0,80}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}(?:@[A-Za-z0-9.-]{1,100})?")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\]")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_CUT = re.compile(r".{1,60}(?<!%)(?<!%.)")  # never within %3D


class Part(NamedTuple):
    """An entity: its Content fields, CRLF included, and what makes its body."""

    fields: bytes
    body: list[Step]


def text_part(subtype: str, body: list[Step]) -> Part:
    """`plain` or `html`, of pieces of quoted-printable UTF-8."""
    kind = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    return Part(kind.encode(), body)


def file_part(file: Attachment) -> Part:
    """An attachment, or an inline image (RFC 2183, 2392). Raises TemplateError."""
    if not _TYPE.fullmatch(file.type):
        raise TemplateError(
            f"attachment {file.name!r}: {file.type!r} is no type of a file; application/octet-stream is"
        )
    if not file.name or len(file.name) > MAX_FILE_NAME or _CONTROLS.search(file.name):
        raise TemplateError(f"attachment {file.name!r}: 1 to {MAX_FILE_NAME} characters, no controls, / or \\")
    disposition = "inline" if file.content_id else "attachment"
    fields = f"Content-Type: {file.type}\r\nContent-Transfer-Encoding: base64\r\n"
    fields += f"Content-Disposition: {disposition}{_file_name(file.name)}\r\n"
    if file.content_id:
        if not _CONTENT_ID.fullmatch(file.content_id):
            raise TemplateError(
                f"image {file.name!r}: {file.content_id!r} is no Content-ID; write it as logo@example.com"
            )
        fields += f"Content-ID: <{file.content_id}>\r\n"
    return Part(fields.encode(), [Fixed(base64.encodebytes(file.content).replace(b"\n", b"\r\n")[:-2])])


def _file_name(name: str) -> str:
    """The parameter filename, folded (RFC 2183 2.3); RFC 2231 3 and 4 for a name that is long or no token."""
    if _TOKEN.fullmatch(name):
        return f"; filename={name}"
    encoded = quote(name, safe="")
    cuts = _CUT.findall(encoded)
    if len(cuts) == 1:
        return f";\r\n filename*=utf-8''{encoded}"
    numbered = [f";\r\n filename*{number}*={cut}" for number, cut in enumerate(cuts)]
    return "".join(numbered).replace("*0*=", "*0*=utf-8''", 1)


def multipart(subtype: str, parts: Sequence[Part], salt: str, parameters: str = "") -> Part:
    """Parts in one; a single one stays as it is. `salt` makes boundaries of different mailings differ."""
    if len(parts) == 1:
        return parts[0]
    boundary = f"=_{subtype}_{hashlib.sha256(salt.encode(errors='replace')).hexdigest()[:24]}"
    fields = f'Content-Type: multipart/{subtype}{parameters};\r\n boundary="{boundary}"\r\n'
    delimiter = f"\r\n--{boundary}\r\n".encode()
    body: list[Step] = []
    for part in parts:
        start = delimiter if body else delimiter[2:]
        body += [Fixed(start + part.fields + b"\r\n"), *part.body]
    return Part(fields.encode(), [*body, Fixed(delimiter[:-2] + b"--\r\n")])


class Once:
    """Octets that stand in the message once, and so are not counted."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def __call__(self, scope: Scope, out: list[bytes], budget: Budget) -> None:
        """Append them."""
        out.append(self.octets)


def joined(steps: Sequence[Step]) -> list[Step]:
    """The steps of a whole message, with fixed octets that follow each other made one."""
    together: list[Step] = []
    for fixed, run in groupby(steps, lambda step: isinstance(step, Fixed)):
        if fixed:
            together.append(Once(b"".join([step.octets for step in run if isinstance(step, Fixed)])))
        else:
            together += run
    return together
