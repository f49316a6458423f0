"""Command lines: the ordinary form and the full parser agree, and nothing odd gets through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postduif.address import NULL_SENDER, Address
from postduif.envelope import UNSAID, Notify
from postduif.errors import Refused
from postduif.mta import command
from postduif.mta.command import Chunk, MailFrom, RcptTo


def _mail(argument: bytes, *, esmtp: bool = True, auth: bool = False) -> MailFrom:
    return command.mail_from(argument, esmtp=esmtp, auth=auth)


def _rcpt(argument: bytes, *, esmtp: bool = True, utf8: bool = False) -> RcptTo:
    return command.rcpt_to(argument, esmtp=esmtp, utf8=utf8)


def test_ordinary_mail_and_the_same_with_more_blanks_say_the_same() -> None:
    """The fast form and the full parser give equal answers."""
    ordinary = _mail(b"FROM:<a.b@Example.COM> SIZE=1234")
    assert ordinary == _mail(b"from: <a.b@Example.COM>  size=1234") == MailFrom(Address("a.b", "example.com"), 1234)
    assert _mail(b"FROM:<>").sender == NULL_SENDER
    assert _rcpt(b"TO:<a@example.com>") == _rcpt(b"to: <a@example.com>") == RcptTo(Address("a", "example.com"))


def test_dsn_parameters_keep_their_letters() -> None:
    """ENVID and ORCPT are kept to the letter (RFC 3461 4.2, 4.4)."""
    said = _mail(b"FROM:<a@example.com> ENVID=QQ314159+2Bz RET=full")
    assert (said.envid, said.ret) == ("QQ314159+2Bz", "FULL")
    to = _rcpt(b"TO:<a@example.com> NOTIFY=Failure,DELAY ORCPT=rfc822;A+2BTag@Example.COM")
    assert to == RcptTo(Address("a", "example.com"), Notify.FAILURE | Notify.DELAY, "rfc822;A+2BTag@Example.COM")
    assert _rcpt(b"TO:<a@example.com>").notify == UNSAID
    assert _rcpt(b"TO:<a@example.com> NOTIFY=NEVER").notify == Notify.NEVER


@pytest.mark.parametrize(
    ("argument", "localpart", "domain"),
    [
        ('TO:<"a b"@example.com>', "a b", "example.com"),
        ('TO:<"a\\"b>"@example.com>', 'a"b>', "example.com"),
        ('TO:<"plain"@example.com>', "plain", "example.com"),
        ("TO:<@one.example,@two.example:user@example.com>", "user", "example.com"),
        ("TO:<user@[192.0.2.1]>", "user", "[192.0.2.1]"),
        ("TO:<user@[IPv6:2001:DB8:0:0::1]>", "user", "[IPv6:2001:db8::1]"),
        ("TO:<POSTMASTER>", "postmaster", ""),
        ("TO:<a%b@example.com>", "a%b", "example.com"),
        ("TO:<host!user@example.com>", "host!user", "example.com"),
    ],
)
def test_unusual_addresses(argument: str, localpart: str, domain: str) -> None:
    """Quoted strings, source routes, literals and the bare postmaster are read as RFC 5321 4.1.2 says."""
    assert _rcpt(argument.encode()).recipient == Address(localpart, domain)


def test_limits_of_addresses() -> None:
    """A local part of 64 and a path of 256 octets are taken (RFC 5321 4.5.3.1); a longer local part or label is not."""
    local = b"l" * 64
    domain = b".".join([b"d" * 61, b"d" * 61, b"d" * 62, b"de"])
    assert len(local) + 1 + len(domain) + 2 == 256
    assert _rcpt(b"TO:<" + local + b"@" + domain + b">").recipient.localpart == local.decode()
    for argument in (b"TO:<l" + local + b"@example.com>", b"TO:<a@" + b"d" * 64 + b".com>"):
        with pytest.raises(Refused) as refused:
            _rcpt(argument)
        assert refused.value.reply.code == 501


@pytest.mark.parametrize(
    "argument",
    [
        b"FROM:<a@example.com> SIZE=1 size=2",
        b"FROM:<a@example.com> ENVID=",
        b"FROM:<a@example.com> ENVID=" + b"a" * 101,
        b"FROM:<a@example.com> ENVID=a+2b",
        b"FROM:<a@example.com> RET=BODY",
        b"FROM:<a@example.com> BODY=",
        b"FROM:<a@example.com> SIZE=\xc2\xb2",
        b"FROM:<a@example.com>,<b@example.com>",
        b"FROM:<a@example.com> <b@example.com>",
        b"FROM:<a@b@example.com>",
        b"FROM:<.a@example.com>",
        b"FROM:<a@-example.com>",
        b"FROM:<a@example.com.>",
        b"FROM:<@example.com>",
        b"FROM:<a@[300.1.1.1]>",
        b"FROM:<a@[::1]>",
        b"FROM:<<a@example.com>>",
        b"FROM:<\xff@example.com> SMTPUTF8",
    ],
)
def test_malformed_mail_is_501(argument: bytes) -> None:
    """What is not in the grammar is 501, with an enhanced code, and without an echo of the input."""
    with pytest.raises(Refused) as refused:
        _mail(argument)
    assert refused.value.reply.code == 501
    assert refused.value.reply.enhanced.startswith("5.")
    assert "example" not in refused.value.reply.text


def test_unknown_parameters_are_555() -> None:
    """A parameter nobody advertised is 555 (RFC 5321 4.1.1.11); AUTH= is known where AUTH is."""
    for argument in (b"FROM:<a@example.com> X=1", b"FROM:<a@example.com> AUTH=<>"):
        with pytest.raises(Refused) as refused:
            _mail(argument)
        assert refused.value.reply.code == 555
    assert _mail(b"FROM:<a@example.com> AUTH=<>", auth=True).sender.localpart == "a"


def test_chunk_and_client_name() -> None:
    """BDAT takes a size and LAST; an EHLO name may be odd, but not break out of a Received field."""
    assert command.chunk(b"86400") == Chunk(86400, last=False)
    assert command.chunk(b"0 last") == Chunk(0, last=True)
    for argument in (b"", b"-1", b"1 FIRST", b"1.0", b"1 LAST LAST", b"9" * 20):
        with pytest.raises(Refused):
            command.chunk(argument)
    assert command.client_name(b"my_host") == "my_host"
    for argument in (b"", b"a b", b"a(b)", b"a;b", b"<a>", b"a" * 256, b"\xe9"):
        with pytest.raises(Refused):
            command.client_name(argument)


@given(st.binary(max_size=300))
@example(b'FROM:<"' + b"\\" * 200)
def test_anything_is_read_or_refused(argument: bytes) -> None:
    """Whatever comes after MAIL or RCPT, there is an address without control characters or a reply."""
    for prefix in (b"", b"FROM:<", b"FROM:<a@example.com> "):
        assert not command.has_control(_said(lambda line: _mail(line, auth=True).sender, prefix + argument))
    for prefix in (b"", b"TO:<", b"TO:<a@example.com> "):
        assert not command.has_control(_said(lambda line: _rcpt(line, utf8=True).recipient, prefix + argument))


def _said(read: Callable[[bytes], Address], argument: bytes) -> bytes:
    """The address, or the reply without its line end."""
    try:
        return str(read(argument)).encode()
    except Refused as refused:
        return refused.reply.encode()[:-2]
