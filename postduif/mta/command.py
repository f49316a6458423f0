"""The command lines of SMTP, read as bytes (RFC 5321 4.1, RFC 1870, 3030, 3461, 4954, 6152, 6531). Pure.

The ordinary forms of MAIL and RCPT take one regular expression; everything else goes through the full parser.
What is wrong is raised as `Refused` with the reply to send; nothing of the input is ever in a reply.
Whether a command may come now is the session's business, whether it is welcome the submission door's.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from postduif import address
from postduif.address import NULL_SENDER, Address
from postduif.envelope import UNSAID, Notify, ascii_orcpt
from postduif.errors import AddressError, Refused
from postduif.reply import Reply

MAX_ENVID = 100  # characters (RFC 3461 4.4)
MAX_ORCPT = 500  # characters, as it is written in ASCII (RFC 3461 4.2)
MAX_NAME = 255  # octets of an EHLO name (RFC 5321 4.5.3.1.2)

_PLAIN_MAILBOX = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9._-]{1,255}"
_ORDINARY_MAIL = re.compile(rb"FROM:<(%s)?>(?: SIZE=(\d{1,19}))?" % _PLAIN_MAILBOX, re.IGNORECASE)
_ORDINARY_RCPT = re.compile(rb"TO:<(%s)>" % _PLAIN_MAILBOX, re.IGNORECASE)

_PATH = r'<((?:[^"\\<>\s]|"(?:[^"\\]|\\.)*")*)>'
_MAIL = re.compile(rf"FROM: *{_PATH}(?: +(.*))?", re.IGNORECASE | re.DOTALL)
_RCPT = re.compile(rf"TO: *{_PATH}(?: +(.*))?", re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\U0010ffff]+))?")
_NAME = re.compile(rb"[!#-'*+./0-9:=?A-Z\[\]^_`a-z{|}~-]{1,%d}" % MAX_NAME)
_BDAT = re.compile(rb"(\d{1,19})(?: +(LAST))?", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_ORCPT = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*);((?:[!-*,-<>-~\u0080-\U0010ffff]|\+[0-9A-F]{2})+)")
_NOTIFY = {"SUCCESS": Notify.SUCCESS, "FAILURE": Notify.FAILURE, "DELAY": Notify.DELAY}


class MailFrom(NamedTuple):
    """What a MAIL command says."""

    sender: Address
    size: int = 0
    """SIZE: octets the client means to send (RFC 1870); 0 when it did not say."""
    utf8: bool = False
    """SMTPUTF8 (RFC 6531)."""
    ret: str = ""
    """RET: "FULL", "HDRS" or "" (RFC 3461 4.3)."""
    envid: str = ""
    """ENVID as given, xtext (RFC 3461 4.4)."""


class RcptTo(NamedTuple):
    """What a RCPT command says."""

    recipient: Address
    notify: Notify = UNSAID
    orcpt: str = ""
    """ORCPT as given, xtext (RFC 3461 4.2)."""


class Chunk(NamedTuple):
    """What a BDAT command says (RFC 3030)."""

    size: int
    last: bool


def mail_from(argument: bytes, *, esmtp: bool, auth: bool) -> MailFrom:
    """Read what follows `MAIL `. `esmtp`: EHLO was said, so parameters are known; `auth`: AUTH= is one of them.

    Raises Refused.
    """
    match = _ORDINARY_MAIL.fullmatch(argument)
    if match and (esmtp or match[2] is None):
        try:
            return MailFrom(_mailbox(match[1]) if match[1] else NULL_SENDER, int(match[2] or 0))
        except AddressError:
            raise _refused("5.1.7", "Sender address is not valid") from None
    path, options = _split(_MAIL, argument, "MAIL FROM:<address>")
    parameters = _parameters(options, esmtp=esmtp, known=_MAIL_PARAMETERS if auth else _MAIL_PARAMETERS - {"AUTH"})
    utf8 = _flag(parameters, "SMTPUTF8")
    if not utf8 and not argument.isascii():
        raise _refused("5.1.7", "Characters outside ASCII need SMTPUTF8")
    if parameters.get("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        raise _refused("5.5.4", "BODY is 7BIT or 8BITMIME")
    return MailFrom(
        _address(path, "5.1.7", "Sender address is not valid") if path else NULL_SENDER,
        _size(parameters.get("SIZE")),
        utf8,
        _ret(parameters.get("RET")),
        _envid(parameters.get("ENVID")),
    )


def rcpt_to(argument: bytes, *, esmtp: bool, utf8: bool) -> RcptTo:
    """Read what follows `RCPT `. `utf8`: the transaction has SMTPUTF8. `<postmaster>` alone has no domain.

    Raises Refused.
    """
    if match := _ORDINARY_RCPT.fullmatch(argument):
        try:
            return RcptTo(_mailbox(match[1]))
        except AddressError:
            raise _refused("5.1.3", "Recipient address is not valid") from None
    path, options = _split(_RCPT, argument, "RCPT TO:<address>")
    parameters = _parameters(options, esmtp=esmtp, known=_RCPT_PARAMETERS)
    if not utf8 and not argument.isascii():
        raise _refused("5.1.3", "Characters outside ASCII need SMTPUTF8")
    if path.lower() == "postmaster":  # RFC 5321 4.5.1
        recipient = Address("postmaster", "")
    else:
        recipient = _address(path, "5.1.3", "Recipient address is not valid")
    return RcptTo(recipient, _notify(parameters.get("NOTIFY")), _orcpt(parameters.get("ORCPT"), utf8=utf8))


def chunk(argument: bytes) -> Chunk:
    """Read what follows `BDAT `. Raises Refused; then nobody knows where the next command begins."""
    match = _BDAT.fullmatch(argument)
    if not match:
        raise _refused("5.5.4", "Syntax: BDAT size [LAST]")
    return Chunk(int(match[1]), match[2] is not None)


def client_name(argument: bytes) -> str:
    """Read the name of EHLO or HELO, a domain or address literal; what looks odd but harmless is let through.

    Characters that would break out of a Received field are not. Raises Refused.
    """
    if not _NAME.fullmatch(argument):
        raise _refused("5.5.4", "Syntax: EHLO hostname")
    return argument.decode("ascii")


def has_control(line: bytes) -> bool:
    """NUL, a bare CR, TAB or another control character is in the line."""
    return _CONTROL.search(line) is not None


_MAIL_PARAMETERS = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"})
_RCPT_PARAMETERS = frozenset({"NOTIFY", "ORCPT"})


def _refused(enhanced: str, text: str, code: int = 501) -> Refused:
    return Refused(Reply(code, enhanced, text))


@functools.lru_cache(maxsize=8192)
def _mailbox(text: bytes) -> Address:
    return address.parse(text.decode("ascii"))


def _address(text: str, enhanced: str, problem: str) -> Address:
    try:
        return address.parse(text)
    except AddressError:
        raise _refused(enhanced, problem) from None


def _split(pattern: re.Pattern[str], argument: bytes, syntax: str) -> tuple[str, str]:
    try:
        match = pattern.fullmatch(argument.decode("utf-8"))
    except UnicodeDecodeError:
        raise _refused("5.5.2", "Command is not UTF-8") from None
    if not match:
        raise _refused("5.5.4", f"Syntax: {syntax}")
    return match[1], match[2] or ""


def _parameters(text: str, *, esmtp: bool, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in text.split(" "):
        if not word:
            continue
        match = _PARAMETER.fullmatch(word)
        if not match:
            raise _refused("5.5.4", "Malformed parameter")
        keyword = match[1].upper()
        if not esmtp or keyword not in known:
            raise _refused("5.5.4", "Parameter not recognized or not implemented", 555)
        if keyword in found:
            raise _refused("5.5.4", "Parameter given twice")
        if (match[2] is None) != (keyword == "SMTPUTF8"):
            raise _refused("5.5.4", "Parameter needs a value" if match[2] is None else "Parameter takes no value")
        found[keyword] = match[2] or ""
    return found


def _flag(parameters: dict[str, str], keyword: str) -> bool:
    return keyword in parameters


def _size(value: str | None) -> int:
    if value is None:
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 20:  # RFC 1870: up to 20 digits
        raise _refused("5.5.4", "SIZE is a number of octets")
    return int(value)


def _ret(value: str | None) -> str:
    if value is None:
        return ""
    if value.upper() not in {"FULL", "HDRS"}:
        raise _refused("5.5.4", "RET is FULL or HDRS")
    return value.upper()


def _envid(value: str | None) -> str:
    if value is None:
        return ""
    if len(value) > MAX_ENVID or not _XTEXT.fullmatch(value):
        raise _refused("5.5.4", "ENVID is up to 100 characters of xtext")
    return value


def _notify(value: str | None) -> Notify:
    if value is None:
        return UNSAID
    words = value.upper().split(",")
    if words == ["NEVER"]:
        return Notify.NEVER
    wishes = UNSAID
    for word in words:
        if word not in _NOTIFY:
            raise _refused("5.5.4", "NOTIFY is NEVER alone, or SUCCESS, FAILURE, DELAY")
        wishes |= _NOTIFY[word]
    return wishes


def _orcpt(value: str | None, *, utf8: bool) -> str:
    if value is None:
        return ""
    match = _ORCPT.fullmatch(value)
    beyond_ascii = utf8 and match is not None and match[1].lower() == "utf-8"  # RFC 6533 section 3
    if len(ascii_orcpt(value)) > MAX_ORCPT or not match or not (beyond_ascii or value.isascii()):
        raise _refused("5.5.4", "ORCPT is type;xtext, up to 500 characters")
    return value
