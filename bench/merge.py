"""`python -m bench.merge`: what one message of a mailing costs, against the same made with the email package.

The mailing: HTML of 57 KB with 28 values, and a text part with 8, or HTML alone. Needs no other program and no network.
"""

from __future__ import annotations

import html
import json
import statistics
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP

import click

from postduif.mta.merge.content import Content, Header, Mailbox
from postduif.mta.merge.message import compile_content

VALUES = 28
OCTETS = 57_000
NAMES = [f"customer.value_{number}" for number in range(VALUES)]
ROUNDS = 5

_ROW = '    <tr><td style="color:#123456; padding: 0 10px">News about pigeons, and what they cost this week</td></tr>\n'
_SAMPLES = (
    "Jan Jansen",
    "Zoë & Zonen",
    "O'Neil",
    "https://news.example.com/c/Zm9vYmFy?n=1",
    "1.234,50",
    "Amsterdam",
    "",
)


def page(values: int = VALUES) -> str:
    """HTML of 57 KB with so many values spread over it."""
    rows = _ROW * (OCTETS // values // len(_ROW))
    return "<html><body>\n" + "".join(f"{rows}<p>Dear {{{{ {name} }}}},</p>\n" for name in NAMES[:values]) + "</html>\n"


def row(number: int) -> dict[str, object]:
    """The values of one recipient."""
    values = {name: f"{_SAMPLES[at % len(_SAMPLES)]}{number % 7}" for at, name in enumerate(NAMES)}
    fields = {"date": "Sat, 21 Nov 2026 19:00:00 +0000", "message_id": f"<{number}.1a2b3c4d@news.example.com>"}
    return {
        **values,
        **fields,
        "email": f"jan{number}@example.net",
        "unsubscribe_url": f"https://example.com/u/{number}",
    }


def content(*, text: bool) -> Content:
    """The mailing."""
    return Content(
        sender=Mailbox("news@example.com", "Pigeon news"),
        to=Mailbox("{{ email }}", f"{{{{ {NAMES[0]} }}}}"),
        subject=f"News for {{{{ {NAMES[0]} }}}}",
        html=page(),
        text="".join(f"Dear {{{{ {name} }}}},\n" for name in NAMES[:8]) * text,
        headers=(
            Header("List-Unsubscribe", "<{{ unsubscribe_url }}>", raw=True),
            Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click", raw=True),
        ),
    )


def with_email_package(source: str, values: dict[str, object]) -> bytes:
    """The HTML alone, put together by the email package."""
    for name in NAMES:
        source = source.replace(f"{{{{ {name} }}}}", html.escape(str(values[name])))
    made = EmailMessage(SMTP)
    made["From"], made["To"] = "Pigeon news <news@example.com>", f"Somebody <{values['email']}>"
    made["Subject"], made["Message-ID"] = f"News for {values[NAMES[0]]}", str(values["message_id"])
    made.set_content(source, subtype="html", cte="quoted-printable")
    return made.as_bytes()


def microseconds(make: Callable[[dict[str, object]], bytes], rows: Sequence[dict[str, object]]) -> float:
    """CPU time a message: the median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for values in rows:
            make(values)
        taken.append((time.thread_time() - began) / len(rows) * 1e6)
    return statistics.median(taken)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", default=2000, show_default=True, type=click.IntRange(20), help="Messages a round.")
def main(messages: int) -> None:
    """Print the figures as JSON."""
    rows, source = [row(number) for number in range(messages)], page()
    began = time.thread_time()
    merge = compile_content(content(text=True), [*NAMES, "email", "unsubscribe_url"])
    compiled = time.thread_time() - began
    alone = compile_content(content(text=False), [*NAMES, "email", "unsubscribe_url"])
    figures = {
        "octets": len(merge.render(rows[0])),
        "compile_ms": round(compiled * 1000, 1),
        "merge_html_us": round(microseconds(alone.render, rows), 1),
        "merge_html_and_text_us": round(microseconds(merge.render, rows), 1),
        "email_package_html_us": round(microseconds(lambda one: with_email_package(source, one), rows[:20])),
    }
    click.echo(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
