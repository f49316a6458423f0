"""A thousand letters: what they are made of."""

from __future__ import annotations

import email
import email.policy
from collections import Counter

from postduif.demo import fates, letters
from postduif.demo.fates import Fate

THOUSAND = list(letters.write(1000, "run"))


def test_each_is_different() -> None:
    """Every letter has its own Message-ID, in the header and beside it."""
    assert len({letter.message_id for letter in THOUSAND}) == 1000
    for letter in THOUSAND:
        assert f"\r\nMessage-ID: {letter.message_id}\r\n".encode() in letter.content


def test_the_same_each_time() -> None:
    """The same number of letters goes to the same people each time."""
    again = letters.write(1000, "again")
    assert [letter.recipients for letter in again] == [letter.recipients for letter in THOUSAND]


def test_lines_end_in_crlf() -> None:
    """No letter has a bare CR or LF, which the daemon would refuse."""
    for letter in THOUSAND:
        assert letter.content.endswith(b"\r\n")
        assert b"\n" not in letter.content.replace(b"\r\n", b"")
        assert b"\r" not in letter.content.replace(b"\r\n", b"")


def test_every_kind_of_mail_is_there() -> None:
    """Plain and HTML, attachments, other scripts, UTF-8 headers, dots, long lines, no body, several recipients."""
    contents = [letter.content for letter in THOUSAND]
    types = Counter(email.message_from_bytes(content).get_content_type() for content in contents)
    assert min(types[name] for name in ("text/plain", "multipart/alternative", "multipart/mixed")) > 50
    assert any(b"\r\n.\r\n" in content for content in contents)
    assert any(len(line) > 998 for content in contents for line in content.split(b"\r\n"))
    assert any(content.endswith(b"\r\n\r\n") and content.count(b"\r\n\r\n") == 1 for content in contents)
    assert any(b"=?utf-8?" in content for content in contents)
    assert any(not content.split(b"\r\n\r\n")[0].isascii() for content in contents)
    assert any(not content.split(b"\r\n\r\n", 1)[1].isascii() for content in contents)
    assert sum(len(letter.recipients) > 1 for letter in THOUSAND) > 100


def test_what_needs_smtputf8_says_so() -> None:
    """UTF-8 in the header section or in an address is in letters that ask for SMTPUTF8, and in no others."""
    for letter in THOUSAND:
        ascii_only = letter.content.split(b"\r\n\r\n", 1)[0].isascii() and "".join(letter.recipients).isascii()
        assert letter.smtputf8 is not ascii_only


def test_every_fate_is_met() -> None:
    """Some recipients are greylisted, busy or unknown; a letter that is refused after the dot has one recipient."""
    met = Counter(fates.of(recipient) for letter in THOUSAND for recipient in letter.recipients)
    assert all(met[fate] >= 10 for fate in Fate)
    for letter in THOUSAND:
        if any(fates.of(recipient) is Fate.SPAM for recipient in letter.recipients):
            assert len(letter.recipients) == 1


def test_some_are_refused_beside_others() -> None:
    """There are letters of which one recipient is refused and another is not."""
    assert any(0 < len(letter.refused) < len(letter.recipients) for letter in THOUSAND)
