"""Mailings as the campaign hands them over, without a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postduif.address import parse
from postduif.envelope import Envelope
from postduif.mta.merge.content import Content, Header, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import dump
from postduif.mta.merged import order_of, packed
from postduif.queue.mailing import Terms
from postduif.queue.mailing_file import MailingFile, Target, hand_over

NAMES = ("email", "name")
CONTENT = Content(
    sender=Mailbox("news@sender.example", "News"),
    to=Mailbox("{{ email }}", "{{ name }}"),
    subject="For {{ name }}",
    text="Dear {{ name }},\n\nall is well.\n",
    headers=(Header("List-Unsubscribe", "{{ list_unsubscribe }}", raw=True),),
)


def prepared(
    data_dir: Path,
    number: int,
    addresses: Sequence[str],
    *,
    terms: Terms | None = None,
    waves: Sequence[int] = (),
    content: Content = CONTENT,
) -> Path:
    """A file ready to be handed over."""
    order = order_of(compile_content(content, NAMES))
    values = {address: {"email": address, "name": address.partition("@")[0].title()} for address in addresses}
    written = MailingFile(
        data_dir / "campaign" / "prepared",
        number,
        dump(content, NAMES),
        Envelope(parse("news@sender.example"), header_from="sender.example"),
        terms or Terms(),
    )
    written.add(
        Target(address, packed([values[address][name] for name in order]), contact)
        for contact, address in enumerate(addresses, 1)
    )
    return written.finish(waves)


def handed_over(data_dir: Path, number: int, addresses: Sequence[str], at: float, **more: object) -> None:
    """It is the MTA's now."""
    later = (None,) * len(more.get("waves") or ())  # type: ignore[arg-type]
    path = prepared(data_dir, number, addresses, **more)  # type: ignore[arg-type]
    hand_over(path, data_dir, at=at, expires_at=at + 86400, waves=later)
