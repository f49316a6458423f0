"""`python -m bench.public`: what the pages behind the links in mail hold. Clicks a second on one core.

The pages run as `postduif serve --only public`, held to the first core; the readers are a process of their own on the
others. Each click is another recipient's, 302 and nothing else is counted, and all of them must be on file afterwards.
Everything is on 127.0.0.1 and in one private directory, and gone afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.errors import BenchError
from bench.program import Program
from bench.usage import cpu
from postduif import recipient_token
from postduif.address import parse
from postduif.bounce import keyring
from postduif.campaign.tracking.connection import tracking
from postduif.campaign.tracking.figures import figures
from postduif.campaign.tracking.links import TrackedLink, write
from postduif.envelope import Envelope
from postduif.queue import directory
from postduif.queue.mailing import Terms
from postduif.queue.mailing_file import MailingFile, Target, hand_over

MAILING = 1
LINKS = 20
_PATIENCE = 30.0
_LISTENING = re.compile(r"http_listening address=127\.0\.0\.1:(\d+)")


def installed(root: Path, people: int) -> list[str]:
    """A mailing with tracked links, handed over; the path of one link of each recipient."""
    data_dir = root / "data"
    directory.prepare(data_dir)
    directory.prepare(data_dir / "campaign")
    envelope = Envelope(parse("news@sender.example"), header_from="sender.example")
    file = MailingFile(data_dir / "campaign" / "prepared", MAILING, b"template", envelope, Terms(mail_type="news"))
    file.add(Target(f"p{number}@one.example", "[]", number + 1) for number in range(people))
    folder = file.finish()
    write(folder, links())
    now = time.time()
    hand_over(folder, data_dir, at=now, expires_at=now + 86400, waves=())
    return link_paths(data_dir, MAILING, people)


def links() -> tuple[TrackedLink, ...]:
    """Those of a mailing."""
    addresses = [(number, f"https://shop.example/{number}") for number in range(1, LINKS + 1)]
    return tuple(TrackedLink(number, (url,), url, "", "", "html", 1) for number, url in addresses)


def link_paths(data_dir: Path, mailing: int, people: int) -> list[str]:
    """The path of one link of each recipient."""
    (key, *_) = keyring.load(data_dir / recipient_token.KEY_FILE, create=True)
    chance = random.Random(1)
    return [f"/c/{recipient_token.make(key, mailing, number)}/{chance.randint(1, LINKS)}" for number in range(people)]


@contextlib.contextmanager
def serving(root: Path) -> Iterator[tuple[Program, int]]:
    """The pages, on the first core; their port."""
    settings = root / "postduif.toml"
    settings.write_text(
        f'[server]\nhostname = "mta.sender.example"\ndata_dir = "{root}/data"\nrun_dir = "{root}/run"\n'
        '[web]\npublic_url = "https://news.sender.example"\npublic_address = "127.0.0.1:0"\n'
    )
    command = ["taskset", "-c", "0", sys.executable, "-m", "postduif"]
    command += ["serve", "--only", "public", "--config", str(settings)]
    log = root / "public.log"
    program = Program(command, log)
    try:
        until = time.monotonic() + _PATIENCE
        while (found := _LISTENING.search(log.read_text(encoding="utf-8"))) is None:
            program.check()
            if time.monotonic() > until:
                raise BenchError("the pages do not listen")
            time.sleep(0.05)
        yield program, int(found[1])
    finally:
        program.stop()


def measured(root: Path, seconds: float, connections: int, people: int, *, reuse: bool) -> dict[str, Any]:
    """One run."""
    paths = root / "paths"
    paths.write_text("\n".join(installed(root, people)))
    others = ",".join(map(str, range(1, os.cpu_count() or 1))) or "0"
    with serving(root) as (program, port):
        command = ["taskset", "-c", others, sys.executable, "-m", "bench.clicking", paths, port, seconds, connections]
        began = cpu([program.pid])
        words = [str(one) for one in (*command, int(reuse))]
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + _PATIENCE, check=False)
        spent = cpu([program.pid]) - began
        if done.returncode:
            raise BenchError(f"the readers failed: {done.stderr[-500:]}")
        found: dict[str, Any] = json.loads(done.stdout)
    begun = time.monotonic()
    counted = figures(root / "data", MAILING).all.clicks
    with tracking(root / "data") as connection:
        (lost,) = connection.execute("SELECT coalesce(sum(count), 0) FROM lost").fetchone()
    return {
        **found,
        "connection": "reused" if reuse else "one a click",
        "processor": spent / found["clicks"],
        "on_file": counted,
        "lost": lost,
        "counting": time.monotonic() - begun,
    }


@click.command(help=__doc__)
@click.option("--seconds", default=10.0, show_default=True, help="Of each run.")
@click.option("--connections", default=32, show_default=True, help="Readers at the same time.")
@click.option("--people", default=50_000, show_default=True, help="Recipients, each with a link of his own.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(seconds: float, connections: int, people: int, rounds: int, *, as_json: bool) -> None:
    """Print a row for each run."""
    runs = []
    for number in range(rounds * 2):
        with tempfile.TemporaryDirectory(prefix="postduif-bench-") as place:
            runs.append(measured(Path(place), seconds, connections, people, reuse=number < rounds))
        if not as_json:
            if number == 0:
                click.echo("connection   clicks/s  us of processor  median ms  99% ms  worst ms  wrong  on file  lost")
            click.echo(
                "{connection:12} {rate:8,.0f}  {0:15.0f}  {median_ms:9.1f}  {p99_ms:6.1f}  {worst_ms:8.1f}  "
                "{wrong:5}  {1:6.1%}  {lost:4}".format(
                    runs[-1]["processor"] * 1e6, runs[-1]["on_file"] / runs[-1]["clicks"], **runs[-1]
                )
            )
    if as_json:
        click.echo(json.dumps(runs, indent=2))


if __name__ == "__main__":
    main()
