"""Whether something is an address, as the library judges it."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from postduif.address import parse
from postduif.bounce.subject import of_address
from postduif.campaign.audience.mail_address import check, mailbox_of
from postduif.errors import AddressError

ODD = st.text(st.sampled_from("aZ0.@-_+'*\\\"!ö\u200b éß "), max_size=20)
LONG = st.builds(lambda length: "a" * length + "@example.com", st.integers(60, 70))


@pytest.mark.parametrize(
    ("text", "email", "subject"),
    [
        (" Bob@Example.COM ", "Bob@Example.COM", "bob@example.com"),
        ("o'neil+tag@example.com", "o'neil+tag@example.com", "o'neil+tag@example.com"),
        ("info@faß.de", "info@faß.de", "info@xn--fa-hia.de"),
        ("a@xn--fa-hia.de", "a@xn--fa-hia.de", "a@xn--fa-hia.de"),
        ("JÖRG@example.com", "JÖRG@example.com", "jörg@example.com"),
    ],
)
def test_good(text: str, email: str, subject: str) -> None:
    """An address keeps its form; its key is lower case, with the domain in ASCII."""
    assert check(text) == (email, subject)


def test_one_mailbox() -> None:
    """A tag leads to the same mailbox everywhere, dots at Gmail alone; what is no tag stays."""
    gmail = ("v.i.ctim+1@gmail.com", "victim+x+y@googlemail.com", "victim@gmail.com")
    assert {mailbox_of(one) for one in gmail} == {"victim@gmail.com"}
    others = ("a.b+c@one.example", "+a@one.example", "ab@one.example")
    assert [mailbox_of(one) for one in others] == ["a.b@one.example", "+a@one.example", "ab@one.example"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "bob", "bob@", "@example.com", "a b@example.com", "a@b@example.com", "a..b@example.com", "a@localhost"),
        *("a@x.test", "a@-x.nl", "a@x_y.nl", "a@1.2.3.4", '"a"@example.com', "a@example.com\nb@example.com"),
        *("a\0@example.com", f"{'a' * 65}@example.com", f"a@{'b' * 64}.nl", f"a@{'b.' * 130}nl"),
    ],
)
def test_bad(text: str) -> None:
    """What is no address is refused, with a reason."""
    with pytest.raises(AddressError, match=r"\w"):
        check(text)


@given(ODD | LONG | st.emails())
def test_short_road(text: str) -> None:
    """The short road for ordinary addresses takes what the library takes, and nothing else; the MTA takes it, too."""
    try:
        expected = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError:
        with pytest.raises(AddressError):
            check(text)
        return
    checked = check(text)
    assert checked.email.casefold() == expected.normalized.casefold() or checked.email == text.strip()
    assert checked.subject == of_address(parse(f"{expected.local_part}@{expected.ascii_domain}"))
