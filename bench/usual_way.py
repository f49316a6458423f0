"""The usual way to send a mailing: the email package makes each message, smtplib hands it to a mail transfer agent.

`python -m bench.usual_way --port PORT FIRST COUNT` makes and submits the messages to so many people. A straightforward
program that does nothing twice: the template is compiled once by Jinja2, eight connections are kept, and the message is
sent as it is (8bit), which costs the email package least. Prints when it began and the CPU seconds it took.
"""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

import click
import jinja2

from bench import newsletter

CONNECTIONS = 8
_HOST = "mta.sender.example"
_WHOLE = "8bit"


class Maker:
    """Makes the messages of `bench.newsletter`."""

    def __init__(self) -> None:
        self._subject = jinja2.Environment().from_string(newsletter.SUBJECT)
        self._text = jinja2.Environment(keep_trailing_newline=True).from_string(newsletter.TEXT)
        self._html = jinja2.Environment(autoescape=True).from_string(newsletter.HTML)

    def message(self, number: int) -> EmailMessage:
        """For one person."""
        known = {"customer": newsletter.values(number)}
        made = EmailMessage()
        made["From"] = f"Pigeon news <{newsletter.SENDER}>"
        made["To"] = newsletter.address(number)
        made["Subject"] = self._subject.render(known)
        made["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime())
        made["Message-ID"] = f"<{number}.{time.time_ns():x}@{newsletter.DOMAIN}>"
        made["List-Id"] = f"Pigeon news <news.{newsletter.DOMAIN}>"
        made["List-Unsubscribe"] = f"<mailto:unsubscribe+{number}@bounce.{newsletter.DOMAIN}>"
        made["Precedence"] = "bulk"
        made.set_content(self._text.render(known), cte=_WHOLE)
        made.add_alternative(self._html.render(known), subtype="html", cte=_WHOLE)
        return made


class Submission:
    """Submits over as many connections as are needed at once, and keeps them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._maker = Maker()
        self._own = threading.local()

    def send(self, number: int) -> None:
        """One message. Raises OSError, which SMTPException is."""
        if not hasattr(self._own, "connection"):
            self._own.connection = smtplib.SMTP("127.0.0.1", self._port, local_hostname=_HOST)
        message = self._maker.message(number)
        to = newsletter.address(number)
        self._own.connection.send_message(message, newsletter.SENDER, [to], mail_options=["BODY=8BITMIME"])

    def send_all(self, numbers: Iterator[int]) -> None:
        """Several at a time, all of them."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for _ in pool.map(self.send, numbers):
                pass


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
@click.argument("numbers", nargs=2, type=int)
def main(port: int, numbers: tuple[int, int]) -> None:
    """Make and submit the messages for COUNT people from the FIRST on."""
    first, count = numbers
    submission = Submission(port)
    began, spent = time.monotonic(), time.process_time()
    submission.send_all(iter(range(first, first + count)))
    click.echo(f"{began} {time.process_time() - spent}")


if __name__ == "__main__":
    main()
