"""`python -m bench`: what is measured, for how long, and where the figures go."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import machine, report
from bench.errors import BenchError
from bench.load import Load
from bench.measure import Bench
from bench.peer import Peer
from bench.postduif import Postduif
from bench.postfix import Postfix
from bench.proof import make_key
from bench.rounds import measure
from bench.scenario import KIB, chosen, scenarios

PEERS: dict[str, Callable[[Path], Peer]] = {"postfix": Postfix, "postduif": Postduif}


def _numbers(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise click.BadParameter("numbers with commas between them, as 10,100") from None


def _context(root: Path, peers: Sequence[Peer], sizes: Sequence[int], messages: int) -> dict[str, Any]:
    context: dict[str, Any] = {"machine": machine.facts(root), "peers": {peer.name: peer.version() for peer in peers}}
    context["rsa2048_signatures_per_second"] = round(machine.signing_rate())
    context["fsyncs_per_second"] = round(machine.fsync_rate(root))
    for size in sizes:
        load = Load(max(100, messages * 10 * KIB // size), size)
        theirs = replace(load, smtp_source=True)
        context[f"direct_{size // KIB}k_per_second"] = {
            "bench.generator to bench.sink": round(machine.direct_rate(root, load)),
            "smtp-source to bench.sink": round(machine.direct_rate(root, theirs)),
            "smtp-source to smtp-sink": round(machine.smtp_sink_rate(root, theirs)),
        }
    return context


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--peer", "names", multiple=True, type=click.Choice(list(PEERS)), help="Only these. Default: all.")
@click.option("--scenario", "patterns", multiple=True, help="Only those whose name matches, as 'signed-*'. Repeatable.")
@click.option("--sizes", default="10,100", callback=_numbers, show_default=True, help="Message sizes, KB.")
@click.option("--domains", default="1,100", callback=_numbers, show_default=True, help="Numbers of recipient domains.")
@click.option("--seconds", default=5.0, show_default=True, help="About how long one run takes.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Runs of each peer in a scenario.")
@click.option("--messages", type=click.IntRange(20), help="So many messages a run instead of so many seconds.")
@click.option("--smtp-source", is_flag=True, help="Load from Postfix's smtp-source; one recipient domain only.")
@click.option("--chunking", is_flag=True, help="The sink offers CHUNKING (Postfix does not use it as a client).")
@click.option(
    "--directory",
    default="/var/tmp",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the queues are: on the disk to be measured.",
)
@click.option("--json", "output", default="bench/results/latest.json", show_default=True, help="All figures.")
@click.option("--keep", is_flag=True, help="Leave the private directory, with settings and logs of the last run.")
@click.option("--list", "listing", is_flag=True, help="Print the names of the scenarios and end.")
def main(
    names: tuple[str, ...],
    patterns: tuple[str, ...],
    sizes: list[int],
    domains: list[int],
    seconds: float,
    rounds: int,
    messages: int | None,
    smtp_source: bool,  # noqa: FBT001
    chunking: bool,  # noqa: FBT001 -- click calls it by name
    directory: Path,
    output: str,
    keep: bool,  # noqa: FBT001
    listing: bool,  # noqa: FBT001
) -> None:
    """Numbers against real peers, side by side, on this machine. Quiet machines give better numbers."""
    rows = chosen(scenarios([size * KIB for size in sizes], [1] if smtp_source else domains), patterns)
    if listing:
        click.echo("\n".join(row.name for row in rows))
        return
    if not rows:
        raise click.UsageError("no scenario has such a name; --list prints them")
    console = Console()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    root = Path(tempfile.mkdtemp(prefix="postduif-bench-", dir=directory))
    root.chmod(0o755)
    peers: list[Peer] = [PEERS[name](root / name) for name in names or PEERS]
    try:
        context = _context(root, peers, sorted({row.size for row in rows}), messages or 10_000)
        console.print_json(data=context)
        make_key(root / "key.pem")
        bench = Bench(root, root / "key.pem", seconds, smtp_source=smtp_source, chunking=chunking, keep=keep)
        results = measure(bench, peers, rows, rounds, messages, console.print)
        console.print(report.table(results, rows, [peer.name for peer in peers]))
        _write(Path(output), json.dumps(report.as_json(results, context), indent=2) + "\n")
        _write(Path(output).with_suffix(".md"), report.markdown(results, rows, [peer.name for peer in peers]))
        console.print(f"all figures: {output}; the table for a page: {Path(output).with_suffix('.md')}")
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if keep:
            console.print(f"left: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
