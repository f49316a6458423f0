"""Header sections: read to the octet, passed through the door as fields alone, and fit for a host without 8BITMIME."""

from __future__ import annotations

import functools
import re

from postduif import header, header_text
from postduif.address import parse
from postduif.config.schema import Config
from postduif.envelope import Envelope, Message, Recipient
from postduif.mta import mail_content
from postduif.mta.downgrade import fit
from postduif.mta.mail_content import Lines
from postduif.mta.submission import Client, prepare
from postduif.reply import Reply

SEEDS = [
    b"From: A <a@b.example>\r\nSubject: =?utf-8?q?a?=\r\n folded\r\nBcc: x@y\r\nX-Postduif-Stream: x\r\n\r\nbody\r\n",
    b"Received: by mta.example\r\nFROM : a@b.example\r\nno field\r\n\r\n",
    b'From: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary="b"\r\n\r\n--b\r\n\r\n\xe9\r\n--b--\r\n',
    b"Content-Type: text/plain; charset=utf-8\r\nFrom: a@b.example\r\n\r\n\xc3\xa9 = \t\r\n.\r\n",
    b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\nX: y\r\nContent-Type: image/x\r\n\r\n\xff\xfe\r\n",
    "From: é@b.example\r\nList-Id: <é>\r\nAuto-Submitted: auto-replied\r\n\r\n".encode(),
]
_FIELDS = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")
_FOREIGN = re.compile(rb"^(?:bcc|x-postduif-[!-9;-~]*)[ \t]*:", re.IGNORECASE | re.MULTILINE)


@functools.cache
def _config() -> Config:
    listener = {"address": "127.0.0.1:587", "trusted": ["127.0.0.0/8"]}
    return Config.model_validate(
        {"server": {"hostname": "mta.example", "postmaster": "p@mta.example"}, "listener": [listener]}
    )


def check(octets: bytes) -> None:
    """Whatever comes, what is queued has a header section of fields alone and the body that came."""
    section, _ = header.split(octets)
    found = list(header.fields(section))
    assert section.startswith(b"".join(field.raw for field in found))
    for field in found:
        header.unfold(field.value)
    text = octets.decode("utf-8", "replace")
    written = header_text.field("Subject", text)
    assert len(list(header.fields(written))) == 1
    assert _FIELDS.fullmatch(written)
    assert b"\r" not in header_text.phrase(text).encode()
    content = mail_content.normalize(octets.replace(b"\0", b""))
    _door(content if content.endswith(b"\r\n") else content + b"\r\n")


def _door(content: bytes) -> None:
    config = _config()
    client = Client("127.0.0.1", "c", "", "", trusted=True, listener=config.listener[0])
    envelope = Envelope(parse("s@b.example"), [Recipient(parse("r@b.example"))], id=17)
    decided = prepare(config, client, envelope, Lines(content), 1_800_000_000.0)
    if isinstance(decided, Reply):
        assert decided.permanent
        return
    message = decided.message
    section, empty, body = message.content.partition(b"\r\n\r\n")
    assert empty
    assert _FIELDS.fullmatch(section + b"\r\n")
    assert not _FOREIGN.search(section)
    assert content.endswith(body)
    assert mail_content.fault_of(message.content, 10**6) == ""
    assert message.eight_bit is not message.content.isascii()
    _seven_bit(message)


def _seven_bit(message: Message) -> None:
    for smtputf8 in (False, True):
        fitted = fit(message, False, smtputf8, True)
        if isinstance(fitted, Reply):
            assert fitted.permanent
            continue
        assert fitted.content.isascii() or smtputf8
        assert mail_content.fault_of(fitted.content, 10**6) == ""
        assert fitted is message or _FIELDS.fullmatch(fitted.content.partition(b"\r\n\r\n")[0] + b"\r\n")
