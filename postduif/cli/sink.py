"""`postduif sink`: a test MX on the command line; see docs/sink.md."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
import uvloop

from postduif.cli.sink_display import Live, Plain, table
from postduif.config.kinds import HostPort
from postduif.config.units import parse_size, parse_time
from postduif.errors import ConfigError
from postduif.sink import Figures, Sink
from postduif.sink.certificate import from_files
from postduif.sink.keeping import Keeper, Maildir, Mbox, Record
from postduif.sink.keys import read_files


class _Unit(click.ParamType[Any]):
    """A size or a time, as people write them."""

    def __init__(self, name: str, parse: Any) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _host_port(value: object) -> HostPort:
    host, colon, port = str(value).rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535 or (":" in host and host[0] != "["):
        raise ValueError(f'"{value}" is not an address with a port; write 127.0.0.1:2526')
    return HostPort(value)


_ADDRESS, _SIZE, _TIME = _Unit("address:port", _host_port), _Unit("size", parse_size), _Unit("time", parse_time)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--listen", type=_ADDRESS, default="127.0.0.1:2526", show_default=True, help="Port 0 takes a free one.")
@click.option("--rules", type=_FILE, help="What happens to whom (TOML).")
@click.option("--hostname", default="sink.test", show_default=True, help="Our name in greetings.")
@click.option("--without", default="", help="Extensions not to offer: chunking,pipelining.")
@click.option("--tls", is_flag=True, help="Offer STARTTLS with a certificate made on the spot.")
@click.option("--certificate", type=_FILE, help="Offer STARTTLS with this certificate chain (PEM).")
@click.option("--private-key", type=_FILE, help="Its key, if it is not in the same file.")
@click.option("--store", type=click.Path(file_okay=False, path_type=Path), help="Keep each message in DIR/new/.")
@click.option("--mbox", type=_FILE, help="Append each message to an mbox file.")
@click.option("--record", type=_FILE, help="Append one JSON line for each message.")
@click.option("--id-header", default="Message-ID", show_default=True, help="What identifies a message.")
@click.option(
    "--remember", type=int, default=1_000_000, show_default=True, help="Identities kept to find duplicates; 0: none."
)
@click.option("--verify", is_flag=True, help="Check every DKIM signature.")
@click.option("--key-file", multiple=True, metavar="[NAME=]FILE", help="Public key, record or zone; implies --verify.")
@click.option("--nameserver", type=_ADDRESS, help="Where other keys are asked for; implies --verify.")
@click.option("--verify-processes", type=click.IntRange(0, 64), default=1, show_default=True, help="0: in a thread.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same luck.")
@click.option("--count", type=click.IntRange(1), help="End after so many messages.")
@click.option("--max-connections", type=click.IntRange(1), default=10_000, show_default=True, help="More get 421.")
@click.option("--max-recipients", type=click.IntRange(1), default=1000, show_default=True, help="More get 452.")
@click.option("--max-size", type=_SIZE, default="100M", show_default=True, help="Larger messages get 552.")
@click.option("--timeout", type=_TIME, default="5m", show_default=True, help="Silence that ends a connection.")
@click.option("--every", type=_TIME, default="5s", show_default=True, help="Time between two lines of figures.")
@click.option("--quiet", is_flag=True, help="No figures while it runs.")
@click.option("--json", "as_json", is_flag=True, help="The figures at the end as JSON.")
def command(**options: Any) -> None:
    """A test MX that takes mail, and misbehaves by rules.

    It works at line speed, verifies signatures, and refuses, delays or hangs when its rules say so.

    The first line on standard output is `listening on ADDRESS:PORT`. SIGINT and SIGTERM end it; the figures follow.
    Exit status 1: it could not start, or --verify found a bad signature.
    """
    try:
        figures = uvloop.run(_serve(**options))
    except (ConfigError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(figures.as_dict(), indent=2) if options["as_json"] else table(figures))
    sys.exit(1 if figures.signatures_bad else 0)


async def _serve(listen: HostPort, count: int | None, *, quiet: bool, every: float, **options: Any) -> Figures:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sink = _sink(listen, **options)
    async with sink:
        click.echo(f"listening on {_shown(sink.host)}:{sink.port}")
        for domain, port in sink.addresses.items():
            click.echo(f"listening for {domain} on port {port}")
        sys.stdout.flush()
        with _display(sink.figures, every, quiet=quiet):
            await _until(stop, sink, count)
        await sink.drain(1.0)
    return sink.figures


async def _until(stop: asyncio.Event, sink: Sink, count: int | None) -> None:
    waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait())]
    if count:
        waits.append(asyncio.ensure_future(sink.wait_for(count, float("inf"))))
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _sink(listen: HostPort, **options: Any) -> Sink:
    checking = options["verify"] or options["key_file"] or options["nameserver"]
    if checking and not options["key_file"] and not options["nameserver"]:
        raise ConfigError("--verify needs keys; add --key-file selector._domainkey.domain=FILE or --nameserver ADDRESS")
    if options["private_key"] and not options["certificate"]:
        raise ConfigError("--private-key has no certificate; add --certificate FILE")
    certificate = from_files(options["certificate"], options["private_key"]) if options["certificate"] else None
    return Sink(
        host=listen.host,
        port=listen.port,
        rules=options["rules"] or "",
        hostname=options["hostname"],
        without=options["without"].split(","),
        tls=certificate or options["tls"],
        verify_keys=read_files(options["key_file"]) if checking else None,
        nameserver=options["nameserver"],
        verify_processes=options["verify_processes"],
        keep=0,
        keepers=_keepers(options["store"], options["mbox"], options["record"]),
        id_header=options["id_header"],
        remember=options["remember"],
        seed=options["seed"],
        max_size=options["max_size"],
        max_recipients=options["max_recipients"],
        max_connections=options["max_connections"],
        timeout=options["timeout"],
    )


def _keepers(store: Path | None, mbox: Path | None, record: Path | None) -> Sequence[Keeper]:
    keepers: list[Keeper] = []
    if store:
        keepers.append(Maildir(store))
    if mbox:
        keepers.append(Mbox(mbox))
    if record:
        keepers.append(Record(record))
    return keepers


def _display(figures: Figures, every: float, *, quiet: bool) -> AbstractContextManager[object]:
    if quiet:
        return nullcontext()
    return Live(figures) if sys.stderr.isatty() else Plain(figures, every)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
