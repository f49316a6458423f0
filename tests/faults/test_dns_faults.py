"""Every case of the table of DNS faults, against the whole daemon: no mail is returned that DNS did not say no to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop

from postduif.queue.journal import Line, Question
from postduif.sink import Sink
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.faults.table import Case, dns_cases
from tests.stories.daemon import Daemon
from tests.stories.roads import free_port

KINDS = {"delivered": "delivered", "retry later": "deferred", "fail": "failed"}
OUTAGE = [60, 300, 300, 900]  # seconds between tries within an hour, by the default schedule
LAST = 3600  # seconds to the try behind it


def settings(*servers: DnsServer, port: int, timeout: float) -> str:
    """Only 127.0.0.2 may be delivered to."""
    nameservers = ", ".join(f'"{server.endpoint}"' for server in servers)
    return f"""
    [dns]
    nameservers = [{nameservers}]
    timeout = "{timeout}s"
    [delivery]
    port = {port}
    allowed_networks = ["127.0.0.2"]
    retry_jitter = 0
    """


async def drive(directory: Path) -> tuple[dict[str, Line], dict[str, int]]:
    """One mail for every case: its first line in the journal; and how many mails and connections the sink had."""
    cases, port, lines = dns_cases(), free_port(), {}
    zone = "sink A 127.0.0.2\n" + "\n".join(case.zone_of(f"d{number}.example") for number, case in enumerate(cases))
    recipients = [f"r@d{number}.example" for number in range(len(cases))]
    with DnsServer(zone) as server:
        async with (
            Sink(host="0.0.0.0", port=port) as sink,
            Daemon(directory, settings(server, port=port, timeout=5)) as daemon,
        ):
            mail = await daemon.submit(recipients, sender="")

            async def all_known() -> bool:
                for line in await daemon.app.store.questions.journal(Question(message=mail), 1000):
                    lines[cases[int(line.domain.removeprefix("d").removesuffix(".example"))].says] = line
                return len(lines) == len(cases)

            await daemon.until(all_known)
            figures = {"mails": sink.figures.recipients, "connections": sink.figures.connections}
    return lines, figures


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Line], dict[str, int]]:
    """All cases at once."""
    return uvloop.run(drive(tmp_path_factory.mktemp("daemon")))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.says.replace(" ", "_")) for case in dns_cases()])
def test_the_verdict_is_as_the_table_says(driven: tuple[dict[str, Line], dict[str, int]], case: Case) -> None:
    """Delivered to the right host, tried again, or given up, with that status."""
    line = driven[0][case.says]
    assert line.kind == KINDS[case.happens], line.text
    assert (line.code, line.enhanced) == (case.code, case.status)
    assert line.remote_mta == "" or case.happens == "delivered"
    assert case.happens != "delivered" or "[127.0.0.2]" in line.host


def test_nobody_else_was_connected_to(driven: tuple[dict[str, Line], dict[str, int]]) -> None:
    """Forbidden addresses of this machine saw no connection, and each mail was delivered once."""
    _, figures = driven
    delivered = sum(case.happens == "delivered" for case in dns_cases())
    assert figures["mails"] == delivered
    assert figures["connections"] <= delivered


def test_an_hour_without_dns(tmp_path: Path) -> None:
    """All resolvers are down for an hour: nothing is returned, and with the next try of the schedule all goes out."""
    faults = ("SILENT", "SERVFAIL", "REFUSED", "GARBAGE", "REFERRAL")
    names = [f"{fault.lower()}.example" for fault in faults]
    zone = "mx.example A 127.0.0.2\n" + "\n".join(f"{name} MX 10 mx.example" for name in names)
    broken = "\n".join(f"{name} FAULT * {fault}" for name, fault in zip(names, faults, strict=True))

    async def story() -> None:
        clock, port = FakeClock(), free_port()
        async with (
            Sink(host="127.0.0.2", port=port) as sink,
            Daemon(tmp_path, settings(one, two, port=port, timeout=0.6), clock) as daemon,
        ):
            mail = await daemon.submit([f"r@{name}" for name in names])
            for tries, wait in enumerate([*OUTAGE, LAST], start=1):
                lines = await daemon.journal(mail, tries * len(names))
                assert {(line.kind, line.code, line.enhanced) for line in lines} == {("deferred", 451, "4.4.3")}
                assert daemon.app.store.stats.queued == len(names)  # and no notice to anybody
                clock.advance(wait - 1)
                await daemon.settle()
                assert sink.figures.recipients == 0
                if tries > len(OUTAGE):
                    one.heal()
                    two.heal()
                clock.advance(1)
            await daemon.until(lambda: sink.figures.recipients == len(names))
            lines = await daemon.journal(mail, (len(OUTAGE) + 2) * len(names))
            assert [line.kind for line in lines[-len(names) :]] == ["delivered"] * len(names)
            await daemon.until(lambda: daemon.app.store.stats.queued == 0)

    with DnsServer(zone + "\n" + broken) as one, DnsServer(zone + "\n" + broken) as two:
        asyncio.run(story())
        tries = len(OUTAGE) + 1
        assert max(one.asked.values()) <= 10 * tries  # nobody is hammered


def test_dns_that_is_back_is_asked_at_once(tmp_path: Path) -> None:
    """That lookups failed is remembered for seconds: new mail goes out as soon as DNS is back."""
    zone = "mx.example A 127.0.0.2\nx.example MX 10 mx.example\n"

    async def story() -> None:
        clock, port = FakeClock(), free_port()
        async with (
            Sink(host="127.0.0.2", port=port) as sink,
            Daemon(tmp_path, settings(server, port=port, timeout=5), clock) as daemon,
        ):
            (line,) = await daemon.journal(await daemon.submit(["a@x.example"]))
            assert line.kind == "deferred"
            server.heal()
            clock.advance(6)
            (line,) = await daemon.journal(await daemon.submit(["b@x.example"]))
            assert line.kind == "delivered"
            assert sink.figures.recipients == 1

    with DnsServer(zone + "x.example FAULT * SERVFAIL") as server:
        asyncio.run(story())
