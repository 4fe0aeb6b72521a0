"""Finds, in a table that somebody made, the column of logins or mail addresses, and any column with passwords."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXAMPLES_HEADER = "login or e-mail"  # what our own template says
_SHOWN = 80  # characters of a header
_NAMED = 20  # headers that are named
_MOST = 0.5  # "most values"
_DISTINCT = 0.9  # of logins that no header names: departments and countries repeat
_FEW = 10  # rows, in which a repetition says nothing

_ACCENTS = re.compile("[\u0300-\u036f]")  # of any letter, once it is decomposed
_MAIL = re.compile(r"[^\s@<>,;|\"]{1,128}@[^\s@<>,;|\"]{1,255}")
_ANGLED = re.compile(r"[^<>]*<\s*(?:mailto:)?([^\s@<>,;|\"]{1,128}@[^\s@<>,;|\"]{1,255})\s*>\s*")
_LOGIN = re.compile(r"(?:[\w.-]{1,64}\\)?[\w.+$-]{1,64}")
_WORD = re.compile(r"[A-Z](?=[a-z])[^\W\d_]*")  # "Anna", "Sales"; `_plain` has taken the accents


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Headers by rank, as `_plain` writes them: lower case, without accents, blanks and signs.
_RANKS: tuple[frozenset[str], ...] = (
    frozenset({"loginoremail"}),
    _words(
        "login logins loginname loginid logon logonname userlogin userlogonname samaccountname sam userprincipalname "
        "upn uid principal principalname anmeldename anmeldung benutzerkennung kennung loginkennung identifiant "
        "identifiantdeconnexion nomdeconnexion iniciodesesion nombredeiniciodesesion"
    ),
    _words(
        "mail mails email emails emailaddress emailaddresses mailaddress primaryemail primaryemailaddress workemail "
        "workmail useremail companyemail businessemail emailwork primarysmtpaddress emailadresse emailadressen "
        "mailadresse dienstlicheemail geschaftlicheemail adressemail adresseemail adressedemessagerie "
        "adresseelectronique courriel adressecourriel adressedecourriel mel correo correos correoelectronico "
        "direcciondecorreo direccioncorreo direcciondecorreoelectronico direcciondeemail emailcorporativo "
        "electronicmail electronicmailaddress indirizzoemail posta postaelettronica"
    ),
    _words(
        "user users username userid usr account accounts accountname accountid benutzer benutzername benutzerid nutzer "
        "nutzername konto kontoname utilisateur nomdutilisateur nomutilisateur compte nomdecompte usuario usuarios "
        "nombredeusuario nombreusuario idusuario idutilisateur cuenta nomedeusuario utente nomeutente gebruiker "
        "gebruikersnaam"
    ),
)
# Headers that name something else: they show that the first row is a header.
_OTHERS = _words(
    "name names fullname displayname firstname lastname givenname surname sn cn department dept team company title "
    "jobtitle phone mobile manager office location country city status role group ou id employeeid employeenumber "
    "vorname nachname familienname anzeigename abteilung firma telefon standort personalnummer nom prenom service "
    "departement societe telephone nombre apellido apellidos departamento empresa telefono comment notes"
)
_SECRETS = re.compile(
    r"passwor[dt]|passwd|passphrase|passcode|kennwort|losungswort|motsdepasse|motdepasse|contrasena|senha|wachtwoord|"
    r"hasło|heslo|losenord|adgangskode|passord|salasana|jelszo|sifre|parola|parole|пароль|パスワード|密码|密碼|암호|비밀번호"
)
_SECRET_WORDS = _words(
    "pass pw pwd psw pswd userpw mdp clave claves secret secrets cred creds credential credentials pin pins pincode"
)
# Of these headers the values are dates, numbers, yes or no: "Password last set", "pwdLastSet", "Kennwort läuft ab".
_ABOUT = re.compile(
    r"last|letzt|dernier|ultim|expir|ablauf|lauftab|caduc|never|nie|jamais|nunca|age|alter|count|date|datum|fecha|"
    r"chang|ander|modif|camb|polic|richtlini|status|state|estado|etat|notrequired|reset|set|locked"
)
# A sign that no login has, a letter and a digit; no blank, and nothing of an address of any kind.
_SECRET = re.compile(r"(?=.*[^\W\d_])(?=.*\d)(?=.*[!#%&*?^~§€£\[\]()'\"`°])[^\s@/]{6,64}")
_MASKED = re.compile(r"[*•●·xX.\s-]*")
_HARMLESS = re.compile(
    r"[\d\s.,:/+TZtzampAMP-]*|true|false|yes|no|y|n|ja|nein|oui|non|si|sí|wahr|falsch|vrai|faux|verdadero|falso|never|"
    r"nie|jamais|nunca|none|disablepasswordexpiration|disablestrongpassword|enabled|disabled|active|expired|valid",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """The column that names people."""

    index: int
    name: str  # its header, or "column 2"
    ignored: tuple[str, ...]  # the other columns, at most 20


@dataclass(frozen=True, slots=True)
class Guard:
    """A column whose header speaks of passwords. It stands as long as no password is in it."""

    index: int
    name: str
    about: bool  # its header says "last changed" or the like

    def check(self, row: Sequence[str]) -> None:
        """Raise Refused (PASSWORD_COLUMN) if this row holds what may be a password."""
        cell = row[self.index].strip() if self.index < len(row) else ""
        if cell and not _MASKED.fullmatch(cell) and not (self.about and _HARMLESS.fullmatch(cell)):
            raise Refused(Reason.PASSWORD_COLUMN, column=self.name)


def is_mail(text: str) -> bool:
    """Say whether a text is one mail address, by its looks."""
    return _MAIL.fullmatch(text) is not None


def is_login(text: str) -> bool:
    r"""Say whether a text looks like a login and not like a word: "abell" and "corp\a12", but not "Anna" or "12"."""
    if not _LOGIN.fullmatch(text) or not any(map(str.isalpha, text)):
        return False
    return _WORD.fullmatch("".join(c for c in unicodedata.normalize("NFKD", text) if c.isalnum() or c in "._")) is None


def angled(text: str) -> str | None:
    """Return the address of `Anna Example <anna@example.com>`, and None for anything else."""
    match = _ANGLED.fullmatch(text)
    return match[1] if match else None


def known(cells: Sequence[str]) -> int:
    """Return how many cells are mail addresses or headers that we know: the right delimiter gives most."""
    return sum(1 for c in cells if is_mail(c.strip()) or angled(c) or _rank(c) is not None or _speaks_of_secrets(c))


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first of these rows (1 and more, none of them blank) is a header."""
    first, rest = rows[0], rows[1:]
    if any(is_mail(c.strip()) or angled(c) for c in first):
        return False
    if any(_rank(c) is not None or _plain(c) in _OTHERS or _speaks_of_secrets(c) for c in first):
        return True
    return bool(rest) and _by(lambda c: is_mail(c) or angled(c) is not None, rest) is not None


def names_people(header: Sequence[str]) -> bool:
    """Say whether a row is a header that names logins, addresses or passwords."""
    return any(_rank(cell) is not None or _speaks_of_secrets(cell) for cell in header)


def is_table(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether rows of a pasted text are a table, and not lists: a header, or one column of addresses."""
    width = len(rows[0]) if len(rows) > 1 else 0
    if width < 2 or any(len(row) != width for row in rows):  # noqa: PLR2004  # one column is a list
        return False
    mails = sum(1 for index in range(width) if _share(is_mail, rows, index) > _MOST)
    return names_people(rows[0]) or mails == 1


def guards(header: Sequence[str]) -> tuple[Guard, ...]:
    """Return the columns to watch for passwords."""
    return tuple(
        Guard(index, shown(cell), _ABOUT.search(_plain(cell)) is not None)
        for index, cell in enumerate(header)
        if _speaks_of_secrets(cell)
    )


def unnamed_secrets(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> int | None:
    """Return a column without a header most of whose values look like passwords, and None where there is none.

    Only those are told that have a sign in them: "Summer2024" may be a login as well.
    """
    named = {index for index, cell in enumerate(header or ()) if cell.strip()}
    return _by(lambda cell: _SECRET.fullmatch(cell) is not None, rows, named)


def choose(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> Column:
    """Return the column of logins or mail addresses: by its header, where its values do not contradict, or by them.

    Raises:
        Refused: NO_COLUMN.
    """
    index = _index(header, rows)
    if index is None:
        raise Refused(Reason.NO_COLUMN)
    width = max(map(len, [header or (), *rows[:_NAMED]]))
    ignored = [name for i in range(width) if i != index and (name := _titled(header, i))]
    return Column(index, _titled(header, index) or f"column {index + 1}", tuple(ignored[:_NAMED]))


def shown(header: str) -> str:
    """Return a header as it may be shown: one visible line of at most 80 characters."""
    return "".join(c for c in " ".join(header.split()) if c.isprintable())[:_SHOWN]


def _titled(header: Sequence[str] | None, index: int) -> str:
    if header is None:
        return f"column {index + 1}"
    return shown(header[index]) if index < len(header) else ""


def _index(header: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> int | None:
    ranked = sorted((rank, i) for i, cell in enumerate(header or ()) if (rank := _rank(cell)) is not None)
    secret = {guard.index for guard in guards(header or ())}
    for _, index in ranked:
        if _share(lambda c: is_mail(c) or angled(c) is not None or bool(_LOGIN.fullmatch(c)), rows, index) > _MOST:
            return index
    mails = _by(lambda c: is_mail(c) or angled(c) is not None, rows, secret)
    if mails is not None:
        return mails
    if ranked:
        return ranked[0][1]
    if all(len(row) == 1 for row in rows) and not secret:
        return _by(lambda c: _LOGIN.fullmatch(c) is not None, rows)
    return _by(is_login, rows, secret, distinct=True)


def _by(
    like: Callable[[str], bool], rows: Sequence[Sequence[str]], but: set[int] | None = None, *, distinct: bool = False
) -> int | None:
    """Return the column most of whose values are like that, the leftmost of the best."""
    best, found = _MOST, None
    for index in range(min(max(map(len, rows), default=0), 256)):
        if index in (but or ()):
            continue
        share = _share(like, rows, index)
        if share > best and not (distinct and _repeats(rows, index)):
            best, found = share, index
    return found


def _share(like: Callable[[str], bool], rows: Sequence[Sequence[str]], index: int) -> float:
    """Return the part of all rows (0-1) in which this cell is like that."""
    return sum(1 for row in rows if index < len(row) and like(row[index].strip())) / max(len(rows), 1)


def _repeats(rows: Sequence[Sequence[str]], index: int) -> bool:
    cells = [row[index] for row in rows if index < len(row)]
    return len(cells) > _FEW and len(set(cells)) < _DISTINCT * len(cells)


def _rank(cell: str) -> int | None:
    """Return the rank (0 is best) of a header that names logins or addresses, also "User name [upn] Required"."""
    if not cell or len(cell) > _SHOWN:
        return None
    bare = re.sub(r"[\[(].*?[\])]", " ", cell)
    bare = re.sub(r"\b(required|optional)\s*$", "", bare.strip(), flags=re.IGNORECASE)
    for text in (cell, bare):
        plain = _plain(text)
        for rank, words in enumerate(_RANKS):
            if plain in words:
                return rank
    return None


def _speaks_of_secrets(cell: str) -> bool:
    if not cell or len(cell) > _SHOWN:
        return False
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", _unaccented(cell))
    return bool(_SECRETS.search(_plain(cell))) or any(word.casefold() in _SECRET_WORDS for word in words)


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    if not _ACCENTS.search(decomposed):
        return unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


def _plain(text: str) -> str:
    """Return a header in lower case, without accents, blanks and signs: "E-Mail-Adresse" is "emailadresse"."""
    return "".join(c for c in _unaccented(text[:_SHOWN]).casefold() if c.isalnum())
