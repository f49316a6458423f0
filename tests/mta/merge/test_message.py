"""A mailing compiled, and its messages."""

from __future__ import annotations

import pytest

from postduif import header
from postduif.errors import TemplateError
from postduif.mta.merge.content import Attachment, Header
from tests.mta.merge.mailing import GIVEN, compiled, html, rendered


def test_octets() -> None:
    """An ordinary message, to the octet."""
    values = {"customer.name": "Jo", "city": "Köln"}
    assert rendered(values, text="Dear {{ customer.name }} of {{ city }},\nbye") == (
        b'From: "Pigeon news" <news@example.com>\r\n'
        b'To: "Jo" <jo@example.net>\r\n'
        b"Subject: News\r\n"
        b"Date: Thu, 12 Mar 2026 09:30:00 +0000\r\n"
        b"Message-ID: <1.a@mta.example.com>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n"
        b"\r\n"
        b"Dear =\r\nJo=\r\n of =\r\nK=C3=B6ln=\r\n,\r\nbye\r\n"
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Subject", "written by us"),
        ("bcc", "written by us"),
        ("Content-Type", "written by us"),
        ("DKIM-Signature", "written by us"),
        ("Resent-To", "written by us"),
        ("X-Postduif-Stream", "written by us"),
        ("", "no name of a header field"),
        ("X Y", "no name of a header field"),
        ("X:", "no name of a header field"),
        ("X\r\nBcc", "no name of a header field"),
        ("X\n", "no name of a header field"),
        ("É", "no name of a header field"),
        ("X" * 41, "no name of a header field"),
    ],
)
def test_wrong_header(name: str, problem: str) -> None:
    """Extra fields are extra: none of ours, none twice, none that is no field."""
    with pytest.raises(TemplateError, match=problem):
        compiled(headers=(Header(name, "x"),))


def test_a_header_twice() -> None:
    """No extra field is there twice, in whatever case, raw or not."""
    with pytest.raises(TemplateError, match="twice"):
        compiled(headers=(Header("X-A", "x"), Header("x-a", "y", raw=True)))


def test_extra_headers() -> None:
    """Extra fields stand in the message, raw ones first."""
    octets = rendered(headers=(Header("X-A", "x"), Header("List-Id", "<news.example.com>", raw=True)))
    names = [field.name for field in header.fields(header.split(octets)[0])]
    assert names[4:7] == [b"message-id", b"list-id", b"x-a"]


def test_limits() -> None:
    """A mailing has at most so many extra fields and files, and says something."""
    with pytest.raises(TemplateError, match="more than 100 extra"):
        compiled(headers=tuple(Header(f"X-{number}", "x") for number in range(101)))
    with pytest.raises(TemplateError, match="more than 1000 attachments"):
        compiled(attachments=(Attachment("a", "text/plain", b""),) * 1001)
    with pytest.raises(TemplateError, match="neither HTML nor text"):
        compiled(text=" ", html="\n")


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("<body>x", "<body>[]x"),
        ("<html><BODY class='a>b' id=\"c>\">x", "<html><BODY class='a>b' id=\"c>\">[]x"),
        ("x", "[]x"),
        ("<bodyguard>", "[]<bodyguard>"),
    ],
)
def test_preheader(page: str, wanted: str) -> None:
    """The preheader is hidden text at the top of the page, escaped, its values too."""
    octets = rendered({"city": "<b>"}, text="", html=page, preheader="a < {{ city }}")
    whole = octets.partition(b"\r\n\r\n")[2].replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    start, end = whole.index('<div style="display:none'), whole.index("</div>") + len("</div>")
    assert whole[start:end].partition(">")[2] == "a &lt; &lt;b&gt;</div>"
    assert f"{whole[:start]}[]{whole[end:]}" == f"{wanted}\r\n"


def test_wrong_preheader() -> None:
    """What is wrong in the preheader is said of the preheader."""
    for source in ("{{ nme }}", "{{", "{{ city|lines }}"):
        with pytest.raises(TemplateError, match=r"^preheader, line 1: "):
            compiled(html="x", preheader=source)


def test_attachments_do_not_count() -> None:
    """Large files are no reason to end a message."""
    large = Attachment("a.bin", "application/octet-stream", bytes(3_000_000))
    assert len(rendered(attachments=(large,))) > 4_000_000


def test_values_may_be_any_mapping_and_stay_as_they_are() -> None:
    """Rendering changes nothing of the values, loops neither."""
    values = {**GIVEN, "customer.email": "jo@example.net", "tags": ["a"]}
    before = dict(values)
    merge = compiled(text="{% for t in tags %}{{ t }}{% endfor %}")
    assert merge.render(values) == merge.render(values)
    assert values == before


def test_mail_programs_break_lines_at_crlf() -> None:
    """Blank lines of a template stay blank lines."""
    assert html("a\n\nb\r\nc") == "a\n\nb\nc"
