"""Rules of who it comes from: address, name, reply address, type of mail, fields that say whose it is."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.audience.mail_address import check
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.wording import has_picture, is_template, troublesome
from postduif.errors import AddressError

_FREE_WORDS = """
    aol.com gmail.com gmx.at gmx.ch gmx.de gmx.net googlemail.com hotmail.co.uk hotmail.com hotmail.de
    hotmail.fr hotmail.nl icloud.com laposte.net live.com live.nl mac.com mail.com mail.ru me.com msn.com
    orange.fr outlook.com outlook.de outlook.fr proton.me protonmail.com qq.com t-online.de web.de yahoo.co.jp
    yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.ru ymail.com ziggo.nl
"""
FREE = frozenset(_FREE_WORDS.split())
"""Domains that belong to a mail service, most of which tell receivers to refuse mail that others send in their name."""


@rule(Level.ERROR, Phase.CONTENT, order=13)
def sender_address(facts: Facts) -> Iterator[Remark]:
    """There is a sender, and it is an address."""
    if not facts.sender.strip():
        yield Remark("there is no sender", "write an address")
    elif fault := _fault(facts.sender):
        yield Remark(f"the sender, {facts.sender}, is no address: {fault}", "correct it")


@rule(Level.ERROR, Phase.CONTENT)
def sender_free(facts: Facts) -> Iterator[Remark]:
    """The sender's domain is not that of a free mail service."""
    if facts.domain in FREE:
        yield Remark(
            f"the sender is at {facts.domain}, whose mail only its own hosts may send",
            "send from a domain of your own, and write this address as the one to reply to",
        )


@rule(Level.WARNING, Phase.CONTENT)
def sender_characters(facts: Facts) -> Iterator[Remark]:
    """The sender's name has only characters that every mail program shows."""
    if bad := troublesome(facts.sender_name):
        yield Remark(f"there is {bad} in the sender's name", "type the name anew")


@rule(Level.WARNING, Phase.CONTENT)
def sender_picture(facts: Facts) -> Iterator[Remark]:
    """The sender's name has no little pictures."""
    if has_picture(facts.sender_name):
        yield Remark(
            f"there is a little picture in the sender's name, {facts.sender_name}",
            "leave it out: Gmail takes a name with one for an attempt to look verified",
        )


@rule(Level.ERROR, Phase.CONTENT)
def reply_address(facts: Facts) -> Iterator[Remark]:
    """The address to reply to is one."""
    given = facts.reply_to.strip()
    if given and not is_template(given) and (fault := _fault(given)):
        yield Remark(f"the address to reply to, {given}, is none: {fault}", "correct it, or leave it out")


@rule(Level.ERROR, Phase.CONTENT, order=20)
def type_missing(facts: Facts) -> Iterator[Remark]:
    """It is of a type that people agreed to and can unsubscribe from."""
    if not facts.mail_type.strip() and not facts.transactional and not facts.proof:
        yield Remark(
            "it has no type of mail, so nobody has agreed to it, and unsubscribing would mean everything",
            "choose one; `postduif subscription` makes them",
        )


@rule(Level.WARNING, Phase.CONTENT)
def list_id_missing(facts: Facts) -> Iterator[Remark]:
    """It says which list it belongs to (RFC 2919)."""
    if not facts.transactional and "list-id" not in facts.fields:
        yield Remark("there is no List-Id field", "let it be made, or write one, as List-Id: News <news.example.com>")


@rule(Level.INFO, Phase.TARGET)
def feedback_id_missing(facts: Facts) -> Iterator[Remark]:
    """A large mailing has a Feedback-ID, by which Gmail counts complaints."""
    if facts.to_deliver > facts.limits.bulk and "feedback-id" not in facts.fields:
        yield Remark(
            "there is no Feedback-ID field", "let it be made, or write one, as Feedback-ID: 7:news:postduif:sender1"
        )


RULES = (
    sender_address,
    sender_free,
    sender_characters,
    sender_picture,
    reply_address,
    type_missing,
    list_id_missing,
    feedback_id_missing,
)


def _fault(text: str) -> str:
    """What is wrong with an address; "" when nothing is."""
    try:
        check(text)
    except AddressError as error:
        return str(error)
    return ""
