"""Who lives in the demo's directory: about 200 believable accounts, and every kind that a reset must not take lightly.

Nothing is drawn at random, so that two demos have the same people. Passwords are not here: they are drawn when the
directory is made, and nobody knows them. The special ones come first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from directory.local_people import NewAccount
from practice.people import PEOPLE, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "acme.example"
UNVERIFIED = "acme-labs.example"
DOMAINS = {DOMAIN: True, UNVERIFIED: False, "globex.example": False}
SPECIAL, CROWD = 25, 184  # accounts; of "All staff", 150 can be reset by Morgan, and ten are left out

SENSITIVE = ("carla.monti",)  # logins of a tier above the standard one, by the demo's configuration

# Groups of groups: whoever is in a department is in these too.
NESTED = {
    "Operations": ("Warehouse", "Shipping", "Support"),
    "Headquarters": ("Finance", "Legal", "People", "Sales", "IT", "Management", "Labs"),
    "All staff": ("Operations", "Headquarters"),
}

# fmt: off
GIVEN = (
    "Amara", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Gustav", "Hana", "Ines", "Jonas", "Keiko", "Luca", "Mira",
    "Nils", "Oksana", "Pablo", "Quinn", "Rosa", "Samir", "Tove", "Umar", "Vera", "Wim", "Xenia", "Yusuf", "Zofia",
    "Aisha", "Björn", "Celeste", "Dario", "Esther", "Felix", "Grace", "Hugo", "Irina", "João",
)
FAMILY = (
    "Abbott", "Bianchi", "Castillo", "Dahl", "Eriksen", "Fontaine", "Gruber", "Haddad", "Ivanova", "Jensen",
    "Kowalski", "Larsen", "Moreau", "Novak", "Østergaard", "Petrov", "Quist", "Rossi", "Schmidt", "Tanaka",
    "Underwood", "Varga", "Weber", "Ximénez", "Yılmaz", "Zimmermann", "Ackermann", "Brandão", "Clarke",  # noqa: RUF001
)
# fmt: on
DEPARTMENTS = ("Warehouse", "Sales", "Finance", "Engineering", "Support", "People", "Legal", "Shipping", "Marketing")

EXTRA_SLACK = (
    Person(
        "U0PRIYA0001",
        "priya",
        "Priya Raman",
        "Finance",
        mail=f"priya.raman@{DOMAIN}",
        other_mails=("priya@raman.example",),
        note="Has a recovery address besides her own.",
        avatar_hue=100,
    ),
    Person(
        "U0TOMAS0001",
        "tomas",
        "Tomas Lind",
        "Shipping",
        mail=f"tomas.lind@{DOMAIN}",
        note="Locked himself out with too many wrong passwords.",
        avatar_hue=300,
    ),
    Person(
        "U0CARLA0001",
        "carla",
        "Carla Monti",
        "Finance director",
        mail=f"carla.monti@{DOMAIN}",
        note="Her account is sensitive: seen in person, and another admin has to agree.",
        avatar_hue=230,
    ),
)
EVERYBODY = (*PEOPLE, *EXTRA_SLACK)
ADMINS = ("U0MORGAN001", "U0SASHA0001")  # who is enrolled, with a phone


def _person(name: str, department: str, **more: object) -> NewAccount:
    given, _, family = name.partition(" ")
    login = _ascii(f"{given}.{family.replace(' ', '-')}").lower()
    plain = NewAccount(login, name, given, family, f"{login}@{DOMAIN}", department=department, groups=(department,))
    return replace(plain, **more)  # type: ignore[arg-type]


def _ascii(text: str) -> str:
    """Write a name the way logins are made: "Östergård" gives "ostergard"."""
    table = str.maketrans("ÁÃÅÄÇÉÍıÓÖØÕÚÜäáãåæçéèíğñóöøõúüşžž", "AAAACEIiOOOOUUaaaaaceeignoooouuszz")
    return "".join(
        letter for letter in text.translate(table) if letter.isascii() and (letter.isalnum() or letter in "-.")
    )


def _special() -> Iterator[NewAccount]:
    """Everybody for whom a reset is more than a reset."""
    yield _person("Morgan Lindqvist", "IT", slack_user="U0MORGAN001", groups=("IT", "Service desk"))
    # Not of "All staff": whoever would be reset cannot be the one who agrees to it.
    yield _person("Sasha Okafor", "IT", slack_user="U0SASHA0001", groups=("Service desk",))
    yield _person("Robin Meyer", "Warehouse", slack_user="U0ROBIN0001", manager="sasha.okafor")
    yield _person("Priya Raman", "Finance", slack_user="U0PRIYA0001", recovery_mail="priya@raman.example")
    # Not of "All staff" either: a sensitive account among many would ask for more than the many do.
    yield _person("Carla Monti", "Board", slack_user="U0CARLA0001")
    yield _person("Tomas Lind", "Shipping", slack_user="U0TOMAS0001", locked=True)
    yield _person("Olga Brandt", "Management", owner=True)
    yield _person("Peter Admin", "IT", admin=True)
    yield _person("Kit Ferrer", "Contractors", slack_user="U0KITGUEST1")
    yield _person("Dana Voss", "Globex", mail="dana.voss@globex.example", external=True, slack_user="U0DANAEXT01")
    yield _person("Lee Former", "Sales", disabled=True, slack_user="U0LEFT00001")
    yield _person("Hanna Sabbatical", "Legal", disabled=True)
    yield _person("Ravi Lockhart", "Support", locked=True)
    yield _person("Vera Kolb", "Labs", mail=f"vera.kolb@{UNVERIFIED}")
    yield _person("Otto Kolb", "Labs", mail=f"otto.kolb@{UNVERIFIED}")
    yield _person("Jo Postless", "Warehouse", mail=None)
    yield _person("Nadia Newcomer", "People", confirmed=False)
    yield _person("Alex Kim", "Sales")
    yield _person(
        "Alex Kim", "Engineering", groups=("Engineering", "IT"), login="alex.kim2", mail=f"alex.kim2@{DOMAIN}"
    )
    yield replace(_person("Backup Robot", "IT"), login="svc-backup", mail=None, service=True)
    yield _hostile("mallory.shout", "<!channel> Free lunch")
    yield _hostile("mallory.turn", "Mallory \u202egnp.exe")
    yield _hostile("mallory.sum", "=1+1")
    yield _hostile("mallory.link", "<https://evil.example|Morgan Lindqvist>")
    yield _hostile("mallory.stars", "*Mallory* `rm -rf` _Quote_")


def _hostile(login: str, name: str) -> NewAccount:
    return NewAccount(login, name, mail=f"{login}@{DOMAIN}", department="Pranks")


def accounts() -> tuple[NewAccount, ...]:
    """Return everybody, logins in no two places."""
    everybody = {new.login: new for new in _special()}
    number = 0
    while len(everybody) < SPECIAL + CROWD:
        given = GIVEN[number % len(GIVEN)]
        family = FAMILY[(number * 7 + number // len(GIVEN)) % len(FAMILY)]
        new = _person(f"{given} {family}", DEPARTMENTS[(number * 5) % len(DEPARTMENTS)])
        everybody.setdefault(new.login, new)
        number += 1
    return tuple(everybody.values())
