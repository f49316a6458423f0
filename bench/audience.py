"""`python -m bench.audience`: how fast people are taken in, counted, and streamed as a target.

Wall time and processor time are both shown: on a machine that does other things too, the second one counts. Memory is
the most that this process ever had.
"""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from postduif.bounce import suppression, suppression_file
from postduif.bounce.address_state import Event, Thresholds, What
from postduif.campaign.audience import selections
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.counting import count
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.import_plan import Options, digest, plan
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import target
from postduif.clock import SystemClock
from postduif.queue.connection import connect_writer
from postduif.queue.recovery import open_queue

PEOPLE = 1_000_000
CONDITION = 'country = "NL" and (age >= 18 or "vip" in tags) and not bounced and born < today - 20y'
SUPPRESSED = 20
"""One in so many is on the suppression list."""
HEADING = "email,first_name,last_name,country,city,age,born,tags,member,spent\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: people, and the seconds that they took."""

    name: str
    people: int
    wall: float
    processor: float

    def __str__(self) -> str:
        rate = self.people / max(self.processor, 1e-9)
        times = f"{self.wall:7.2f} s  {self.processor:7.2f} s"
        return f"{self.name:32} {self.people:9,}  {times}  {rate:11,.0f}/s of processor"


def write_people(path: Path, number: int) -> None:
    """A CSV file of so many people with nine attributes, the same ones each time."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADING)
        for one in range(number):
            tags = "|".join(chance.sample(("vip", "news", "fair", "app", "shop"), 2))
            born = f"19{chance.randrange(30, 99)}-0{chance.randrange(1, 10)}-1{chance.randrange(10)}"
            country, city = chance.choice(("NL", "BE", "DE", "FR", "")), f"City {chance.randrange(3000)}"
            rest = (
                f"{chance.randrange(99)},{born},{tags},{chance.choice(('yes', 'no'))},{chance.randrange(10**6) / 100}"
            )
            file.write(f"User.{one}@host{one % 5000}.example,First{one % 9000},Lást{one},{country},{city},{rest}\n")


def suppress(data_dir: Path, subjects: Iterable[str]) -> None:
    """These get no mail. They are as the suppression list writes them: in lower case."""
    opened = open_queue(data_dir, SystemClock())
    try:
        connection = connect_writer(opened.path)
        suppression_file.prepare(connection)
        events = [Event(subject, What.HARD, 1.0) for subject in subjects]
        connection.execute("BEGIN")
        suppression.record(connection, events, Thresholds(5, 1.0, 1.0, 1.0), b"0123456789abcdef")
        connection.execute("COMMIT")
        connection.close()
    finally:
        opened.lock.release()


def measured(name: str, act: Callable[[], int]) -> Figure:
    """One row of something that says how many people it was about."""
    wall, processor = time.perf_counter(), time.process_time()
    people = act()
    return Figure(name, people, time.perf_counter() - wall, time.process_time() - processor)


def measure(directory: Path, number: int) -> Iterator[Figure]:
    """Import, import again, count, and target, on a new installation in the directory (0700)."""
    path = directory / "people.csv"
    write_people(path, number)
    suppress(directory, (f"user.{one}@host{one % 5000}.example" for one in range(0, number, SUPPRESSED)))
    options = Options(new_attributes=True)
    with audience(directory) as connection, suppression_link(directory) as link:

        def take() -> int:
            planned = plan(connection, open_sheet(path), options)
            work = Import(connection, link, planned, options, time.time)
            *_, run = work.run(path.name, digest(path, options, planned.sheet.described))
            return run.added + run.updated

        def asked() -> int:
            count(connection, selections.compiled_condition(connection, CONDITION, time.time()), directory)
            return number

        def streamed(spec: Spec) -> Callable[[], int]:
            def run() -> int:
                found = target(connection, directory, link, spec, time.time())
                return sum(1 for _ in found.recipients(found.columns))

            return run

        everybody = Spec(condition="valid", attributes=("country", "first_name", "city", "spent"))
        yield measured("import, new people", take)
        yield measured("import, the same people again", take)
        yield measured("count a dynamic selection", asked)
        yield measured("target, everybody, 6 values", streamed(everybody))
        yield measured("target, everybody, all 11 values", streamed(everybody._replace(attributes=None)))
        yield measured("target, a dynamic selection", streamed(everybody._replace(condition=CONDITION)))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--people", default=PEOPLE, show_default=True, type=click.IntRange(1), help="In the audience.")
def main(people: int) -> None:
    """How fast people are taken in, counted, and streamed as a target."""
    with tempfile.TemporaryDirectory() as directory:
        for figure in measure(Path(directory), people):
            click.echo(figure)
        size = sum(file.stat().st_size for file in (Path(directory) / "campaign").iterdir())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"{size / people:.0f} octets of disk a person; {memory:.0f} MB of memory at most")


if __name__ == "__main__":
    main()
