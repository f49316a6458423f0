"""Makes one relay's part of the corpus, inside the sandbox: `python -m tests.corpus.making NAME DIRECTORY`.

What is written down as expected comes from `fates.toml` alone. Of the reports themselves only two things are asked: to
which sender they came, and which of the addresses of that fate stand in them.
"""

from __future__ import annotations

import json
import shutil
import smtplib
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from postduif.sink.received import Received
from tests.corpus import fates, places
from tests.corpus.fates import PHASES, Fate, Target
from tests.corpus.journal import Journal
from tests.corpus.known import RELAYS
from tests.corpus.relay import BUILD, Relay, run

PATIENCE = 300.0
"""Seconds for the reports of one phase: OpenSMTPD waits for five between two connections to a host."""
LINGER = 2.0
"""Seconds after the last report that was waited for, to see whether another one comes."""


def main(name: str, directory: str) -> int:
    """0 when every recipient has its report."""
    _connect()
    relay = RELAYS[name]()
    chosen = [fates.adapted(fate, relay.other) for fate in fates.load() if fate.name not in relay.cannot]
    BUILD.mkdir(parents=True, exist_ok=True)
    with Journal(Path("/dev/log"), BUILD / f"{name}.log"), places.running(chosen) as world:
        for phase in PHASES:
            _run_phase(relay, world, [fate for fate in chosen if fate.phase == phase], phase)
        returned = world.returned()
    _write(Path(directory) / name, relay, chosen, returned)
    missing = list(_missing(chosen, returned))
    for line in missing:
        print(f"{name}: {line}")
    print(f"{name}: {len(returned)} reports")
    return 1 if missing else 0


def _connect() -> None:
    """Loopback, on which all the addresses of the small world are, and no other network."""
    run("mount", "-t", "proc", "proc", "/proc")
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    run("ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo", "src", "192.0.2.1")
    run("ip", "route", "add", "unreachable", "198.51.100.0/24")


def _run_phase(relay: Relay, world: places.World, chosen: Sequence[Fate], phase: str) -> None:
    if not chosen:
        return
    relay.start(phase)
    try:
        for fate in chosen:
            try:
                relay.submit(fate)
            except smtplib.SMTPException as refusal:  # its recipients are found missing in the end
                print(f"{relay.name}: {fate.name}: {refusal}")
        deadline = time.monotonic() + PATIENCE
        while list(_missing(chosen, world.returned())) and time.monotonic() < deadline:
            relay.push()
            time.sleep(1.0)
        time.sleep(LINGER)
    finally:
        relay.stop()


def _missing(chosen: Sequence[Fate], returned: Sequence[Received]) -> Iterator[str]:
    """Recipients that no report, or more than one, is about."""
    for fate in chosen:
        about = Counter(target.fails for mail in returned for target in _about(fate, mail))
        for target in fate.told:
            if about[target.fails] != 1:
                yield f"{fate.name}: {about[target.fails]} reports about {target.fails}"


def _about(fate: Fate, mail: Received) -> list[Target]:
    if mail.recipients[0].lower() != fate.sender.lower():
        return []
    content = mail.content.lower()
    return [target for target in fate.told if target.fails.lower().encode() in content]


def _write(directory: Path, relay: Relay, chosen: Sequence[Fate], returned: Sequence[Received]) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    expected: dict[str, Any] = {}
    for fate in chosen:
        mails = [mail for mail in returned if mail.recipients[0].lower() == fate.sender.lower()]
        for number, mail in enumerate(mails, start=1):
            name = f"{fate.name}-{number}.eml" if len(mails) > 1 else f"{fate.name}.eml"
            (directory / name).write_bytes(mail.content)
            expected[name] = {
                "message_id": fate.message_id,
                "recipients": [_expectation(fate, target, mail) for target in _about(fate, mail)],
            }
    text = json.dumps({"made_by": relay.version(), "mails": expected}, indent=1, ensure_ascii=False)
    (directory / "expected.json").write_text(text + "\n", encoding="utf-8")


def _expectation(fate: Fate, target: Target, mail: Received) -> Mapping[str, Any]:
    """The truth. Of a mail that was put off in words that the report keeps to itself, only that it was put off."""
    assert target.truth
    truth = target.truth
    if fate.phase != PHASES[0] and not _told(target, mail):
        truth = truth._replace(status="4" if fate.phase == "delayed" else "", categories=(*truth.categories, "expired"))
    return {
        "recipient": target.fails,
        "sent_to": target.address,
        "status": truth.status,
        "category": list(dict.fromkeys(truth.categories)),
        "action": truth.action,
        "hard": truth.hard,
    }


def _told(target: Target, mail: Received) -> bool:
    replies = [step["reply"] for step in target.meets.values() if "reply" in step]
    said = b" ".join(mail.content.split())
    return all(reply.split(maxsplit=2)[2].encode() in said for reply in replies)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
