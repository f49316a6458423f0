"""The mailing of the demonstration: typed command by command, watched, and judged by what the sink has seen."""

from __future__ import annotations

import asyncio
import time
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from postduif.demo.daemon import Daemon
from postduif.demo.habits import Habit, prompt_ones
from postduif.demo.judgement import Finding
from postduif.demo.letters import DOMAIN
from postduif.demo.mailing_judgement import PROOF_TO, SEED, Evidence, judge, speed
from postduif.demo.people import RIVAL, Lot, Person, expected, people, sheet, suppressions
from postduif.demo.readers import Readers
from postduif.demo.reading_judgement import Read, judge_reading, seen_in
from postduif.demo.shell import CommandError, Shell
from postduif.sink import Sink

TYPE = "newsletter"
SELECTION = "Readers"
RATE = 6000
"""Messages a minute before the pause, so that there is something left to pause."""
_UNTIL_PAUSE = 0.1  # of those to deliver
_PATIENCE = 60.0  # seconds in which the first must arrive
_SETTLING = 0.5  # seconds: what was under way has arrived when nothing came for so long
_PAUSE = 1.5  # seconds in which nothing may arrive
_SILENCE = 20.0  # seconds without anything new, after which nothing more is waited for
_LOOK = 0.1  # seconds between two looks
_CARRIED = 60.0  # seconds in which readers must have read, and the figures must have it
_PROMPT = 180
"""Readers who read at once, at most: those whose figures are judged."""


async def run(
    daemon: Daemon, sink: Sink, played: Readers, console: Console, count: int
) -> tuple[list[Finding], list[tuple[str, float]]]:
    """From the file of people to the report. Raises PostduifError."""
    shell, before = Shell(daemon.workshop.config, console), len(sink.messages)
    readers = await asyncio.to_thread(_write, daemon.workshop.directory, count)
    prompt = prompt_ones([one.email for one in readers if one.lot is Lot.READS], _PROMPT)
    played.prompt(prompt)
    await _take_in(shell)
    number = await _prepared(shell)
    await shell.run("mailing", "proof", number, PROOF_TO)
    await _until(sink, before + 1)
    await shell.run("mailing", "send", number, "--yes")
    await _until(sink, before + 1 + max(1, int(_UNTIL_PAUSE * expected(readers).to_deliver)))
    await shell.run("mailing", "pause", number)
    paused = await _in_pause(sink, console)
    await shell.run("mailing", "rate", number, "0")
    await shell.run("mailing", "resume", number)
    resumed = len(sink.messages)
    await shell.run("mailing", "results", number, "--watch")
    read = await _read(shell, number, Read(prompt, played.played, played.troubles))
    await shell.run("mailing", "results", number)
    waited = next((one for one in sorted(expected(readers).waited)), "")
    left = next((address for address, habit in prompt.items() if habit is Habit.LEAVES), "")
    for address in filter(None, (waited, left)):
        await shell.run("mailing", "timeline", number, address)
    await shell.run("mailing", "log", number)
    await _verified(sink, before + len(expected(readers).delivered) + 2)
    received = list(sink.messages)
    (imported,) = await shell.ask("contact", "imports")
    evidence = Evidence(readers, imported, **await _asked(shell, number), received=received[before:], paused=paused)
    rates = [
        ("prepared, recipients/s", evidence.prepared["targeted"] / max(evidence.prepared["seconds"], 0.001)),
        ("sent after the pause, messages/s", speed(received[resumed:])),
    ]
    return [*judge(evidence), *judge_reading(read, evidence.results)], rates


def _write(directory: Path, count: int) -> list[Person]:
    """The files that the commands read."""
    readers = people(count)
    (directory / "readers.csv").write_text(sheet(readers), encoding="utf-8")
    (directory / "suppressed.csv").write_text(suppressions(readers, TYPE), encoding="utf-8")
    news = resources.files("postduif.demo").joinpath("templates", "news.mjml").read_text(encoding="utf-8")
    (directory / "news.mjml").write_text(news, encoding="utf-8")
    return readers


async def _take_in(shell: Shell) -> None:
    await shell.run("subscription", "set", TYPE, "--no-confirm")
    words = ("--selection", SELECTION, "--subscribe", TYPE, "--wording", "the form of May", "--new", "--keep-invalid")
    await shell.run("contact", "import", "readers.csv", *words, allowed=(0, 1))
    await shell.run("suppress", "import", "suppressed.csv", "--reason", "from the old system")


async def _prepared(shell: Shell) -> str:
    """Its number."""
    content = ("--subject", "{{ name }}, the pigeons are back", "--preheader", "Where they have been")
    sender = ("--from", f"Pigeon news <news@{DOMAIN}>", "--to-name", "{{ name }}", "--list-id", f"news.{DOMAIN}")
    target = ("--selection", SELECTION, "--type", TYPE, "--exclude-domain", RIVAL, "--seed", SEED)
    words = (*content, *sender, "--mjml", "news.mjml", *target, "--rate", str(RATE))
    await shell.run("mailing", "create", "Autumn news", *words)
    (made,) = await shell.ask("mailing", "list")
    number = str(made["number"])
    await shell.run("mailing", "prepare", number)
    await shell.run("mailing", "exclusions", number, "--limit", "5")
    return number


async def _read(shell: Shell, number: str, read: Read) -> Read:
    """Those who read at once have done what they meant to, and the figures have it; or there was time enough."""
    until = time.monotonic() + _CARRIED
    while time.monotonic() < until:
        done = read.played.total() + len(read.troubles) >= len(read.prompt)
        if done and seen_in(await shell.ask("mailing", "results", number)) == read.wanted:
            break
        await asyncio.sleep(_LOOK)
    return read


async def _asked(shell: Shell, number: str) -> dict[str, Any]:
    """What the commands say at the end, for who judges."""
    asked = ("results", number), ("checks", number), ("recipients", number, "--limit", "1000000")
    found = await asyncio.gather(*(shell.ask("mailing", *words) for words in asked))
    return dict(zip(("results", "prepared", "recipients"), found, strict=True))


async def _until(sink: Sink, messages: int) -> None:
    try:
        await sink.wait_for(messages, _PATIENCE)
    except TimeoutError as error:
        raise CommandError(f"the test MX got {error}; the log of the daemon says why") from None


async def _verified(sink: Sink, messages: int) -> None:
    """The signatures of so many are checked, or nothing is left to check."""
    seen, changed = -1, time.monotonic()
    while sink.figures.messages < messages and time.monotonic() - changed < _SILENCE:
        if sink.figures.messages != seen:
            seen, changed = sink.figures.messages, time.monotonic()
        await asyncio.sleep(_LOOK)


async def _in_pause(sink: Sink, console: Console) -> tuple[float, float]:
    """From when to when nothing may arrive, in seconds since the epoch. What was under way has its time to end."""
    arrived, until = -1, time.monotonic() + _SILENCE
    while arrived != sink.figures.messages and time.monotonic() < until:
        arrived = sink.figures.messages
        await asyncio.sleep(_SETTLING)
    begin = time.time()
    await asyncio.sleep(_PAUSE)
    console.print(Text(f"For {_PAUSE:g} seconds nothing may arrive."))
    return begin, time.time()
