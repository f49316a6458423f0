"""Octets in commands that want to be more than they are: a header field, a reply line, a log line, a command."""

from __future__ import annotations

import email

import pytest

from tests.world import World

ODD = {
    "CR": b"\r",
    "LF": b"\n",
    "CR LF": b"\r\n",
    "NUL": b"\0",
    "TAB": b"\t",
    "VT": b"\x0b",
    "FF": b"\x0c",
    "ESC": b"\x1b",
    "DEL": b"\x7f",
    "NEL": b"\xc2\x85",
    "LINE SEPARATOR": b"\xe2\x80\xa8",
    "octet 128": b"\x80",
    "unpaired quote": b'"',
    "bracket": b">",
}
INSIDE = {
    "EHLO": b"EHLO a%sb\r\n",
    "HELO": b"HELO a%sb\r\n",
    "MAIL": b"MAIL FROM:<a%sX-Evil: yes@sender.example>\r\n",
    "MAIL quoted": b'MAIL FROM:<"a%sX-Evil: yes"@sender.example>\r\n',
    "MAIL domain": b"MAIL FROM:<a@sender%s.example>\r\n",
    "MAIL parameter": b"MAIL FROM:<a@sender.example> ENVID=a%sb\r\n",
    "RCPT": b"RCPT TO:<a%sX-Evil: yes@remote.example>\r\n",
    "RCPT quoted": b'RCPT TO:<"a%sX-Evil: yes"@remote.example>\r\n',
    "RCPT parameter": b"RCPT TO:<a@remote.example> ORCPT=rfc822;a%sb\r\n",
}


FINE = {"unpaired quote": ("parameter",), "bracket": ("parameter", "quoted"), "CR LF": ("parameter",)}
"""Where these are letters like others, or end the line."""
WRONG = [(where, odd) for where in INSIDE for odd in ODD if not any(word in where for word in FINE.get(odd, ()))]


@pytest.mark.parametrize(("where", "odd"), WRONG)
def test_odd_octets_in_commands(world: World, where: str, odd: str) -> None:
    """They are refused, and no reply has any of what was sent: it has one line, of printable ASCII."""
    with world.call() as client:
        client.say("EHLO c.example")
        if where.startswith("RCPT"):
            client.say("MAIL FROM:<a@sender.example>")
        reply = client.say(INSIDE[where] % ODD[odd])
        assert reply[0] == "5", reply
        assert reply.isprintable()
        assert "Evil" not in reply
        client.send("QUIT")
        assert "250" not in client.rest()


@pytest.mark.parametrize("name", ["[127.0.0.1]\tX", "a;b", "a b", "a(b)", "<script>", "a,b", "a\\", "x" * 256])
def test_client_name_stays_out_of_the_trace_field(world: World, name: str) -> None:
    """A name of EHLO that is no host's is refused, or it is not written: Received keeps its form."""
    recipient = world.address()
    with world.call() as client:
        if client.say(f"EHLO {name}")[0] == "5":
            return
        client.all_of(["MAIL FROM:<a@sender.example>", f"RCPT TO:<{recipient}>", "DATA"])
        client.say(b"From: a@sender.example\r\n\r\nx\r\n.\r\n")
    ours = email.message_from_bytes(world.remote.to(recipient).content)["Received"]
    assert ours.startswith("from [127.0.0.1] ([127.0.0.1])")


def test_parameters_add_no_field_to_a_notification(world: World) -> None:
    """CR and LF as xtext in ENVID and ORCPT come back in the notification as no more than they are."""
    sender, bad = world.address(name="sender"), world.address(name="unknown")
    with world.call() as client:
        client.say("EHLO c.example")
        lines = [f"MAIL FROM:<{sender}> ENVID=a+0D+0AX-Evil:+20yes"]
        lines += [f"RCPT TO:<{bad}> ORCPT=rfc822;b+0D+0A+0D+0AX-Evil:+20yes", "DATA"]
        if [reply[:3] for reply in client.all_of(lines)] != ["250", "250", "354"]:
            pytest.fail("a legal parameter was refused")
        client.say(b"From: a@sender.example\r\nSubject: a\r\n\r\nx\r\n.\r\n")
    content = world.remote.to(sender).content
    assert b"\r\nX-Evil" not in content
    message = email.message_from_bytes(content)
    about, recipient = message.get_payload(1).get_payload()
    assert len(about.keys()) == 3
    assert len(recipient.get_all("Final-Recipient")) == 1


def test_one_event_is_one_log_line(world: World) -> None:
    """What a client names itself or its mail is escaped: it starts no line of its own and paints no terminal."""
    recipient = world.address()
    with world.call() as client:
        client.open("a@sender.example", recipient)
        client.say("DATA")
        client.say(b"From: a@sender.example\r\nMessage-ID: <\x1b[31m\xe2\x80\xa8error ready>\r\n\r\nx\r\n.\r\n")
    world.remote.to(recipient)
    line = world.logged("error ready")
    assert line.startswith("info received ")
    assert line.isprintable()
    with world.call("plain_auth", "127.0.12.1") as client:
        client.say("EHLO c.example")
        client.log_in("eve\ninfo auth user=alice outcome=ok", "x")
    assert "\ninfo auth user=alice outcome=ok" not in world.log()


def test_header_of_a_mail_adds_no_recipient(world: World) -> None:
    """To, Cc and Bcc fields decide nothing: the mail goes to those of the envelope, and Bcc is taken out."""
    recipient = world.deliver(
        header="From: a@sender.example\r\nTo: victim@remote.example\r\nBcc: victim@remote.example\r\n"
    )
    mail = world.remote.to(recipient)
    assert mail.recipients == [recipient]
    assert b"Bcc" not in mail.content
    assert world.remote.number("victim@remote.example") == 0


@pytest.mark.parametrize("line", ["VRFY {}", "EXPN {}", "VRFY <{}@mta.sender.example>"])
def test_harvesting_learns_nothing(world: World, line: str) -> None:
    """VRFY and EXPN say the same whoever is asked about."""
    with world.call("inbound") as client:
        names = ("postmaster", "abuse", "root", "nobody", "alice")
        assert len({client.say(line.format(name)) for name in names}) == 1
