"""SMTP smuggling: what looks like an end of data but is not CRLF.CRLF never ends it (CVE-2023-51764 and its kin)."""

from __future__ import annotations

import pytest

from postduif.mta import mail_content
from tests.dialogs.transcript import Cut, Peer, at_random, single, whole

ENDS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "LF.CR": b"\n.\r",
    "CRLF.LF": b"\r\n.\n",
    "CRLF.CR": b"\r\n.\r",
    "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "CRLF-NUL.CRLF": b"\r\n\0.\r\n",
    "CRLF.NUL-CRLF": b"\r\n.\0\r\n",
    "CRLF.SP-CRLF": b"\r\n. \r\n",
}
ENVELOPE = b"MAIL FROM:<one@example.com>\r\nRCPT TO:<two@example.net>\r\n"
SMUGGLED = b"MAIL FROM:<admin@example.com>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nSubject: evil\r\n\r\n"
CUTS: dict[str, Cut] = {"whole": whole, "single": single, "random": at_random(1)}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("normalize", [False, True], ids=["refuse", "normalize"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_no_second_mail_in_data(end: bytes, cut: Cut, *, normalize: bool) -> None:
    """After DATA, a false end and what follows are one mail: refused (554 5.6.0, and the end), or taken as one."""
    peer = Peer({"normalize": normalize})
    peer.say(b"HELO client\r\n")
    assert peer.say(ENVELOPE + b"DATA\r\n").endswith(b"\r\n354 End data with <CRLF>.<CRLF>\r\n")
    out = peer.say(b"Subject: good\r\n\r\ntext" + end + SMUGGLED + b"\r\n.\r\n", cut)
    _one_or_none(peer, out, end, normalize=normalize)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("normalize", [False, True], ids=["refuse", "normalize"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_no_second_mail_in_chunk(end: bytes, cut: Cut, *, normalize: bool) -> None:
    """In a BDAT chunk it is the same: the chunk's octets are one mail or none (RFC 3030)."""
    content = b"Subject: good\r\n\r\ntext" + end + SMUGGLED
    peer = Peer({"normalize": normalize})
    peer.say(b"EHLO client\r\n")
    peer.say(ENVELOPE)
    out = peer.say(b"BDAT %d LAST\r\n" % len(content) + content, cut)
    _one_or_none(peer, out, end, normalize=normalize)


def _one_or_none(peer: Peer, out: bytes, end: bytes, *, normalize: bool) -> None:
    bare = mail_content.newlines_of(b"text" + end + b"\r\n") != "\r\n"
    if b"\0" in end or (bare and not normalize):
        assert out.startswith(b"554 5.6.0 ")
        assert peer.session.closing
        assert peer.door.mails == []
        return
    assert out == b"250 2.0.0 queued as 1\r\n"
    ((_, envelope, content),) = peer.door.mails
    assert [str(recipient.address) for recipient in envelope.recipients] == ["two@example.net"]
    assert b"victim" in content
    assert mail_content.fault_of(content, 10_000) == ""
