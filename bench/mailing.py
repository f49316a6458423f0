"""`python -m bench.mailing`: what mailings cost. Preparing, sending, the usual way of sending the same, pausing.

Each part can be run alone. Everything is on 127.0.0.1 and in one private directory, and gone afterwards.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench import machine
from bench.errors import BenchError
from bench.house import House
from bench.mailing_report import Findings, as_json, markdown
from bench.pausing import BREAKS, breaks
from bench.postfix import Postfix
from bench.preparing import prepared
from bench.readers import people_for
from bench.sending import sent
from bench.top_functions import Profile
from bench.usual import usual

PARTS = ("prepare", "send", "usual", "pause")
_PROCESSES = {"event loop": "postduif serve --config", "queue files": "writing_worker", "signing": "signing_worker"}


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for."""

    root: Path
    people: tuple[int, ...]
    recipients: int
    usual: int
    rounds: int
    profile: bool
    say: Callable[[str], None]


def prepare(job: Job, found: Findings) -> None:
    """Each number of people, each round a new mailing to them."""
    for people in job.people:
        with place(job.root / "people") as root, House(root, people) as house:
            runs = found.prepared.setdefault(people, [])
            for _ in range(job.rounds):
                one = prepared(house)
                runs.append(one)
                shutil.rmtree(house.places.prepared(one.number))
                rate, processor = one.took.rate, one.took.processor_rate
                job.say(f"prepare  {people:9,} people  {rate:9,.0f}/s  {processor:9,.0f}/s of processor")


def send_and_pause(job: Job, found: Findings, parts: tuple[str, ...]) -> None:
    """Mailings to the same people: each round one that is sent, the usual way beside it, then one that is paused."""
    ours = {"send", "pause"} & set(parts)
    people = people_for(job.recipients) if ours else 0
    with place(job.root / "house") as root, _house(root, people) as house:
        for _ in range(job.rounds):
            if house and "send" in parts:
                _send(job, found, house)
            if "usual" in parts:
                with place(job.root / "usual") as other:
                    run = usual(other, job.usual)
                found.usual.append(run)
                job.say(
                    f"usual    {run.messages:9,} messages  {run.rate:7,.0f}/s  {run.share:.2f} of {run.signatures:,.0f}"
                )
        if house and "pause" in parts:
            found.breaks += breaks(house, prepared(house), BREAKS)
            job.say(f"pause    {len(found.breaks)} times, {max(one.last_begun for one in found.breaks):.3f} s at most")


def _send(job: Job, found: Findings, house: House) -> None:
    profile = Profile(job.root) if job.profile else None
    run = sent(house, prepared(house), beside=profile.of if profile else nullcontext)
    found.sent.append(run)
    job.say(f"send     {run.messages:9,} messages  {run.rate:7,.0f}/s  {run.share:.2f} of {run.signatures:,.0f}")
    if profile:
        found.profile = {name: profile.shares(word) for name, word in _PROCESSES.items()}


@contextmanager
def _house(root: Path, people: int) -> Iterator[House | None]:
    if not people:
        yield None
        return
    with House(root, people) as house:
        yield house


@contextmanager
def place(root: Path) -> Iterator[Path]:
    """A directory that is gone afterwards. Postfix's own users may look into it."""
    root.mkdir(mode=0o755)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _context(root: Path, parts: tuple[str, ...]) -> dict[str, Any]:
    other = {"usual": Postfix(root / "none").version()} if "usual" in parts else {}
    return {"machine": machine.facts(root), "python": sys.version.split()[0], **other}


def _numbers(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise click.BadParameter("numbers with commas between them, as 100000,1000000") from None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--people", default="100000,1000000", show_default=True, callback=_numbers, help="To prepare for.")
@click.option("--recipients", default=100_000, show_default=True, type=click.IntRange(20), help="Of a mailing sent.")
@click.option("--usual", "messages", default=5000, show_default=True, type=click.IntRange(20), help="The usual way.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Runs of each; pauses once.")
@click.option("--parts", default=",".join(PARTS), show_default=True, help="Only these, with commas between them.")
@click.option("--profile", is_flag=True, help="Show where the daemon's time goes while it sends (needs py-spy).")
@click.option(
    "--directory",
    default="/var/tmp",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where the files are: on the disk to be measured.",
)
@click.option("--json", "output", default="bench/results/mailing.json", show_default=True, help="All figures.")
def main(
    people: tuple[int, ...],
    recipients: int,
    messages: int,
    rounds: int,
    parts: str,
    profile: bool,  # noqa: FBT001 -- click calls it by name
    directory: Path,
    output: str,
) -> None:
    """What mailings cost: preparing, sending, the usual way of sending the same, pausing."""
    chosen = tuple(parts.split(","))
    if unknown := set(chosen) - set(PARTS):
        raise click.UsageError(f"there is no part {min(unknown)!r}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left running
    root = Path(tempfile.mkdtemp(prefix="postduif-mailing-", dir=directory))
    root.chmod(0o755)
    found = Findings()
    try:
        context = _context(root, chosen)
        click.echo(json.dumps(context, indent=2))
        job = Job(root, people, recipients, messages, rounds, profile, click.echo)
        if "prepare" in chosen:
            prepare(job, found)
        send_and_pause(job, found, chosen)
    except BenchError as error:
        raise click.ClickException(str(error)) from error
    finally:
        shutil.rmtree(root, ignore_errors=True)
    click.echo("\n" + markdown(found))
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(as_json(found, context), indent=2) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(markdown(found), encoding="utf-8")


if __name__ == "__main__":
    main()
