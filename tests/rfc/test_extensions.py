"""Extensions by section: RFC 1870, 2034, 2920, 3030, 3461, 6152 and 6531, as the running program keeps them."""

from __future__ import annotations

import re

import pytest

from tests.world import World

DATA = b"From: a@sender.example\r\n\r\nx\r\n.\r\n"


def test_rfc1870_4_size_is_advertised(world: World) -> None:
    """SIZE stands in the EHLO reply with the largest size."""
    with world.call() as client:
        assert f"SIZE {25 * 1024 * 1024}" in client.say("EHLO c.example")


@pytest.mark.parametrize("size", [str(25 * 1024 * 1024 + 1), "9" * 19, "9" * 20])
def test_rfc1870_6_1_too_much_is_552_at_mail(world: World, size: str) -> None:
    """A declared size above the limit is refused before a recipient is named."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(f"MAIL FROM:<a@sender.example> SIZE={size}").startswith("552 5.3.4")
        assert client.say("RCPT TO:<b@remote.example>").startswith("503 ")


@pytest.mark.parametrize("size", ["-1", "1x", "", "9" * 21])
def test_rfc1870_4_size_is_a_number(world: World, size: str) -> None:
    """Another SIZE is 501."""
    with world.call() as client:
        client.say("EHLO c.example")
        assert client.say(f"MAIL FROM:<a@sender.example> SIZE={size}").startswith("501 5.5.4")


def test_rfc2034_4_enhanced_codes(world: World) -> None:
    """Every reply but those to EHLO and HELO, and 334 and 354, has an enhanced code of its class."""
    lines = ["MAIL", "RCPT", "DATA", "XYZZY", "EXPN a", "NOOP", "RSET", "VRFY a", "HELP", "STARTTLS", "AUTH PLAIN"]
    lines += ["MAIL FROM:<a@b> X=1", "MAIL FROM:<a@b", "MAIL FROM:<a@sender.example>", "RCPT TO:<x>", "RSET x", "QUIT"]
    with world.call() as client:
        client.say("EHLO c.example")
        for reply in client.all_of(lines):
            assert re.match(r"([245])\d\d \1\.\d{1,3}\.\d{1,3} .", reply), reply


def test_rfc2920_3_1_a_group_is_answered_in_order(world: World) -> None:
    """A group of commands in one go has its replies in order, and no octet of it is lost."""
    good, bad = world.address(), "nobody@"
    lines = ["RSET", "MAIL FROM:<a@sender.example>", f"RCPT TO:<{bad}>", f"RCPT TO:<{good}>", "DATA"]
    with world.call() as client:
        client.say("EHLO c.example")
        client.send("".join(f"{line}\r\n" for line in lines).encode())
        assert [client.hear()[:3] for _ in lines] == ["250", "250", "501", "250", "354"]
        client.send(DATA + b"NOOP\r\nQUIT\r\n")
        assert [client.hear()[:3] for _ in range(3)] == ["250", "250", "221"]


@pytest.mark.parametrize("line", ["EHLO c.example", "DATA"])
def test_rfc2920_3_1_some_commands_end_a_group(world: World, line: str) -> None:
    """What stands behind EHLO or DATA in one go is not done: 554, and the end."""
    with world.call() as client:
        client.open("app@sender.example", "b@remote.example")
        assert client.say(f"{line}\r\nNOOP\r\n".encode()).startswith("554 5.5.0")
        assert client.rest() == ""


def test_rfc2920_3_1_client_groups_only_if_offered(world: World) -> None:
    """A host without PIPELINING hears one command at a time: each of its commands came after the reply before it."""
    recipient = world.address("old.example")
    with world.call() as client:
        client.open("app@sender.example", recipient)
        client.say("DATA")
        client.say(DATA)
    world.old.to(recipient)
    assert world.old.at_once == 1
    world.remote.to(world.deliver())
    assert world.remote.at_once > 1


def test_rfc3030_2_chunks(world: World) -> None:
    """Chunks take exactly their octets, dots and all; LAST ends the mail; an empty last chunk is one."""
    recipient = world.address()
    first, second = b"From: a@sender.example\r\n\r\n.\r\nMAIL F", b"ROM:<x@y>\r\n"
    with world.call() as client:
        assert "CHUNKING" in client.say("EHLO c.example")
        client.all_of(["MAIL FROM:<a@sender.example>", f"RCPT TO:<{recipient}>"])
        assert client.say(b"BDAT %d\r\n" % len(first) + first).startswith("250 ")
        assert client.say(b"BDAT %d\r\n" % len(second) + second).startswith("250 ")
        assert client.say("BDAT 0 LAST").startswith("250 2.0.0 queued")
    assert world.remote.to(recipient).content.endswith((first + second).partition(b"\r\n\r\n")[2])


def test_rfc3030_2_no_mixing(world: World) -> None:
    """DATA after BDAT is 503; BDAT without a recipient is 503, and its octets are no commands."""
    with world.call() as client:
        client.open("app@sender.example", world.address())
        assert client.say(b"BDAT 3\r\nx\r\n").startswith("250 ")
        assert client.say("DATA").startswith("503 ")
        assert client.say("RSET").startswith("250 ")
        assert client.say(b"BDAT 6 LAST\r\nQUIT\r\n").startswith("503 ")
        assert client.say("NOOP").startswith("250 ")


def test_rfc6152_3_eight_bit_mail(world: World) -> None:
    """8BITMIME is offered, and BODY=8BITMIME goes on to a host that offers it too, octets unchanged."""
    recipient = world.address()
    content = "From: a@sender.example\r\n\r\né\r\n".encode()
    with world.call() as client:
        assert "8BITMIME" in client.say("EHLO c.example")
        client.all_of(["MAIL FROM:<a@sender.example> BODY=8BITMIME", f"RCPT TO:<{recipient}>", "DATA"])
        assert client.say(content + b".\r\n").startswith("250 ")
    mail = world.remote.to(recipient)
    assert mail.mail.endswith(b" BODY=8BITMIME")
    assert mail.content.endswith("é\r\n".encode())


def test_rfc6152_3_no_eight_bit_mail_to_a_host_without_it(world: World) -> None:
    """A host without 8BITMIME gets the same text in seven bits."""
    recipient = world.address("old.example")
    head = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    with world.call() as client:
        client.open("app@sender.example", recipient)
        client.say("DATA")
        client.say(b"From: a@sender.example\r\n" + head + "\r\né\r\n.\r\n".encode())
    mail = world.old.to(recipient)
    assert mail.content.isascii()
    assert b"BODY=" not in mail.mail
    assert mail.content.endswith(b"\r\n\r\n=C3=A9\r\n")


def test_rfc6531_3_1_smtputf8(world: World) -> None:
    """SMTPUTF8 is offered, needed for addresses beyond ASCII, and said only where it is needed."""
    recipient = world.address(name="ü")
    with world.call() as client:
        assert "SMTPUTF8" in client.say("EHLO c.example")
        assert client.say("MAIL FROM:<ü@sender.example>").startswith("501 ")
        assert client.say("MAIL FROM:<ü@sender.example> SMTPUTF8").startswith("250 ")
        client.all_of([f"RCPT TO:<{recipient}>", "DATA"])
        assert client.say(DATA).startswith("250 ")
    assert b" SMTPUTF8" in world.remote.to(recipient).mail
    assert b" SMTPUTF8" not in world.remote.to(world.deliver()).mail


def test_rfc6531_3_2_domains_go_as_a_labels(world: World) -> None:
    """A domain beyond ASCII needs no SMTPUTF8 at the next host, where it is in ASCII."""
    recipient = world.address("xn--bcher-kva.example")
    with world.call() as client:
        client.say("EHLO c.example")
        client.say("MAIL FROM:<a@sender.example> SMTPUTF8")
        client.all_of([f"RCPT TO:<{recipient.replace('xn--bcher-kva', 'bücher')}>", "DATA"])
        assert client.say(DATA).startswith("250 ")
    assert world.remote.to(recipient).rcpts == [f"RCPT TO:<{recipient}>".encode()]


def test_rfc3461_4_parameters_go_on_to_the_letter(world: World) -> None:
    """NOTIFY, ORCPT, RET and ENVID reach a host with DSN as they were given."""
    recipient = world.address()
    orcpt, envid = "rfc822;MiXed+2BCase@Else.example", "QQ+3D314+2Babc"
    with world.call() as client:
        assert "DSN" in client.say("EHLO c.example")
        lines = [f"MAIL FROM:<a@sender.example> RET=HDRS ENVID={envid}"]
        lines += [f"RCPT TO:<{recipient}> NOTIFY=SUCCESS,FAILURE ORCPT={orcpt}", "DATA"]
        assert [reply[:3] for reply in client.all_of(lines)] == ["250", "250", "354"]
        client.say(DATA)
    mail = world.remote.to(recipient)
    assert mail.mail.endswith(f"RET=HDRS ENVID={envid}".encode())
    assert mail.rcpts == [f"RCPT TO:<{recipient}> NOTIFY=SUCCESS,FAILURE ORCPT={orcpt}".encode()]


@pytest.mark.parametrize(
    "line",
    [
        "MAIL FROM:<a@sender.example> RET=FULL RET=HDRS",
        "MAIL FROM:<a@sender.example> RET=ALL",
        "MAIL FROM:<a@sender.example> ENVID=a+2",
        f"MAIL FROM:<a@sender.example> ENVID={'x' * 101}",
        "RCPT TO:<b@remote.example> NOTIFY=SUCCESS NOTIFY=FAILURE",
        "RCPT TO:<b@remote.example> ORCPT=rfc822",
        "RCPT TO:<b@remote.example> NOTIFY=NEVER,FAILURE",
        "RCPT TO:<b@remote.example> NOTIFY=",
    ],
)
def test_rfc3461_4_wrong_parameters_are_501(world: World, line: str) -> None:
    """Given twice, NEVER beside another word, or malformed."""
    with world.call() as client:
        client.say("EHLO c.example")
        if line.startswith("RCPT"):
            client.say("MAIL FROM:<a@sender.example>")
        assert client.say(line).startswith("501 5.5.4")


def test_rfc3461_4_longer_commands(world: World) -> None:
    """MAIL may have a hundred octets more than 512, RCPT five hundred."""
    with world.call() as client:
        client.say("EHLO c.example")
        path = "a@" + ".".join(["d" * 60] * 4)
        assert client.say(f"MAIL FROM:<{path}>{' ' * 230} RET=FULL ENVID={'e' * 100}").startswith("250 ")
        assert client.say(f"RCPT TO:<{path}>{' ' * 230} ORCPT=rfc822;{'o' * 493}").startswith("250 ")
