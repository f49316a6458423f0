"""`postduif dkim`: make keys, show the records that publish them, verify signed mail. No running daemon is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click
from click.core import ParameterSource
from pydantic import ValidationError

from postduif.cli.checks.records import Lookup, LookupFailed
from postduif.cli.dkim_verdict import Keys, Signature, verify
from postduif.cli.options import config_option
from postduif.config.load import load
from postduif.config.schema import Config, Dkim
from postduif.errors import ConfigError
from postduif.mta import dkim_keys

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group
def command() -> None:
    """DKIM keys: make and publish them, verify signatures.

    Exit status 0: all is well. 1: something is wrong.
    """


@command.command
@click.option("--domain", required=True, help="Signs mail whose From domain is this one or below it.")
@click.option("--selector", required=True, help="The name of this key; use a new one for each, such as 2026a.")
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True)
@click.option(
    "--bits",
    type=click.IntRange(dkim_keys.GOOD_BITS, dkim_keys.MAX_BITS),
    default=dkim_keys.GOOD_BITS,
    show_default=True,
    help="Of RSA.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write (0600).")
@_json_option
def generate(domain: str, selector: str, kind: str, bits: int, out: Path, *, as_json: bool) -> None:
    """Make a private key, and say what to publish and set."""
    settings = _settings(domain, selector, out)
    pem = dkim_keys.generate(kind, bits)
    try:
        _write_new(out, pem)
    except FileExistsError:
        raise click.ClickException(f"{out} exists and is kept; name another file, or move it away") from None
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written ({error.strerror}); name another file") from None
    published = _published(settings, dkim_keys.parse_key(pem, str(out)))
    if as_json:
        click.echo(json.dumps({"file": str(out), **published}, indent=2))
        return
    click.echo(f"wrote {out}\n\nPublish this record:\n")
    _print_record(published)
    click.echo(
        f'\nThen add to the configuration:\n\n[[dkim]]\ndomain = "{settings.domain}"\n'
        f'selector = "{settings.selector}"\nkey = "{settings.key}"'
    )


@command.command
@config_option
@click.option(
    "--key-file", type=click.Path(path_type=Path), help="Show this key's record instead of the configured ones."
)
@click.option("--domain", help="With --key-file.")
@click.option("--selector", help="With --key-file.")
@_json_option
def dns(config_path: Path, key_file: Path | None, domain: str | None, selector: str | None, *, as_json: bool) -> None:
    """Print the TXT records of the configured keys, or of one file."""
    if key_file is None:
        if domain or selector:
            raise click.UsageError("--domain and --selector go with --key-file")
        keys: Sequence[Dkim] = _configuration(config_path).dkim
        if not keys:
            raise click.ClickException(f"{config_path}: no [[dkim]]; make a key with `postduif dkim generate`")
    elif domain and selector:
        keys = [_settings(domain, selector, key_file)]
    else:
        raise click.UsageError("--key-file needs --domain and --selector")
    records, problems = [], []
    for settings in keys:
        try:
            records.append(_published(settings, dkim_keys.read_key(settings.key)))
        except ConfigError as error:
            problems.append(str(error))
    if as_json:
        click.echo(json.dumps(records, indent=2))
    else:
        for number, record in enumerate(records):
            if number:
                click.echo()
            _print_record(record)
    if problems:
        raise click.ClickException("\n".join(problems))


@command.command("verify")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--key-file", "key_files", multiple=True, type=click.Path(path_type=Path), help="Believe this private key, not DNS."
)
@click.option("--public-record", "texts", multiple=True, help='Believe this record ("v=DKIM1; ..."), not DNS.')
@config_option
@_json_option
@click.pass_context
def verify_command(
    context: click.Context,
    file: BinaryIO,
    key_files: Sequence[Path],
    texts: Sequence[str],
    config_path: Path,
    *,
    as_json: bool,
) -> None:
    """Verify every signature of a message in FILE.

    "-" is standard input.

    Keys come from DNS, through the configured name servers or the system's. Exit status 0: there are signatures, and
    all are good.
    """
    try:
        given = [*texts, *(dkim_keys.public_record(dkim_keys.read_key(path)) for path in key_files)]
        keys: Keys = given or _lookup(context, config_path)
    except (ConfigError, LookupFailed) as error:
        raise click.ClickException(str(error)) from None
    signatures = verify(file.read(), keys)
    if as_json:
        good = bool(signatures) and all(signature.good for signature in signatures)
        click.echo(json.dumps({"ok": good, "signatures": [one._asdict() for one in signatures]}, indent=2))
    else:
        for line in _lines(signatures):
            click.echo(line)
    if not signatures or not all(signature.good for signature in signatures):
        context.exit(1)


def _settings(domain: str, selector: str, path: Path) -> Dkim:
    """Checked as the configuration is. Raises UsageError."""
    try:
        return Dkim(domain=domain, selector=selector, key=path.absolute())
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"--{first['loc'][0]}: {first['msg']}") from None


def _configuration(path: Path) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def _write_new(path: Path, content: bytes) -> None:
    """O_EXCL: neither a file nor a symbolic link that is there is written to."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _published(settings: Dkim, key: dkim_keys.PrivateKey) -> dict[str, Any]:
    record = dkim_keys.public_record(key)
    return {
        "domain": settings.domain,
        "selector": settings.selector,
        "name": dkim_keys.record_name(settings.domain, settings.selector),
        "value": record,
        "strings": dkim_keys.strings(record),
        "zone": dkim_keys.zone_line(settings.domain, settings.selector, record),
    }


def _print_record(published: dict[str, Any]) -> None:
    click.echo(published["zone"])
    click.echo(f"name:  {published['name']}\nvalue: {published['value']}")


def _lookup(context: click.Context, config_path: Path) -> Lookup:
    """The configured name servers; the system's when there is no configuration and none was named."""
    named = context.get_parameter_source("config_path") is not ParameterSource.DEFAULT
    return Lookup(load(config_path).dns if named or config_path.exists() else Config().dns)


def _lines(signatures: Sequence[Signature]) -> Iterator[str]:
    for one in signatures:
        reason = f": {one.reason}" if one.reason else ""
        yield f"{'good' if one.good else 'bad':4}  {one.algorithm}  d={one.domain} s={one.selector}{reason}"
    if not signatures:
        yield "none  the message has no DKIM signature"
