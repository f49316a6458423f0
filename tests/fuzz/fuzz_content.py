"""Mail data: its end is found and its limits hold however it is cut, and our own way of writing it is read back."""

from __future__ import annotations

import re

from postduif.mta import mail_content
from postduif.mta.canonical import relaxed_body
from postduif.mta.client_session import stuffed
from postduif.mta.mail_content import ChunkReader, DataReader
from tests.fuzz.cutting import cut

MAX_SIZE = 40
MAX_LINE = 20
SEEDS = [
    b"\0\0Subject: x\r\n\r\n..text\r\n.\r\nQUIT\r\n",
    b"\1\1.\r\n",
    b"\2\2a\n.\nb\r.\rc\r\n.\rd\r\n..\r\n\r\n.\r\n",
    b"\0\1" + b"x" * 38 + b"\r\n.\r\n",
    b"\7\0" + b"x" * 18 + b"\r\n" + b"." * 18 + b"\r\n.\r\n.\r\n",
]


def check(octets: bytes) -> None:
    """Cut or whole, the same data is taken or refused, and the same follows it."""
    whole, pieces = cut(octets)
    assert _read(pieces, 10**6, 10**6) == _plain(whole)
    content, _, rest = _plain(whole) or (b"", "", b"")
    if _plain(whole) is not None:
        _, fault, after = _read(pieces, MAX_SIZE, MAX_LINE) or (b"", "", None)
        assert after == rest
        sent = whole[: len(whole) - len(rest) - 3].split(b"\r\n")
        fits = len(content) <= MAX_SIZE and all(len(line) + 2 <= MAX_LINE for line in sent[:-1])
        assert (fault == "") == fits
    _written(mail_content.normalize(whole.replace(b"\0", b"")))
    taken = bytearray()
    left = [ChunkReader(len(whole) // 2, taken).feed(whole)]
    assert taken + (left[0] or b"") == whole or len(whole) < 2


def _read(pieces: list[bytes], max_size: int, max_line: int) -> tuple[bytes, str, bytes] | None:
    reader = DataReader(max_size, max_line)
    for number, piece in enumerate(pieces):
        rest = reader.feed(piece)
        assert len(reader._buffer) <= max_size + 3 * len(piece) + 20 + reader._dots
        if rest is not None:
            after = rest + b"".join(pieces[number + 1 :])
            return (b"" if reader.fault else reader.content()), reader.fault, after
    return None


def _plain(octets: bytes) -> tuple[bytes, str, bytes] | None:
    """The same, in the plainest way."""
    content, end, rest = (b"\r\n" + octets).partition(b"\r\n.\r\n")
    return (re.sub(rb"\r\n\.", b"\r\n", content + b"\r\n")[2:], "", rest) if end else None


def _written(content: bytes) -> None:
    content += b"" if content.endswith(b"\r\n") else b"\r\n"
    assert mail_content.fault_of(content, 10**6) == ""
    wire = stuffed(content) + b".\r\n"
    assert (b"\r\n" + wire).find(mail_content.END) == len(wire) - 3
    reader = DataReader(len(content), 10**6)
    assert reader.feed(wire) == b""
    assert (reader.fault, reader.content()) == ("", content)
    body = relaxed_body(content)
    assert relaxed_body(body) == body
    assert not re.search(rb"[ \t]\r\n|[ \t]{2}|\t|\r\n\r\n\Z", body)
