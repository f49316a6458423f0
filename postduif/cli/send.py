"""`postduif send`: one plain mail from the command line, by the same road as every other."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from postduif import address
from postduif.address import Address
from postduif.cli.options import config_option
from postduif.config.kinds import HostPort
from postduif.config.load import load
from postduif.errors import AddressError, ConfigError
from postduif.header_text import crlf, field, quoted_printable
from postduif.mta.handover import NotTaken, door, hand_over

_FIELD_NAME = re.compile(r"[!-9;-~]+")
_STRUCTURED = frozenset({"from", "to", "cc", "bcc", "sender", "reply-to", "message-id", "date", "content-type"})
_HOST_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]\s]+):[0-9]{1,5}")
_MAX_LINE = 998  # octets (RFC 5322 2.1.1)


def _mailbox(value: str) -> Address:
    try:
        return address.parse(value)
    except AddressError as error:
        raise click.BadParameter(f"{value!r} is not a mail address: {error}") from None


def _server(value: str) -> HostPort:
    if not _HOST_PORT.fullmatch(value):
        raise click.BadParameter(f'{value!r} is not a host with a port; write it as "127.0.0.1:2525" or "[::1]:2525"')
    return HostPort(value)


def _field(value: str) -> tuple[str, str]:
    name, colon, text = value.partition(":")
    if not colon or not _FIELD_NAME.fullmatch(name) or not text.isprintable():
        raise click.BadParameter(f'{value!r} is not a header field; write it as "Name: value", on one line')
    if name.lower() in _STRUCTURED and not text.isascii():
        raise click.BadParameter(f"{name} beyond ASCII must be encoded already (RFC 2047)")
    return name, text


@click.command
@config_option
@click.option(
    "--to",
    "recipients",
    type=_mailbox,
    metavar="ADDRESS",
    multiple=True,
    required=True,
    help="Recipient; may be repeated.",
)
@click.option("--from", "sender", type=_mailbox, metavar="ADDRESS", help="Sender. Default: the user, at our host name.")
@click.option("--subject", default="", help="Subject.")
@click.option(
    "--file",
    type=click.File("rb"),
    default="-",
    help="The text, in UTF-8; with --raw a whole mail. Default: standard input.",
)
@click.option("--raw", is_flag=True, help="The file is a whole mail: header section, empty line, body.")
@click.option("--header", "fields", type=_field, metavar="FIELD", multiple=True, help='"Name: value"; may be repeated.')
@click.option("--stream", default="", help="The stream to send it in.")
@click.option("--server", type=_server, metavar="HOST:PORT", help="host:port instead of the first submission listener.")
def command(
    config_path: Path,
    recipients: tuple[Address, ...],
    sender: Address | None,
    subject: str,
    file: BinaryIO,
    fields: tuple[tuple[str, str], ...],
    stream: str,
    server: HostPort | None,
    *,
    raw: bool,
) -> None:
    """Send one mail and print its queue id.

    Exit status 0: it is in the queue. 1: it is not, and the message says why. 2: a usage error.
    """
    try:
        config = load(config_path)
        hostname = config.server.hostname
        sender = sender or Address(getpass.getuser(), hostname.lower())
        text = file.read()
        if stream:
            fields = (("X-Postduif-Stream", stream), *fields)
        section = b"".join(field(name, value) for name, value in fields)
        if raw:
            content = section + crlf(text)
        else:
            content = _plain(sender, recipients, subject, section, {name.lower() for name, _ in fields}, text)
        click.echo(hand_over(server or door(config), sender, recipients, content, hostname=hostname))
    except (ConfigError, NotTaken) as error:
        click.echo(f"postduif send: {error}", err=True)
        sys.exit(1)


def _plain(
    sender: Address, recipients: Sequence[Address], subject: str, section: bytes, given: set[str], text: bytes
) -> bytes:
    """A mail of one text part. Fields that were given replace ours."""
    encoding, body = _encoded(crlf(text))
    ours = {
        "From": f"From: <{sender}>\r\n".encode(),
        "To": b"To: " + ",\r\n ".join(f"<{recipient}>" for recipient in recipients).encode() + b"\r\n",
        "Subject": field("Subject", subject),
        "MIME-Version": b"MIME-Version: 1.0\r\n",
        "Content-Type": b"Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Transfer-Encoding": f"Content-Transfer-Encoding: {encoding}\r\n".encode("ascii"),
    }
    return b"".join(line for name, line in ours.items() if name.lower() not in given) + section + b"\r\n" + body


def _encoded(text: bytes) -> tuple[str, bytes]:
    """The transfer encoding that every host on the way takes, and the text in it."""
    if text.isascii() and all(len(line) <= _MAX_LINE for line in text.split(b"\r\n")):
        return "7bit", text
    return "quoted-printable", quoted_printable(text)
