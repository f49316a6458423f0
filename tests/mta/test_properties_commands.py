"""Commands: what our client writes our server reads, and the fast way and the careful way say the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postduif.address import NULL_SENDER, Address, parse, quote
from postduif.envelope import UNSAID, Envelope, Notify, Recipient, ascii_orcpt
from postduif.errors import AddressError, Refused
from postduif.mta import command
from postduif.mta.command import MailFrom, RcptTo
from postduif.mta.server_dialog import ORDER
from postduif.mta.transaction import Features, Transaction, addresses_ascii, compose
from tests.dialogs.transcript import Peer

ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=64)
ANY = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=16)
DOMAINS = st.sampled_from(
    ["example.com", "a.b-c.example", "xn--bcher-kva.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"]
)


def address_of(localparts: st.SearchStrategy[str]) -> st.SearchStrategy[Address]:
    """An address that `parse` makes of a quoted local part."""
    return st.builds(lambda local, domain: parse(f"{quote(local)}@{domain}"), localparts, DOMAINS)


ADDRESSES = st.one_of(address_of(ASCII), address_of(ANY))
XTEXT = st.text(st.sampled_from("abcXYZ019.@-+"), max_size=100).map(lambda text: text.replace("+", "+2B"))
WISHES = st.sampled_from(
    [UNSAID, Notify.NEVER, Notify.FAILURE, Notify.SUCCESS | Notify.DELAY, Notify.SUCCESS | Notify.FAILURE]
)
ORCPT = st.one_of(
    st.just(""), st.just("rfc822;b+2Bc@example.com"), XTEXT.filter(bool).map("rfc822;{}".format), st.just("utf-8;jö@b")
)
FEATURES = st.builds(
    Features,
    eight_bit_mime=st.booleans(),
    smtputf8=st.booleans(),
    dsn=st.booleans(),
    size=st.sampled_from([None, 0, 10**9]),
)


def offered(features: Features, envelope: Envelope, one: Transaction) -> tuple[MailFrom, list[RcptTo]]:
    """What a server that knows no more than these features reads. Raises Refused."""
    mail = one.mail.removeprefix(b"MAIL ").removesuffix(b"\r\n")
    said = command.mail_from(mail, esmtp=True, auth=False)
    for feature, keyword in ((features.size is not None, b" SIZE="), (features.smtputf8, b" SMTPUTF8")):
        assert feature or keyword not in mail.rpartition(b">")[2]
    assert features.eight_bit_mime or b" BODY=" not in mail.rpartition(b">")[2]
    rcpts = [rcpt.removeprefix(b"RCPT ").removesuffix(b"\r\n") for rcpt in one.recipients]
    return said, [command.rcpt_to(rcpt, esmtp=True, utf8=said.utf8) for rcpt in rcpts]


@given(
    st.one_of(st.just(NULL_SENDER), ADDRESSES),
    st.lists(st.builds(Recipient, ADDRESSES, ORCPT, WISHES), min_size=1, max_size=3),
    FEATURES,
    st.sampled_from(["", "FULL", "HDRS"]),
    XTEXT.filter(lambda text: len(text) <= command.MAX_ENVID),
)
def test_what_we_say_is_what_we_read(
    sender: Address, recipients: list[Recipient], features: Features, ret: str, envid: str
) -> None:
    """MAIL and RCPT as we send them are read as they were meant, and say nothing the peer did not offer."""
    envelope = Envelope(sender, ret=ret, envid=envid)
    assume(features.smtputf8 or addresses_ascii(sender, recipients))  # else it is never sent: `fit` refuses it
    one = compose(envelope, sender, recipients, b"x\r\n", features)
    for line in (one.mail, *one.recipients):
        assert line.endswith(b"\r\n")
        assert not command.has_control(line[:-2])
    mail, rcpts = offered(features, envelope, one)
    assert mail.sender == sender
    assert mail.size == (3 if features.size is not None else 0)
    assert (mail.ret, mail.envid) == ((ret, envid) if features.dsn else ("", ""))
    assert [rcpt.recipient for rcpt in rcpts] == [recipient.address for recipient in recipients]
    for rcpt, recipient in zip(rcpts, recipients, strict=True):
        assert rcpt.notify == (recipient.notify if features.dsn else UNSAID)
        said = recipient.orcpt if mail.utf8 else ascii_orcpt(recipient.orcpt)
        assert rcpt.orcpt == (said if features.dsn else "")


ORDINARY = st.text(st.sampled_from("aZ0.-_+@x"), max_size=70)
Read = Callable[[bytes], MailFrom | RcptTo]


def _outcome(read: Read, argument: bytes) -> MailFrom | RcptTo | str:
    try:
        return read(argument)
    except Refused as refused:
        return str(refused.reply)


@given(st.one_of(ORDINARY, ORDINARY.map("a@{}".format), ORDINARY.map("{}@example.com".format)), st.integers(0, 10**21))
def test_the_fast_way_and_the_careful_way_agree(path: str, size: int) -> None:
    """A command in its ordinary form means what the same command means with one more blank."""
    for argument, read in (
        (f"FROM:<{path}>", lambda line: command.mail_from(line, esmtp=True, auth=False)),
        (f"FROM:<{path}> SIZE={size}", lambda line: command.mail_from(line, esmtp=True, auth=False)),
        (f"TO:<{path}>", lambda line: command.rcpt_to(line, esmtp=True, utf8=False)),
    ):
        spaced = argument.replace(":<", ": <")
        assert _outcome(read, argument.encode()) == _outcome(read, spaced.encode())


@given(st.text(max_size=80), st.booleans())
def test_parameters_are_needed_in_esmtp_alone(parameters: str, auth: bool) -> None:
    """After HELO no parameter is taken; after EHLO what is taken keeps its letters."""
    argument = f"FROM:<a@example.com> {parameters}".encode("utf-8", "replace")
    try:
        said = command.mail_from(argument, esmtp=True, auth=auth)
    except Refused:
        return
    if parameters.strip(" "):
        try:
            command.mail_from(argument, esmtp=False, auth=auth)
        except Refused as refused:
            assert refused.reply.code == 555  # noqa: PT017  which of the two ways it ends is the point
        else:
            raise AssertionError("taken after HELO")
    assert said.envid in parameters


VERBS = st.one_of(
    st.sampled_from([verb.decode() for row in ORDER.values() for verb in row]),
    st.sampled_from(["NOOP", "VRFY", "HELP", "QUIT", "EXPN", "X", "", "GET"]),
)


@given(st.lists(st.tuples(VERBS, st.text(max_size=20)), max_size=12), st.booleans())
def test_every_line_has_one_reply(lines: list[tuple[str, str]], hello: bool) -> None:
    """One command, one reply, unless what follows is not a command or the connection ends."""
    peer = Peer({"max_errors": 10_000})
    if hello:
        peer.say(b"EHLO client\r\n")
    for verb, argument in lines:
        line = f"{verb} {argument}".encode("utf-8", "replace").replace(b"\n", b"").replace(b"\r", b"")
        out = peer.say(line + b"\r\n")
        replies = [one for one in out.split(b"\r\n")[:-1] if one[3:4] == b" "]
        if peer.session.closing:
            return
        if peer.session._dialog.reader is not None:
            return  # content follows
        assert len(replies) == 1, (line, out)


@given(ADDRESSES)
def test_addresses_read_back(address: Address) -> None:
    """An address that was read is written so that it reads back, quoted or not, and holds no control character."""
    assert parse(str(address)) == address
    assert not command.has_control(str(address).encode())
    upper = replace_domain(address, address.domain.upper().replace("IPV6", "IPv6"))
    assert parse(str(upper)) == address


def replace_domain(address: Address, domain: str) -> Address:
    """The same local part elsewhere."""
    return address._replace(domain=domain)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text: str) -> None:
    """Any text is an address that fits RFC 5321 and reads back, or is refused as one."""
    for spelled in (text, f"{text}@example.com", f"a@{text}", f'"{text}"@example.com'):
        try:
            address = parse(spelled)
        except AddressError:
            continue
        assert parse(str(address)) == address
        assert address.domain.isascii()
        assert address.domain == address.domain.lower() or address.domain.startswith("[IPv6:")
        assert len(address.domain) <= 255
        assert 0 < len(address.localpart.encode()) <= 64
        assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in str(address))


@given(st.text(max_size=60), st.sampled_from(["\r", "\n", "\0", "\t", "\x7f", "\x85"]), st.integers(0, 80))
def test_no_control_character_gets_in(text: str, control: str, place: int) -> None:
    """Wherever a control character stands, there is no address."""
    spelled = f'"{text}"@example.com'
    place %= len(spelled)
    try:
        parse(spelled[:place] + control + spelled[place:])
    except AddressError:
        return
    raise AssertionError("it got in")


@given(
    st.sampled_from(["utf-8", "UTF-8", "rfc822", "x400"]), st.text(st.sampled_from("aé名😀"), min_size=1, max_size=500)
)
def test_an_orcpt_beyond_ascii_can_be_written_in_ascii(kind: str, text: str) -> None:
    """It is of type utf-8, needs SMTPUTF8, and in ASCII is an ORCPT too, which a report can hold (RFC 6533)."""
    orcpt = f"{kind};{text}"

    def said(value: str, *, utf8: bool) -> str:
        return command.rcpt_to(f"TO:<a@b.example> ORCPT={value}".encode(), esmtp=True, utf8=utf8).orcpt

    try:
        assert said(orcpt, utf8=True) == orcpt
    except Refused:
        assert len(ascii_orcpt(orcpt)) > command.MAX_ORCPT or kind.lower() != "utf-8"
        return
    assert said(ascii_orcpt(orcpt), utf8=False) == ascii_orcpt(orcpt)
    if not text.isascii():
        with pytest.raises(Refused):
            said(orcpt, utf8=False)


@pytest.mark.parametrize("domain", ["example.com.", "bücher.example.", "bücher.example\u3002"])
def test_a_domain_has_no_dot_at_its_end(domain: str) -> None:
    """A rooted name is no domain of RFC 5321, in whatever script it is written."""
    with pytest.raises(AddressError):
        parse(f"a@{domain}")
