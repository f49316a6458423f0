"""Commands and whole sessions: any octets are answered in form, and what is queued is clean."""

from __future__ import annotations

import re

from postduif import log
from postduif.errors import Refused
from postduif.mta import command, mail_content, server_reply
from tests.dialogs.transcript import Peer
from tests.fuzz.cutting import cut

SETTINGS = {"tls": "starttls", "auth": "optional", "auth_without_tls": True, "max_message_size": 100}
SEEDS = [
    b"\0\0MAIL FROM:<a@example.com> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=QQ+2B\r\n",
    b"\7\7EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.net> NOTIFY=NEVER ORCPT=rfc822;b@example.net\r\nDATA\r\n",
    b'\1\1EHLO c\r\nMAIL FROM:<j\xc3\xbc@b.de> SMTPUTF8\r\nRCPT TO:<@a:"x\\" y"@[IPv6:::1]>\r\nBDAT 4 LAST\r\nab\r\n',
    b"\0\0EHLO c\r\nAUTH PLAIN AGEAYg==\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nSTARTTLS\r\nEHLO d\r\nVRFY x\r\nQUIT\r\n",
    b"\3\3EHLO c\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"
    + b"\2" * 4
    + b"..\r\n.\r\n\r\n.\r\nRSET\r\n",
]
_PLAIN = (b"220 ", b"250-", b"250 mx.", b"250 AUTH PLAIN LOGIN", b"250 STARTTLS", b"250 DSN", b"354 ", b"334 ")
_ENHANCED = re.compile(rb"([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} [\x20-\x7e]+")


def check(octets: bytes) -> None:
    """What is sent is answered line by line, and costs no more than its bounds."""
    log.configure("text", "error")
    _arguments(octets[2:])
    _, pieces = cut(octets)
    peer = Peer(SETTINGS, passwords={"a": "b"})
    out = peer.greeting
    for piece in pieces:
        out += peer.say(piece)
        assert peer.session.waiting <= 2 * 12288
    assert server_reply.FAILED not in out, "something failed inside"
    for line in out.split(b"\r\n")[:-1]:
        assert line.startswith(_PLAIN) or _ENHANCED.fullmatch(line), line
        assert len(line) <= 510
    for _, envelope, content in peer.door.mails:
        assert envelope.recipients
        assert len(content) <= 102
        assert mail_content.fault_of(content, 1000) == ""
        for recipient in envelope.recipients:
            assert not command.has_control(str(recipient.address).encode())
            assert not command.has_control(recipient.orcpt.encode())


def _arguments(octets: bytes) -> None:
    """The parsers refuse with a reply, or give values that can be said again."""
    for prefix in (b"", b"FROM:<", b"FROM:<a@b.c> "):
        try:
            said = command.mail_from(prefix + octets, esmtp=True, auth=True)
        except Refused:
            continue
        assert not command.has_control(str(said.sender).encode())
        again = f"FROM:<{said.sender}>" + (" SMTPUTF8" if said.utf8 else "")
        assert command.mail_from(again.encode(), esmtp=True, auth=False).sender == said.sender
    for prefix in (b"", b"TO:<", b"TO:<a@b.c> "):
        try:
            to = command.rcpt_to(prefix + octets, esmtp=True, utf8=True)
        except Refused:
            continue
        again = f"TO:<{to.recipient}>" + (f" ORCPT={to.orcpt}" if to.orcpt else "")
        assert command.rcpt_to(again.encode(), esmtp=True, utf8=True)[::2] == to[::2]
    for read in (command.chunk, command.client_name):
        try:
            read(octets)
        except Refused:
            continue
