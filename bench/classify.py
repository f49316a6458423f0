"""`python -m bench.classify`: how many replies a second are classed on one core, by kind of reply.

CPU time counts, not the clock on the wall, as nothing is waited for.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from postduif.bounce.classify import classify
from postduif.bounce.diagnostic import read_diagnostic
from postduif.bounce.rule import shipped
from postduif.reply import Reply

REPLIES = 20_000
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row: what the replies have in common, and how one is made of a rule's sample and a running number."""

    name: str
    meaning: str
    made: Callable[[Reply, int], Reply]


def _known(sample: Reply, number: int) -> Reply:
    text = f"{sample.text} <user{number}@example.com> [192.0.2.{number % 256}] id {number:08X}"
    return Reply(sample.code, sample.enhanced, text, f"mx{number % 100}.remote.example")


def _new(sample: Reply, number: int) -> Reply:
    words = _WORDS[number % len(_WORDS)], _WORDS[number // len(_WORDS) % len(_WORDS)]
    known = _known(sample, number)
    return Reply(known.code, known.enhanced, f"{known.text}. {words[0]} {words[1]}", known.remote_mta)


_WORDS = sorted({word for rule in shipped().rules for phrase in rule.says for word in phrase.words if word.isascii()})
SCENARIOS = (
    Scenario("known-kinds", "said before, but for addresses, numbers and hosts", _known),
    Scenario("new-kinds", "no two of the same words", _new),
)


def replies(scenario: Scenario, count: int) -> Iterator[Reply]:
    """So many replies, from the samples of all rules in turn, in an order that is the same each time."""
    samples = [read_diagnostic(sample) for rule in shipped().rules for sample in rule.samples]
    random.Random(1).shuffle(samples)
    return (
        scenario.made(sample, number) for number, sample in zip(range(count), itertools.cycle(samples), strict=False)
    )


def measure(scenario: Scenario, count: int) -> float:
    """Replies a second of CPU time, in one run over `count` replies."""
    made = list(replies(scenario, count))
    classify(made[0])
    start = time.process_time()
    for reply in made:
        classify(reply)
    return count / (time.process_time() - start)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--count", default=REPLIES, show_default=True, type=click.IntRange(1), help="Replies in a run.")
@click.option("--rounds", default=ROUNDS, show_default=True, type=click.IntRange(1), help="Runs; the median is shown.")
def main(count: int, rounds: int) -> None:
    """How many replies a second are classed on one core."""
    for scenario in SCENARIOS:
        rate = sorted(measure(scenario, count) for _ in range(rounds))[rounds // 2]
        click.echo(f"{scenario.name:12} {rate:9,.0f} replies/s  {scenario.meaning}")


if __name__ == "__main__":
    main()
