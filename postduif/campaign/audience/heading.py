"""What each column of a file is: by its heading, in several languages, or as somebody says.

E-mail, name, first name, last name and language are known by many words; everything else by the name or label of an
attribute that is declared. A column that is nothing known is left out, unless new attributes are wanted: then its kind
is what all the values in the sample are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif.campaign.audience.attributes import MAX_NAME, RESERVED, Attribute, Kind, name_of
from postduif.campaign.audience.mail_address import check
from postduif.campaign.audience.values import Conventions, ValueFault, read
from postduif.errors import AddressError, PostduifError

EMAIL, NAME, LANGUAGE = "email", "name", "language"
FIRST_NAME, LAST_NAME = "first_name", "last_name"
OWN_EMAIL = "own_email"
"""The address of a child record itself, when it is not its person's."""
GIVEN, FAMILY = "given name", "family name"
"""First and last name of a file where no attribute has them: the two parts of the name, and nothing else."""

_WORDS = {
    EMAIL: "email e_mail mail emailadres e_mailadres mailadres email_address e_mail_address emailaddress mail_address "
    "mailadresse e_mail_adresse email_adresse adresse_e_mail adresse_email adresse_mail courriel correo "
    "correo_electrónico correo_electronico email_correo indirizzo_email posta_elettronica e_mail_indirizzo "
    "endereço_de_email endereco_de_email e_postadress e_post epost sähköposti adres_email adres_e_mail メールアドレス "
    "メール eメール 邮箱 电子邮件 recipient",
    NAME: "name naam volledige_naam full_name fullname display_name contact_name contactnaam nom_complet "
    "vollständiger_name nombre_completo nome_completo imię_i_nazwisko namn navn nimi 氏名 名前 姓名",
    FIRST_NAME: "first_name firstname given_name voornaam vorname prénom prenom nombre nome imię förnamn fornavn "
    "etunimi 名 forename roepnaam",
    LAST_NAME: "last_name lastname surname family_name achternaam familienaam nachname nom nom_de_famille apellido "
    "apellidos cognome sobrenome apelido nazwisko efternamn etternavn sukunimi 姓",
    LANGUAGE: "language taal sprache langue idioma lingua język språk lang locale 言語 语言",
}
_KNOWN = {word: what for what, words in _WORDS.items() for word in words.split()}
_TRIED = (Kind.NUMBER, Kind.DATE, Kind.BOOLEAN)
_NO_NUMBER = re.compile(r"[+-]?0\d|\+")


class Column(NamedTuple):
    """One column of a file."""

    heading: str
    to: str
    """email, own_email, name, language, GIVEN, FAMILY or the name of an attribute; "" leaves it out."""
    kind: Kind
    new: bool
    """The attribute has to be declared."""


class HeadingFault(PostduifError):  # noqa: N818  the name says what is the case
    """The columns cannot be taken so; the text names the remedy."""


class Wish(NamedTuple):
    """What somebody says a column is."""

    to: str
    kind: Kind | None


def is_heading(cells: Sequence[str]) -> bool:
    """The first line names the columns: no cell of it is an address."""
    return not any(_is_address(cell) for cell in cells)


def columns(
    heading: Sequence[str],
    sample: Sequence[Sequence[str]],
    known: Mapping[str, Attribute],
    wishes: Mapping[str, Wish],
    conventions: Conventions,
    *,
    new: bool,
) -> list[Column]:
    """What each column is. `wishes`: by heading or number from 1. `new`: declare what is not known.

    Raises HeadingFault.
    """
    labels = {name_of(one.label): one.name for one in known.values()}
    said = _said(heading, wishes)
    taken = {wish.to for wish in said if wish}  # what somebody says goes before what a heading seems to say
    found: list[Column] = []
    for place, (title, wish) in enumerate(zip(heading, said, strict=True)):
        to = wish.to if wish else _by_title(title, known, labels, new=new)
        if not wish and to in taken:
            to = ""
        taken.add(to)
        values = [row[place] for row in sample if place < len(row)]
        found.append(_column(title, to, wish, known, values, conventions))
    return found


def _said(heading: Sequence[str], wishes: Mapping[str, Wish]) -> list[Wish | None]:
    """The wish for each column."""
    left = {key.strip().casefold(): wish for key, wish in wishes.items()}
    said = [
        left.pop(str(place), None) or left.pop(title.strip().casefold(), None) for place, title in enumerate(heading, 1)
    ]
    if left:
        raise HeadingFault(f"there is no column {next(iter(left))!r}; there are {', '.join(heading)}")
    named = [wish.to for wish in said if wish and wish.to]
    if several := [to for to in named if named.count(to) > 1]:
        raise HeadingFault(f"two columns are said to be {several[0]}; say which is")
    return said


def unheaded(cells: Sequence[str]) -> list[str]:
    """Headings for a file without: the first address is the e-mail, everything else has a number."""
    place = next(number for number, cell in enumerate(cells) if _is_address(cell))
    return [EMAIL if number == place else f"column {number + 1}" for number in range(len(cells))]


def _by_title(title: str, known: Mapping[str, Attribute], labels: Mapping[str, str], *, new: bool) -> str:
    name = name_of(title)
    what = _KNOWN.get(name, "")
    if what in (EMAIL, NAME, LANGUAGE):
        return what
    for candidate in (name, labels.get(name, ""), what):
        if candidate in known:
            return candidate
    if not new and what in (FIRST_NAME, LAST_NAME):
        return GIVEN if what == FIRST_NAME else FAMILY
    if not new or not (what or name):
        return ""
    return what or (name if name not in RESERVED else f"x_{name}"[:MAX_NAME])


def _column(
    title: str,
    to: str,
    wish: Wish | None,
    known: Mapping[str, Attribute],
    values: Sequence[str],
    conventions: Conventions,
) -> Column:
    if to in ("", EMAIL, NAME, LANGUAGE, OWN_EMAIL, GIVEN, FAMILY):
        return Column(title, to, Kind.TEXT, new=False)
    if to in known:
        if wish and wish.kind not in (None, known[to].kind):
            raise HeadingFault(f"{to} is a {known[to].kind} already; leave out the kind, or choose another name")
        return Column(title, to, known[to].kind, new=False)
    if to != name_of(to) or to in RESERVED:
        raise HeadingFault(f"{to!r} cannot be a name; write letters, digits and _, as {name_of(to) or 'my_attribute'}")
    return Column(title, to, wish.kind if wish and wish.kind else _kind(values, conventions), new=True)


def _kind(values: Sequence[str], conventions: Conventions) -> Kind:
    """What all values of a sample are; text when there are none, or when they are numbers to nobody."""
    given = [value.strip() for value in values if value.strip()]
    if not given or any(_NO_NUMBER.match(value) for value in given):
        return Kind.TEXT
    for kind in _TRIED:
        if all(_reads(kind, value, conventions) for value in given):
            letters = kind is Kind.BOOLEAN and any(len(value) == 1 for value in given)
            return Kind.TEXT if letters else kind  # a y or an x alone may mean anything
    return Kind.LIST if sum(";" in value or "|" in value for value in given) * 2 > len(given) else Kind.TEXT


def _reads(kind: Kind, value: str, conventions: Conventions) -> bool:
    try:
        read(kind, value, conventions)
    except ValueFault:
        return False
    return True


def _is_address(cell: str) -> bool:
    if "@" not in cell:
        return False
    try:
        check(cell)
    except AddressError:
        return False
    return True
