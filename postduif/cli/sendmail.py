"""`postduif sendmail`: what programs expect at /usr/sbin/sendmail, in front of the daemon's submission listener.

Exit statuses are those of sysexits.h, because cron, mail(1) and web applications read them: 75 means "keep it and try
again". A local mail may lack what only its machine can know: CRLF, domains of local users, an author.
"""

from __future__ import annotations

import getpass
import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

import click

from postduif import address, header
from postduif.address import NULL_SENDER, Address
from postduif.cli.sendmail_options import Options, read_options
from postduif.config.kinds import HostPort
from postduif.config.load import DEFAULT_PATH, load
from postduif.config.schema import Config
from postduif.errors import AddressError, ConfigError
from postduif.header import unfold
from postduif.header_text import crlf, phrase
from postduif.mailboxes import mailboxes
from postduif.mta.handover import NotTaken, Wishes, door, hand_over
from postduif.reply import Reply

_BARE_AUTHOR = re.compile(rb"\s*([!#-'*+./-9=?A-Z^-~-]+)(\s*\([^()\r\n]*\))?\s*")
_ANGLE_AUTHOR = re.compile(rb"([^<>@\r\n]*<)([!#-'*+./-9=?A-Z^-~-]+)(>\s*)")
_STATUSES = (  # the first that fits: class of the reply or start of its enhanced code, exit status
    ("4", os.EX_TEMPFAIL),
    ("5.1.1", os.EX_NOUSER),
    ("5.1.2", os.EX_NOHOST),
    ("5.1.", os.EX_NOUSER),
    ("5.5.", os.EX_PROTOCOL),
    ("5.6.", os.EX_DATAERR),
    ("5.7.", os.EX_NOPERM),
    ("5", os.EX_UNAVAILABLE),
)


class Failure(Exception):  # noqa: N818  it carries an exit status
    """Nothing was sent. `status` is of sysexits.h."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _Verbatim(click.Command):
    """Leaves every word to `read_options`: sendmail's options are not in the form click knows."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--", *args])


@click.command(
    cls=_Verbatim,
    add_help_option=False,
    options_metavar="[-t] [-i] [-f sender] [-F name]",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[recipient]...")
def command(arguments: tuple[str, ...]) -> None:
    """Take a mail on standard input, as sendmail(1) does.

    Options -t, -i, -f, -F, -N, -R, -V, -v, -C; others of sendmail's are accepted and change nothing. The configuration
    is that of -C, $POSTDUIF_CONFIG or /etc/postduif/postduif.toml. Exit statuses are those of sysexits.h.
    """
    sys.exit(run(list(arguments), sys.stdin.buffer))


def main() -> None:
    """For a `sendmail` of its own on the PATH."""
    sys.exit(run(sys.argv[1:], sys.stdin.buffer))


def run(arguments: list[str], source: BinaryIO) -> int:
    """Do it all; returns the exit status."""
    try:
        options = read_options(arguments)
    except ValueError as error:
        return _fail(os.EX_USAGE, str(error))
    try:
        path = options.config or os.environ.get("POSTDUIF_CONFIG") or DEFAULT_PATH
        config = load(Path(path))
        server = door(config)
    except ConfigError as error:
        return _fail(os.EX_CONFIG, str(error))
    try:
        queued_as = _submit(config, server, options, source)
    except Failure as failure:
        return _fail(failure.status, str(failure))
    except NotTaken as error:
        return _fail(status_of(error.reply), str(error))
    if options.verbose:
        click.echo(f"queued as {queued_as}")
    return os.EX_OK


def status_of(reply: Reply) -> int:
    """The exit status that tells a caller what to do."""
    return next((status for start, status in _STATUSES if reply.status.startswith(start)), os.EX_SOFTWARE)


def _submit(config: Config, server: HostPort, options: Options, source: BinaryIO) -> str:
    hostname = config.server.hostname
    content = _content(source, ends_at_dot=not options.dots, limit=_limit(config))
    section, _ = header.split(content)
    sender = _sender(options, hostname)
    wanted = [_address(text, hostname) for text in options.recipients]
    if options.from_header:
        wanted += _in_header(section, hostname)
    recipients = list(dict.fromkeys(wanted))
    if not recipients:
        raise Failure(os.EX_USAGE, "no recipients; name them, or use -t and a To field")
    content = _with_author(content, sender, options.full_name, hostname)
    wishes = Wishes(options.notify, options.ret, options.envid)
    return hand_over(server, sender, recipients, content, hostname=hostname, wishes=wishes)


def _limit(config: Config) -> int:
    return max(listener.max_message_size for listener in config.listener)


def _content(source: BinaryIO, *, ends_at_dot: bool, limit: int) -> bytes:
    """Standard input as mail. An mbox line at the top is no part of it."""
    text = source.read(limit + 1)
    if len(text) > limit:
        raise Failure(os.EX_DATAERR, f"the mail is longer than {limit} octets")
    text = text.replace(b"\r\n", b"\n")
    if text.startswith(b"From "):
        text = text.partition(b"\n")[2]
    if ends_at_dot and (match := re.search(rb"^\.(?:\n|\Z)", text, re.MULTILINE)):
        text = text[: match.start()]
    if not text.endswith(b"\n"):
        text += b"\n"
    return crlf(text)


def _address(text: str, hostname: str) -> Address:
    """A mailbox, one of this machine when it names no domain."""
    text = text.strip()
    try:
        if "<" in text:
            (text,) = mailboxes(text)
        return address.parse(text if "@" in text else f"{text}@{hostname}")
    except (AddressError, ValueError) as error:
        raise Failure(os.EX_DATAERR, f"{text!r} is not a mail address: {error}") from None


def _sender(options: Options, hostname: str) -> Address:
    if options.sender is None:
        return _address(getpass.getuser(), hostname)
    return NULL_SENDER if options.sender.strip() in ("", "<>") else _address(options.sender, hostname)


def _in_header(section: bytes, hostname: str) -> list[Address]:
    """The recipients of To, Cc and Bcc; of the Resent fields, when the mail is sent again (RFC 5322 3.6.6)."""
    fields = [(one.name, one.value) for one in header.fields(section)]
    resent = any(name.startswith(b"resent-") for name, _ in fields)
    names = {b"resent-to", b"resent-cc", b"resent-bcc"} if resent else {b"to", b"cc", b"bcc"}
    found: list[Address] = []
    for name, value in fields:
        if name in names:
            try:
                found += [_address(text, hostname) for text in mailboxes(unfold(value))]
            except AddressError as error:
                raise Failure(os.EX_DATAERR, f"the {name.decode().title()} field cannot be read: {error}") from None
    return found


def _with_author(content: bytes, sender: Address, full_name: str, hostname: str) -> bytes:
    """Add the author's name when the mail has no From, and our host to a local user in From (as cron writes it)."""
    section, _ = header.split(content)
    authors = [one for one in header.fields(section) if one.name == b"from"]
    if not authors and full_name and sender != NULL_SENDER:
        return f"From: {phrase(full_name)} <{sender}>\r\n".encode() + content
    if len(authors) != 1:
        return content
    value, host = authors[0].value, hostname.encode("ascii")
    if match := _BARE_AUTHOR.fullmatch(value):
        value = b" %b@%b%b" % (match[1], host, match[2] or b"")
    elif match := _ANGLE_AUTHOR.fullmatch(value):
        value = b"%b%b@%b%b" % (match[1], match[2], host, match[3])
    else:
        return content
    raw = authors[0].raw
    return (b"\n" + content).replace(b"\n" + raw, b"\nFrom:" + value + b"\r\n", 1)[1:]


def _fail(status: int, text: str) -> int:
    for line in text.splitlines():
        click.echo(f"sendmail: {line}", err=True)
    return status
