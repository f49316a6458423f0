"""Rules of what readers see: subject, preheader, HTML, text, files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from postduif.campaign.checks import page
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.wording import counted, is_template, listed, troublesome, without_expressions

_REPLY = re.compile(r"\s*(re|fwd?|fw|aw|wg|antw|tr|rv|sv|vs)\s*:", re.IGNORECASE)
_UNSUPPORTED_WORDS = """
    applet audio base canvas dialog embed form frame frameset iframe input link math noscript object script
    select svg textarea video
"""
_UNSUPPORTED = frozenset(_UNSUPPORTED_WORDS.split())
_REFUSED_FILES = re.compile(
    r".*\.(ade|adp|apk|appx|bat|cab|chm|cmd|com|cpl|dll|dmg|exe|hta|img|ins|iso|isp|jar|js|jse|lib|lnk|mde|msc|msi|msp"
    r"|mst|nsh|pif|ps1|scr|sct|shb|sys|vb|vbe|vbs|vhd|vxd|wsc|wsf|wsh)",
    re.IGNORECASE,
)


@rule(Level.ERROR, Phase.CONTENT, order=10)
def content_fault(facts: Facts) -> Iterator[Remark]:
    """The content can be made into messages: every variable is known."""
    if facts.fault:
        problem, _, remedy = facts.fault.rpartition("; ")
        yield Remark(problem or remedy, remedy if problem else "correct the content")


@rule(Level.ERROR, Phase.CONTENT, order=11)
def content_missing(facts: Facts) -> Iterator[Remark]:
    """There is something to read."""
    if not facts.html.strip() and not facts.text.strip():
        yield Remark("there is neither HTML nor text", "write one of them")


@rule(Level.ERROR, Phase.CONTENT, order=12)
def subject_empty(facts: Facts) -> Iterator[Remark]:
    """The mailing has a subject."""
    if not facts.subject.strip():
        yield Remark("the subject is empty", "write one")


@rule(Level.INFO, Phase.CONTENT)
def subject_long(facts: Facts) -> Iterator[Remark]:
    """The subject can be read on a small screen."""
    length = len(without_expressions(facts.subject).strip())
    if length > facts.limits.subject:
        beside = " beside its variables" if is_template(facts.subject) else ""
        yield Remark(
            f"the subject has {length} characters{beside}; phones show {facts.limits.subject} at most",
            "say first what matters, or say less",
            {"length": length},
        )


@rule(Level.WARNING, Phase.CONTENT)
def subject_reply(facts: Facts) -> Iterator[Remark]:
    """The subject does not pretend to be an answer."""
    if found := _REPLY.match(facts.subject):
        yield Remark(
            f"the subject begins with {found[0].strip()!r}, though nobody wrote before",
            "leave that out; filters know it",
        )


@rule(Level.WARNING, Phase.CONTENT)
def subject_characters(facts: Facts) -> Iterator[Remark]:
    """The subject has only characters that every mail program shows."""
    if bad := troublesome(facts.subject):
        yield Remark(f"there is {bad} in the subject", "type the subject anew")


@rule(Level.INFO, Phase.CONTENT)
def preheader_missing(facts: Facts) -> Iterator[Remark]:
    """There is a preheader."""
    if facts.html.strip() and not facts.preheader.strip():
        yield Remark(
            "there is no preheader, so mail programs show the first words of the page behind the subject",
            "write a line that goes on where the subject ends",
        )


@rule(Level.WARNING, Phase.CONTENT)
def text_missing(facts: Facts) -> Iterator[Remark]:
    """Who reads no HTML has something to read."""
    if facts.html.strip() and not facts.text.strip():
        yield Remark("there is no text beside the HTML", "write it, or have it made from the HTML")


@rule(Level.WARNING, Phase.CONTENT)
def html_unsupported(facts: Facts) -> Iterator[Remark]:
    """The HTML has nothing that mail programs leave out."""
    found = page.read(facts.html)
    names = sorted(found.tags & _UNSUPPORTED) + (["meta refresh"] if found.refresh else [])
    if names:
        yield Remark(
            f"mail programs do not show {listed(names, 8)}, and filters mistrust it",
            "take it out, and link to a page that has it",
            {"elements": names},
        )


@rule(Level.INFO, Phase.CONTENT)
def image_alt(facts: Facts) -> Iterator[Remark]:
    """Every image says what it shows to who does not see it."""
    images = [image.source for image in page.read(facts.html).images if image.alt is None]
    if images:
        yield Remark(
            f"{counted(len(images), 'image has', 'images have')} no alt text: {listed(images)}",
            'write alt="..." in each; alt="" for one that says nothing',
            {"images": images},
        )


@rule(Level.ERROR, Phase.CONTENT)
def picture_missing(facts: Facts) -> Iterator[Remark]:
    """Every picture of Media that is shown is there, at the address that readers ask for."""
    if gone := list(facts.missing_pictures):
        yield Remark(
            f"{counted(len(gone), 'picture is', 'pictures are')} not there: {listed(gone)}",
            "upload it in Media, and copy its address from there",
            {"pictures": gone},
        )


@rule(Level.WARNING, Phase.CONTENT)
def file_refused(facts: Facts) -> Iterator[Remark]:
    """No attachment is of a kind that receivers refuse."""
    if names := [file.name for file in facts.files if _REFUSED_FILES.fullmatch(file.name)]:
        yield Remark(f"many receivers refuse mail with {listed(names)}", "link to it in its place", {"files": names})


RULES = (
    content_fault,
    content_missing,
    subject_empty,
    subject_long,
    subject_reply,
    subject_characters,
    preheader_missing,
    text_missing,
    html_unsupported,
    image_alt,
    picture_missing,
    file_refused,
)
