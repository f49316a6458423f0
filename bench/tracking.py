"""`python -m bench.tracking`: what tracked links cost a message, against the same mail without tracking.

The mailing: HTML of 57 KB with 28 values (`bench.merge`) and 20 links, of which none or all have two values in them; a
whole message is made as at delivery, with its token. Needs no other program and no network.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Literal

import click

from bench.merge import NAMES, content, row
from postduif.address import parse
from postduif.bounce.verp import Purpose, Verp
from postduif.campaign.content.composing import composed
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.list_fields import Facts
from postduif.envelope import Envelope, Message, Recipient
from postduif.mta.link_addresses import LinkAddresses
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import dump
from postduif.mta.merged import Occasion, merged, order_of, packed
from postduif.mta.return_addresses import ReturnAddresses
from postduif.queue.rows import first_recipient

LINKS = 20
ROUNDS = 9
KEY = b"k" * 32
PUBLIC_URL = "https://news.example.com"
STATIC = "https://www.example.com/shop/pigeons/NUMBER?from=news"
PERSONAL = f"https://www.example.com/shop/NUMBER?who={{{{ {NAMES[1]} }}}}&amp;city={{{{ {NAMES[5]} }}}}"
ABOUT = Occasion(
    1.8e9,
    "mta.example.com",
    ReturnAddresses("b.example.com", Verp([KEY], dict.fromkeys(Purpose, 1e6)), for_submitted=True),
    LinkAddresses(PUBLIC_URL, KEY),
)
_NAMES = frozenset({*NAMES, "email"})


def maker(link: str, tracking: Literal["all", "none"]) -> Callable[[int], int]:
    """Makes the message of a number, and says its octets."""
    plain = content(text=False)
    links = "".join(
        f'<p><a href="{link.replace("NUMBER", str(number))}">Pigeon {number}</a></p>\n' for number in range(LINKS)
    )
    body = plain.html.replace("</html>", f"{links}</body></html>")
    draft = Draft(plain.subject, plain.sender, body, text="x", to=plain.to, tracking=tracking)
    made = composed(draft, Facts(7, _NAMES, "b.example.com", public_url=PUBLIC_URL)).content
    order = order_of(compile_content(made, _NAMES))
    template, envelope = Message(dump(made, _NAMES)), Envelope(parse("news@example.com"))
    values = [packed([row(number)[name] for name in order]) for number in range(7)]

    def make(number: int) -> int:
        whom = Recipient(parse("jan@example.net"), id=first_recipient(7) + number, merge=values[number % 7])
        return len(merged(template, envelope, whom, ABOUT).content)

    return make


def microseconds(makers: dict[str, Callable[[int], int]], messages: int) -> dict[str, float]:
    """CPU time a message of each: the median of some rounds, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS):
        for name, make in makers.items():
            began = time.thread_time()
            for number in range(messages):
                make(number)
            taken[name].append((time.thread_time() - began) / messages * 1e6)
    return {name: round(statistics.median(times), 1) for name, times in taken.items()}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", default=500, show_default=True, type=click.IntRange(20), help="Messages a round.")
def main(messages: int) -> None:
    """Print the figures as JSON."""
    makers = {
        "fixed_untracked": maker(STATIC, "none"),
        "fixed_tracked": maker(STATIC, "all"),
        "personal_untracked": maker(PERSONAL, "none"),
        "personal_tracked": maker(PERSONAL, "all"),
    }
    octets = {name: make(1) for name, make in makers.items()}
    click.echo(json.dumps({"octets": octets, "microseconds": microseconds(makers, messages)}, indent=2))


if __name__ == "__main__":
    main()
