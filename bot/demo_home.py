"""Furnishing the demo's folder: keys, store, people, and two admins with their phones. What is there already stays."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp

from bot.assembly import clock, open_house
from bot.config import load
from bot.demo_people import ADMINS, DOMAINS, NESTED, SPECIAL, accounts
from bot.engine import migrate
from desk import enrol
from directory.local import LocalDirectory
from directory.opening import Opening
from directory.secret import Secret
from resets import stepup
from store.base import upgrade
from store.keys import KeyRing

if TYPE_CHECKING:
    from pathlib import Path

    from desk.tools import Tools
    from directory.local_people import NewAccount

Phones = dict[str, list[tuple[str, str, str]]]


async def furnish(config: Path, phones_file: Path) -> Phones:
    """Make what is missing, and return what is on the phones: for each Slack user (issuer, account, seed).

    Opens the directory and closes it again: nobody else in this process may have its file open meanwhile.
    """
    settings = load(config, {})
    if not settings.keys.file.exists():
        KeyRing.create(settings.keys.file)
    await upgrade(settings.store.full_url)
    await asyncio.to_thread(migrate, settings.store.full_url)
    house = await open_house(settings, opening=Opening.MAKE)
    try:
        (directory,) = house.tools.directories.values()
        assert isinstance(directory, LocalDirectory)
        if await directory.find("robin.meyer") is None:
            await _populate(directory)
        phones = _read(phones_file)
        if phones is None:
            phones = {user: await _enrolled(house.tools, directory, user) for user in ADMINS}
            _write(phones_file, phones)
        return phones
    finally:
        await house.close()


def _read(path: Path) -> Phones | None:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return {user: [(issuer, account, seed) for issuer, account, seed in codes] for user, codes in kept.items()}


def _write(path: Path, phones: Phones) -> None:
    """Keep the seeds as a phone does. Only practice phones are files."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(phones, file)


async def _populate(directory: LocalDirectory) -> None:
    for name, verified in DOMAINS.items():
        await directory.add_domain(name, verified=verified)
    await directory.add_accounts([_lived_in(new, number) for number, new in enumerate(accounts())])
    for name, inner in NESTED.items():
        await directory.add_group(name, groups=inner)


def _lived_in(new: NewAccount, number: int) -> NewAccount:
    """Give an account a day on which it was last used, and, if it is one of the special ones, a password.

    Nobody knows that password; of digits alone, it holds nobody's name. The crowd has none yet: hashing 200 takes
    seconds that a newcomer would wait for.
    """
    secret = Secret(f"{secrets.randbits(160)}-Aa") if number < SPECIAL else None
    seen = clock() - timedelta(days=number % 60, hours=number % 9)
    return replace(new, password=secret, last_sign_in=seen if new.confirmed else None)


async def _enrolled(tools: Tools, directory: LocalDirectory, user: str) -> list[tuple[str, str, str]]:
    """Enrol one admin as `rekey admin enrol` does, and put the seed on their phone."""
    login = next(new.login for new in accounts() if new.slack_user == user)
    pending = await enrol.enrol(
        tools, slack_user=user, directory=directory.name, login=login, role="helpdesk", randbytes=secrets.token_bytes
    )
    # The code before the present one: so that the one that the phone shows now is still good for a first reset.
    code = pyotp.TOTP(pending.seed.reveal()).at(clock() - stepup.STEP)
    await enrol.confirm(tools, pending, code, by="demo")
    return [(enrol.ISSUER, login, pending.seed.reveal())]
