"""Messages that stretch canonicalisation: folds, runs of blanks, 8-bit, dots, missing parts."""

from __future__ import annotations

import random

from hypothesis import strategies as st

NAMES = (
    b"Subject", b"subject", b"SUBJECT", b"To", b"Cc", b"Date", b"Reply-To", b"Message-ID", b"MIME-Version", b"X-Odd",
    b"Content-Type", b"Content-Transfer-Encoding", b"List-Unsubscribe", b"Received", b"List-Unsubscribe-Post",
    b"Sender", b"References",
)  # fmt: skip
VALUES = (
    b"", b" ", b" a", b"a", b"\ta\t b ", b" a\r\n b", b"\r\n\ta", b" a  \r\n\t  b\r\n  c ", b" \xc3\xa9t\xc3\xa9 \xff",
    b" " + b"long " * 190, b" a:b;c=d", b" <x@example.com>,\r\n\t<y@example.com>", b" =?utf-8?q?a_b?=", b" a \t \r\n c",
)  # fmt: skip
LINES = (
    b"", b"", b" ", b"\t", b" \t ", b"a", b"a ", b"a\t", b"a  b", b"  a", b"\ta", b".", b"..", b".a", b"-- ",
    b"From here", b"\xc3\xa9t\xc3\xa9", b"\xff\xfe", b"x" * 998, b"word " * 180, b"  <td>  x </td>\t",
    b"=3D=", b"a\x0bc",
)  # fmt: skip
FROM = b"From: Some One <one@example.com>\r\n"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message from example.com."""
    fields = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=12))
    lines = draw(st.lists(st.sampled_from((*LINES, b"a\0b")), max_size=12))
    return assemble(fields, draw(st.integers(0, len(fields))), lines, draw(st.sampled_from(("", "body", "blank"))))


def seeded(number: int) -> bytes:
    """The same message for the same number. Without NUL, which opendkim cannot read from a file."""
    chance = random.Random(number)
    fields = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(12))]
    lines = [chance.choice(LINES) for _ in range(chance.randrange(12))]
    return assemble(fields, chance.randint(0, len(fields)), lines, chance.choice(("", "body", "blank")))


def assemble(fields: list[tuple[bytes, bytes]], place: int, lines: list[bytes], form: str) -> bytes:
    """Header section with From at `place`; `form` "" has no empty line, "blank" only empty lines after it."""
    written = [b"%b:%b\r\n" % field for field in fields]
    section = b"".join([*written[:place], FROM, *written[place:]])
    if not form:
        return section
    return section + b"\r\n" + b"".join(line + b"\r\n" for line in (lines if form == "body" else [b""] * len(lines)))
