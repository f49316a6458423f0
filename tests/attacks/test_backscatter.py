"""Mail that is to make us write to people who never wrote to us, or to ourselves, for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.stories.daemon import Daemon
from tests.stories.roads import free_port
from tests.world import POSTMASTER, World

RECEIVED = "Received: from x.example by {} with ESMTP id {}; Fri, 15 Jan 2027 08:00:00 +0000\r\n"


def say_mail(world: World, door: str, sender: str, recipient: str, header: str) -> str:
    """Hand over a mail; the reply after the dot."""
    with world.call(door) as client:  # type: ignore[arg-type]
        client.open(sender, recipient)
        client.say("DATA")
        return client.say(f"{header}From: a@sender.example\r\n\r\nx\r\n.\r\n".encode())


def test_strangers_hear_in_the_session_or_not_at_all(world: World) -> None:
    """Mail from strangers that cannot be taken is refused in the session; for what was taken there are no notices."""
    victim = world.address("remote.example", name="victim")
    with world.call("inbound") as client:
        client.say("EHLO c.example")
        client.say(f"MAIL FROM:<{victim}>")
        assert client.say("RCPT TO:<nobody@mta.sender.example>").startswith("550 5.1.1 ")
        lines = ["RCPT TO:<abuse@mta.sender.example> NOTIFY=SUCCESS,FAILURE,DELAY", "DATA"]
        assert [reply[:3] for reply in client.all_of(lines)] == ["250", "354"]
        assert client.say(f"Subject: {victim}\r\n\r\nx\r\n.").startswith("250 ")
    world.logged(f"delivered .*to={POSTMASTER}.*sender={victim}")
    world.remote.to(world.deliver())
    assert world.remote.number(victim) == 0


def test_no_notice_about_a_notice(world: World) -> None:
    """The notification about a mail whose sender cannot be reached fails, and that is the end of it."""
    sender, bad = world.address(name="unknown-sender"), world.address(name="unknown")
    assert say_mail(world, "trusted", sender, bad, "").startswith("250 ")
    assert 'sender=""' in world.logged(rf"failed .*to={sender}")
    world.remote.to(world.deliver())
    assert not [one for one in world.remote.taken if sender in one.recipients]


@pytest.mark.parametrize("hops", [100, 1000])
def test_a_hundred_hops_are_a_loop(world: World, hops: int) -> None:
    """554 5.4.6, from strangers too."""
    header = "".join(RECEIVED.format("y.example", number) for number in range(hops))
    assert say_mail(world, "trusted", "a@sender.example", world.address(), header).startswith("554 5.4.6 ")
    assert say_mail(world, "inbound", "a@b.example", "abuse@mta.sender.example", header).startswith("554 5.4.6 ")


def test_five_visits_are_a_loop(world: World) -> None:
    """Mail that was here five times is refused long before a hundred hops, in whatever case our name is written."""
    ours = "".join(RECEIVED.format(name, 1) for name in ["mta.sender.example", "MTA.Sender.Example"] * 2)
    assert say_mail(world, "trusted", "a@sender.example", world.address(), ours).startswith("250 ")
    ours += RECEIVED.format("mta.sender.example", 2)
    assert say_mail(world, "trusted", "a@sender.example", world.address(), ours).startswith("554 5.4.6 ")


def test_two_servers_that_point_at_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Mail to a domain whose road leads back to us goes round a few times, its notice too, and then all is empty."""

    async def story() -> None:
        port = free_port()
        settings = f"""
        [[next_hop]]
        domain = "*"
        hosts = ["127.0.0.1:{port}"]
        """
        daemon = Daemon(tmp_path, settings)
        daemon.path.write_text(daemon.path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        async with daemon:
            await daemon.submit(["someone@loop.example"])
            await daemon.until(lambda: daemon.app.store.stats.queued == 0)

    asyncio.run(story())
    failed = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning failed ")]
    assert [line.partition(" to=")[2].split()[0] for line in failed] == ["someone@loop.example", "app@sender.example"]
    assert all("554 5.4.6 " in line for line in failed)
