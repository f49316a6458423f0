"""Mail merge against the slow, obvious way, over templates and values of every kind."""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from collections.abc import Mapping
from email.header import decode_header, make_header
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from postduif import header
from postduif.errors import MergeError, TemplateError
from postduif.mta.canonical import relaxed_body
from postduif.mta.merge.content import Attachment, Content, Header, Mailbox
from postduif.mta.merge.message import compile_content
from tests.mta.merge import reference

NAMES = ["customer.name", "customer.email", "city", "age", "vip", "tags[]", "orders[]", "orders[].title", "orders[].n"]
CONTENT = ["MIME-Version", "Content-Type", "Content-Transfer-Encoding"]
ALWAYS = ["MIME-Version"]
GIVEN = {"date": "Thu, 12 Mar 2026 09:30:00 +0000", "message_id": "<1.a@mta.example.com>"}

ODD_VALUES = [
    *("", " ", ".", "..", "=", "=20", "=\r\n", "a  b ", "é" * 300, "x" * 5000, "From me"),
    *("\0", "\x1b[31m", "\u2028", "\x85", "<script>", "&amp;", "\"'", "=?utf-8?Q?x?=", "{{ x }}", "--=_mixed_"),
    *("\r\n.\r\n", "a\r\nBcc: x@y.example", "\r\n\r\n<html>"),
]  # fmt: skip
ODD_TEXT = [
    *(
        "\n",
        "\n\n",
        " \n",
        ".\n",
        "\n.",
        "\nFrom x",
        "  ",
        "x" * 100,
        "=",
        "é" * 80,
        "{% raw %}{{ [[x]] }}{% endraw %}",
    ),
]
EXPRESSIONS = [
    *("{{ customer.name }}", "[[customer.name]]", "[[ city ]]", "{{ age }}", "{{ vip }}",),
    *("{{- city -}}", "{{ tags|length }}", "{{ city|urlencode }}", "{{ city|replace('a', '==') }}"),
    *("{{ city|upper }}", "{{ city|default('x') }}", "{{ tags|join(', ') }}", "{{ city|truncate(10) }}"),
    *("{{ 'yes' if vip else city }}", "{{ city ~ '-' ~ age }}", "{{ customer.name or city }}"),
    '{{ "a\\n\'b" }}',
]  # fmt: skip
BRANCHES = "{{% if {} %}}{}{{% elif {} %}}{}{{% else %}}{}{{% endif %}}".format
TAGS = "{{% for t in tags %}}{}{{{{ t }}}}{{{{ loop.index }}}}{{% endfor %}}".format
ORDERS = (
    "{{% for o in orders if o.n > 0 %}}{{{{ o.title }}}}{}{{% if loop.last %}}.{{% endif %}}"
    "{{% else %}}{}{{% endfor %}}"
).format

texts = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.sampled_from(ODD_VALUES))
values = st.fixed_dictionaries(
    {},
    optional={
        "customer.name": texts,
        "city": texts,
        "age": st.one_of(st.none(), st.integers(-5, 120)),
        "vip": st.booleans(),
        "tags": st.lists(texts, max_size=4),
        "orders": st.lists(st.fixed_dictionaries({"title": texts, "n": st.integers(0, 3)}), max_size=4),
    },
)
fixed = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="{}[]#%"), max_size=30)
asked = st.sampled_from(["vip", "city == 'x'", "not tags", "city and vip", "'a' in city", "'x' not in tags", "orders"])
pieces = st.recursive(
    st.one_of(fixed, st.sampled_from(ODD_TEXT), st.sampled_from(EXPRESSIONS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds(BRANCHES, asked, inner, asked, inner, inner),
        st.builds(TAGS, inner),
        st.builds(ORDERS, inner, inner),
    ),
    max_leaves=8,
)
bodies = st.one_of(
    pieces, st.builds("{}{{{{ {}|lines }}}}{}".format, pieces, st.sampled_from(["city", "city|upper"]), pieces)
)


def decoded(octets: bytes) -> dict[str, str]:
    """The fields as a reader sees them."""
    read = {name: value.replace("\r\n", "") for name, value in email.message_from_bytes(octets).items()}
    for name in ("From", "To"):
        shown, address = email.utils.parseaddr(read[name])
        read[name] = f"{shown} <{address}>".strip()
    return {name: str(make_header(decode_header(value))) for name, value in read.items()}


def part_of(part: Any) -> tuple[object, ...]:
    """What a reader sees of one part."""
    content = None if part.is_multipart() else part.get_content()
    if isinstance(content, str):
        content = content.replace("\r\n", "\n")
    return part.get_content_type(), content, part.get_filename(), part["Content-ID"], part.get_content_disposition()


def check_octets(octets: bytes, names: list[bytes]) -> None:
    """The message is legal to the octet, and has these fields and no others."""
    section, body = header.split(octets)
    assert octets.isascii()
    assert re.sub(rb"\r\n", b"", octets).translate(None, bytes(range(0x20, 0x7F))) == b""
    assert [field.name for field in header.fields(section)] == names
    assert sum(len(field.raw) for field in header.fields(section)) == len(section)
    assert all(len(line) <= 78 or len(line.split()) <= 2 for line in section.split(b"\r\n"))
    assert all(len(line) <= 998 for line in section.split(b"\r\n"))
    assert all(len(line) <= 78 for line in body.split(b"\r\n"))
    assert b"\r\n." not in octets
    assert relaxed_body(body) == body or body.endswith(b"\r\n\r\n")


mailings = st.fixed_dictionaries(
    {
        "subject": pieces.map(lambda source: f"{source}!"),
        "name": pieces,
        "text": st.one_of(st.just(""), bodies).map(lambda source: source if source.strip() else ""),
        "html": bodies.map(lambda source: f"<p>{source}"),
        "files": st.booleans(),
    }
)
FILES = (Attachment("a b.pdf", "application/pdf", bytes(range(256))), Attachment("é.png", "image/png", b"", "logo@x"))


@given(mailings, values)
def test_same_as_the_email_package(mailing: Mapping[str, Any], given_values: Mapping[str, object]) -> None:
    """A reader of our message and of the email package's sees the same fields, parts, texts and files."""
    content = Content(
        sender=Mailbox("news@example.com", "Nieuws é"),
        to=Mailbox("{{ customer.email }}", mailing["name"]),
        subject=mailing["subject"],
        text=mailing["text"],
        html=mailing["html"],
        headers=(Header("X-Free", mailing["name"]),),
        attachments=FILES if mailing["files"] else (),
    )
    row = {**GIVEN, **given_values, "customer.email": "Jo@Example.com"}
    octets = compile_content(content, NAMES).render(row)
    names = [*NAMES, *GIVEN]
    fields, wanted = reference.fields(content, names, row), reference.message(content, names, row)
    read = email.message_from_bytes(octets, policy=email.policy.default)
    wanted_names = [*fields, *(name for name in CONTENT if name in wanted or name in ALWAYS)]
    check_octets(octets, [name.lower().encode() for name in wanted_names])
    assert decoded(octets) | fields == decoded(octets)
    assert [part_of(part) for part in read.walk()] == [part_of(part) for part in wanted.walk()]


TOKENS = [
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "[[",
    "]]",
    " if ",
    " endif ",
    " for ",
    " in ",
    " endfor ",
    " else ",
    " raw ",
    "endraw",
]
TOKENS += [
    "city",
    "tags",
    "orders",
    ".title",
    "loop",
    "|",
    "~",
    "(",
    ")",
    "'",
    '"',
    "1",
    "9" * 20,
    "1e999",
    "\\x",
    "\n",
    "-",
    "<body",
    "é",
]
TOKENS += [
    "upper",
    "lines",
    "default('')",
    "first",
    "set",
    "not ",
    "==",
    " is ",
    "[0]",
    ".__class__",
    " filter ",
    " block x ",
    " include ",
]


@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=3)), max_size=30).map("".join), values)
def test_any_text_is_a_template_or_an_error(source: str, given_values: Mapping[str, object]) -> None:
    """Whatever is typed, a mailing compiles or says what is wrong; a message is made, or that recipient is an error."""
    content = Content(
        Mailbox("news@example.com", source), Mailbox("{{ customer.email }}"), source, source, source, source
    )
    try:
        merge = compile_content(content, NAMES)
        octets = merge.render({**GIVEN, **given_values, "customer.email": "jo@example.com"})
    except (TemplateError, MergeError):
        return
    section, _ = header.split(octets)
    assert sum(len(field.raw) for field in header.fields(section)) == len(section)
    assert b"\r\n." not in octets
