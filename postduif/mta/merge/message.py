"""A mailing compiled, and a message made of it for each recipient. docs/templates.md.

`compile_content` costs milliseconds, once; `Merge.render` some tens of microseconds a message. The message is whole:
header section and body, CRLF, lines within 998 octets, in ASCII unless the recipient's own address is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from postduif.errors import AddressError, MergeError, TemplateError
from postduif.mta.merge import fields, mime
from postduif.mta.merge.budget import Budget
from postduif.mta.merge.content import Content, Header, Mailbox
from postduif.mta.merge.encoding import HEADER, HTML, TEXT, Encoding
from postduif.mta.merge.names import GIVEN, Names
from postduif.mta.merge.raw_fields import RawFields
from postduif.mta.merge.steps import Compiler, Fixed, Step
from postduif.mta.merge.template import escaped
from postduif.mta.merge.value import Scope, blank

MAX_HEADERS = 100
MAX_FILES = 1000
MAX_ATTACHED = 50_000_000  # octets of attachments together, as they are on disk

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_OURS = re.compile(
    r"from|to|cc|bcc|subject|date|message-id|reply-to|sender|mime-version|content-.*|received|return-path|resent-.*"
    r"|dkim-signature|domainkey-signature|arc-.*|authentication-results|x-postduif-.*",
    re.IGNORECASE,
)
_ALWAYS = (Header("Date", "{{ date }}", raw=True), Header("Message-ID", "{{ message_id }}", raw=True))
_BODY = re.compile(r"<body(?=[\s>])", re.IGNORECASE)
_END_OF_TAG = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_HIDDEN = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">'
    "{}</div>"
)


class Merge:
    """A compiled mailing. May be used by several threads at once."""

    def __init__(self, steps: list[Step], used: Collection[str], shown: Collection[str]) -> None:
        self.names = frozenset(used)
        """Every variable that is used: what a recipient's values have to hold."""
        self._steps = steps
        self._shown = [(name, name.removesuffix("[]")) for name in sorted(shown) if name not in GIVEN]

    def render(self, values: Mapping[str, object]) -> bytes:
        """The message for one recipient. Values are by dotted name; those of `names.GIVEN` are always needed.

        Raises MergeError when the values make no message: nothing to write to, a list where text belongs, too large,
        half a character (a lone surrogate).
        """
        out: list[bytes] = []
        budget = Budget()
        try:
            for step in self._steps:
                step(values, out, budget)
        except UnicodeEncodeError as error:
            raise MergeError(f"half a character (U+{ord(error.object[error.start]):04X}) in a value") from None
        return b"".join(out)

    def empty(self, values: Scope) -> list[str]:
        """Variables that leave a hole in this recipient's message: shown without a default, and blank."""
        return [name for name, key in self._shown if blank(values.get(key))]


def compile_content(content: Content, names: Collection[str]) -> Merge:
    """Compile a mailing for recipients who have these variables (`names.Names` says how they are written).

    Raises TemplateError, with the place, for what is wrong or unknown.
    """
    return _Compilation(content, Names(names)).merge()


class _Compilation:
    """One mailing being compiled; gathers what its templates use."""

    def __init__(self, content: Content, names: Names) -> None:
        self._content = content
        self._names = names
        self._used: set[str] = set()
        self._shown: set[str] = set()

    def merge(self) -> Merge:
        part = self._body()
        steps: list[Step] = [*self._header(), Fixed(b"MIME-Version: 1.0\r\n" + part.fields + b"\r\n"), *part.body]
        return Merge(mime.joined(steps), self._used, self._shown)

    def _header(self) -> Iterator[Step]:
        content = self._content
        _check(content.headers)
        personal = self._mailbox("personal_sender", content.personal_sender) if content.personal_sender else None
        yield fields.from_step(self._mailbox("sender", content.sender), personal)
        yield fields.to_step(self._mailbox("to", content.to))
        yield fields.free_step("Subject", self._line("subject", content.subject), optional=False)
        if content.reply_to:
            yield fields.reply_to_step(self._mailbox("reply_to", content.reply_to))
        raw = RawFields([*_ALWAYS, *(header for header in content.headers if header.raw)], self._names)
        self._used |= set(raw.used)
        yield raw
        for header in content.headers:
            if not header.raw:
                yield fields.free_step(header.name, self._line(header.name, header.text), optional=True)

    def _body(self) -> mime.Part:
        content = self._content
        if not content.html.strip() and not content.text.strip():
            raise TemplateError("there is neither HTML nor text; write one of them")
        if len(content.attachments) > MAX_FILES or sum(len(one.content) for one in content.attachments) > MAX_ATTACHED:
            raise TemplateError(f"more than {MAX_FILES} attachments, or {MAX_ATTACHED:,} octets; link to what is large")
        images = [file for file in content.attachments if file.content_id]
        if len({file.content_id for file in images}) < len(images):
            raise TemplateError("two images have the same Content-ID; write another for one")
        alternatives = []
        if content.text.strip():
            alternatives.append(mime.text_part("plain", self._compile("text", TEXT, content.text, "\n")))
        if content.html.strip():
            page = mime.text_part("html", self._compile("html", HTML, self._html(), "\n"))
            shown = [page, *map(mime.file_part, images)]
            alternatives.append(mime.multipart("related", shown, self._salt(), ';\r\n type="text/html"'))
            images = []
        parts = [mime.multipart("alternative", alternatives, self._salt())]
        files = [file for file in content.attachments if not file.content_id]
        return mime.multipart("mixed", [*parts, *map(mime.file_part, [*images, *files])], self._salt())

    def _html(self) -> str:
        """The HTML with the preheader in it."""
        html, preheader = self._content.html, self._content.preheader.strip()
        if not preheader:
            return html
        self._line("preheader", preheader)  # so that errors name it
        hidden = _HIDDEN.format(escaped(preheader, "preheader"))
        body = _BODY.search(html)
        tag = _END_OF_TAG.match(html, body.end()) if body else None
        start = tag.end() if tag else 0
        return html[:start] + hidden + html[start:]

    def _salt(self) -> str:
        return f"{self._content.subject}\0{self._content.html}\0{self._content.text}"

    def _mailbox(self, place: str, mailbox: Mailbox) -> fields.MailboxLines:
        compiler = Compiler(place, self._names, HEADER)
        try:
            lines = fields.MailboxLines(compiler, mailbox)
        except AddressError as error:
            raise TemplateError(f"{place}: {mailbox.address!r} is no address: {error}") from None
        self._used |= compiler.used
        if place in ("to", "sender"):  # the others have these to fall back on
            self._shown |= compiler.shown
        return lines

    def _line(self, place: str, source: str) -> fields.Line:
        compiler = Compiler(place, self._names, HEADER)
        line = fields.Line(compiler, source)
        self._note(compiler)
        return line

    def _compile(self, place: str, encoding: Encoding, source: str, end: str) -> list[Step]:
        compiler = Compiler(place, self._names, encoding)
        steps = compiler.compile(source, end=end)
        self._note(compiler)
        return steps

    def _note(self, compiler: Compiler) -> None:
        self._used |= compiler.used
        self._shown |= compiler.shown


def _check(headers: Sequence[Header]) -> None:
    """Raises TemplateError for fields that may not be, or not twice."""
    if len(headers) > MAX_HEADERS:
        raise TemplateError(f"more than {MAX_HEADERS} extra header fields")
    seen: set[str] = set()
    for header in headers:
        if not _HEADER_NAME.fullmatch(header.name):
            raise TemplateError(f"{header.name!r} is no name of a header field; write letters, digits and hyphens")
        if _OURS.fullmatch(header.name):
            raise TemplateError(f"{header.name} is written by us; it cannot be an extra header field")
        if header.name.lower() in seen:
            raise TemplateError(f"{header.name} stands there twice; a mailing has each extra field once")
        seen.add(header.name.lower())
