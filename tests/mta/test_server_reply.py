"""What the server says is in form."""

from __future__ import annotations

import re

from postduif.mta import server_reply

REPLIES = {name: value for name, value in vars(server_reply).items() if name.isupper()}


def test_every_reply_has_an_enhanced_code() -> None:
    """Each fixed reply is one short line with an enhanced code of the reply's class (RFC 2034); 354 alone has none."""
    for name, reply in REPLIES.items():
        pattern = rb"354 [ -~]+\r\n" if name == "START_DATA" else rb"([245])\d\d \1\.\d\.\d{1,2} [ -~]{2,80}\r\n"
        assert re.fullmatch(pattern, reply), name


def test_no_reply_says_what_we_run() -> None:
    """Neither the program nor a version is named."""
    said = b"".join(REPLIES.values()) + server_reply.greeting("mx.example.org")
    assert not re.search(rb"postduif|python|aiosmtpd|\d\.\d\.\d\.\d", said, re.IGNORECASE)


def test_extensions_are_in_form() -> None:
    """The EHLO reply has our name first, one keyword a line, and STARTTLS and AUTH only when they are there."""
    lines = server_reply.extensions("mx.example.org", size=1000, starttls=True, auth=True).split(b"\r\n")[:-1]
    assert lines[0] == b"250-mx.example.org"
    assert [line[:4] for line in lines] == [b"250-"] * (len(lines) - 1) + [b"250 "]
    assert {b"STARTTLS", b"AUTH PLAIN LOGIN", b"SIZE 1000"} <= {line[4:] for line in lines}
    bare = server_reply.extensions("mx.example.org", size=1000, starttls=False, auth=False)
    assert b"STARTTLS" not in bare
    assert b"AUTH" not in bare
    assert b"BINARYMIME" not in bare
