"""Reading the configuration: file, environment, secrets in files."""

from __future__ import annotations

import os
import tomllib
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bot.errors import ConfigError
from bot.mistakes import mean, nearest, of_options, sentences
from bot.settings import DirectorySection, Settings
from directory.base import Capability
from directory.misconfigured import Misconfigured
from directory.registry import connector
from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "REKEY_"
NOT_SETTINGS = {"REKEY_CONFIG", "REKEY_SPECS"}  # where the file is; where tests find Slack's specifications
IN_THE_FILE = {"roles", "expect"}  # tables of which there may be several, and which no variable could tell apart
OWN_KEYS = frozenset(DirectorySection.model_fields) - {"options"}
MAX_SECRET_FILE = 64 * 1024


def path_of(given: str | Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the configuration is: as given, else $REKEY_CONFIG, else ./rekey.toml."""
    return Path(given or environ.get("REKEY_CONFIG") or "rekey.toml")


def load(given: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the configuration.

    Relative paths in the file are relative to its folder, so that a command works from anywhere.

    Raises:
        ConfigError: a sentence for each mistake.
    """
    path = path_of(given, environ)
    raw = _read(path, must_exist=given is not None or "REKEY_CONFIG" in environ)
    raw = _merged(raw, _from_environment(environ, raw))
    _secrets_from_files(raw, path.parent)
    _directories(raw, path.resolve().parent)
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(*sentences(error, raw)) from None
    return _anchored(settings, path.resolve().parent)


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"The configuration {path} is not there; copy rekey.example.toml to it.") from None
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML ({_place(error)}); mend that line.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check its owner and rights.") from None


def _place(error: tomllib.TOMLDecodeError) -> str:
    """Return where the file is broken, without the text there: it may be a secret."""
    text = str(error)
    return text[text.rfind("(at ") + 1 : -1] if "(at " in text else "somewhere"


def _from_environment(environ: Mapping[str, str], raw: dict[str, Any]) -> dict[str, Any]:
    """Read REKEY_SECTION__KEY; for a directory REKEY_DIRECTORIES__NAME__KEY, by the name that the file gives it."""
    found: dict[str, Any] = {}
    for variable, text in sorted(environ.items()):  # a whole comes before its parts
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        parts = variable.removeprefix(PREFIX).lower().split("__")
        if parts[0] in IN_THE_FILE:
            raise ConfigError(f"The variable {variable} cannot be: [[{parts[0]}]] stands in the file alone.")
        if parts[0] not in Settings.model_fields or len(parts) < 2:  # noqa: PLR2004 - section and key
            near = nearest(parts[0], Settings.model_fields)
            raise ConfigError(
                f"The variable {variable} names no setting{mean(near and f'{PREFIX}{near.upper()}__...')}."
            )
        if parts[0] == "directories":
            _into_directory(variable, parts[1:], text, found, raw)
            continue
        place = found
        for depth, part in enumerate(parts[:-1], 1):
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                whole = PREFIX + "__".join(parts[:depth]).upper()
                raise ConfigError(f"The variable {variable} names a part of what {whole} sets as a whole; remove one.")
        place[parts[-1]] = _value(text)
    return found


def _into_directory(variable: str, parts: list[str], text: str, found: dict[str, Any], raw: dict[str, Any]) -> None:
    listed = raw.get("directories")
    names = [str(d.get("name")) for d in listed if isinstance(d, dict)] if isinstance(listed, list) else []
    by_variable = {n.lower().replace("-", "_"): n for n in names}
    if len(parts) != 2 or parts[0] not in by_variable:  # noqa: PLR2004 - name and key
        known = ", ".join(f"REKEY_DIRECTORIES__{n.upper()}__KEY" for n in by_variable) or "none yet"
        raise ConfigError(f"The variable {variable} names no configured directory; those are: {known}.")
    changed: list[dict[str, Any]] = found.setdefault("directories", [copy(d) for d in raw["directories"]])
    named = by_variable[parts[0]]
    next(d for d in changed if isinstance(d, dict) and d.get("name") == named)[parts[1]] = _value(text)


def _value(text: str) -> Any:
    """Read a variable as TOML where it is a list or a table; every other text as it stands."""
    if text.startswith(("[", "{")):
        try:
            return tomllib.loads(f"v = {text}")["v"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        # A secret from the environment outweighs a file named in the configuration, and the other way round.
        both.pop(key.removesuffix("_file") if key.endswith("_file") else f"{key}_file", None)
    return both


def _secrets_from_files(raw: dict[str, Any], folder: Path) -> None:
    """Replace every `<secret>_file` by the secret in that file."""
    for section, fields in Settings.model_fields.items():
        model, table = fields.annotation, raw.get(section)
        if isinstance(table, dict) and isinstance(model, type) and issubclass(model, BaseModel):
            _replace_files(table, section, {k for k, f in model.model_fields.items() if f.annotation is Secret}, folder)
    listed = raw.get("directories")
    for table in listed if isinstance(listed, list) else []:
        if isinstance(table, dict) and isinstance(table.get("kind"), str):
            _replace_files(table, f"directories.{table.get('name', '?')}", _secret_options(table["kind"]), folder)


def _secret_options(kind: str) -> set[str]:
    try:
        fields = connector(kind).Options.model_fields
    except Misconfigured:
        return set()  # said by `_directories`, with its remedy
    return {key for key, field in fields.items() if _holds(field.annotation, Secret)}


def _holds(annotation: Any, wanted: type) -> bool:
    """Say whether a field's type is this one, or a union or an annotation around it."""
    if get_origin(annotation) is not None:
        return any(_holds(part, wanted) for part in get_args(annotation))
    return annotation is wanted


def _replace_files(table: dict[str, Any], where: str, secrets: set[str], folder: Path) -> None:
    for key in sorted(secrets):
        named = table.pop(f"{key}_file", None)
        if named is None or named == "":
            continue
        if table.get(key):
            raise ConfigError(f"{where}.{key} and {where}.{key}_file are both set; remove one.")
        if not isinstance(named, str):
            raise ConfigError(f"{where}.{key}_file must be the path of a file, in quotes.")
        table[key] = Secret(_secret_file(f"{where}.{key}_file", folder / named))


def _secret_file(key: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_SECRET_FILE + 1)
    except FileNotFoundError:
        raise ConfigError(f"{key}: there is no file {path}; write the secret into it (mode 0400).") from None
    except (OSError, ValueError):  # no UTF-8; a path that cannot be one
        raise ConfigError(f"{key}: {path} cannot be read as a text; check its owner, rights and encoding.") from None
    if not text.strip() or len(text) > MAX_SECRET_FILE:
        raise ConfigError(f"{key}: {path} is empty or far too long; it must hold the secret and nothing else.")
    return text.rstrip("\r\n")


def _directories(raw: dict[str, Any], folder: Path) -> None:
    """Split each directory's table into what every kind has and what its connector's own model reads."""
    listed = raw.get("directories")
    if isinstance(listed, list):
        raw["directories"] = [_directory(d, n, folder) if isinstance(d, dict) else d for n, d in enumerate(listed, 1)]


def _directory(table: dict[str, Any], number: int, folder: Path) -> dict[str, Any]:
    where = f"directories.{table.get('name') or number}"
    kind = table.get("kind")
    if not isinstance(kind, str):
        raise ConfigError(f'{where}.kind is missing; write which kind of directory it is, for example kind = "ldap".')
    try:
        found = connector(kind)
    except Misconfigured as error:
        raise ConfigError(f"{where}.{error.key}: {error.what} {error.remedy}") from None
    model = found.Options
    own = {k: v for k, v in table.items() if k in OWN_KEYS}
    if own.get("verified_domains") is None and Capability.VERIFIED_DOMAINS not in found.capabilities:
        raise ConfigError(
            f"{where}.verified_domains is missing; list the mail domains that are yours, since a directory of kind "
            f'"{kind}" does not know them: ["example.com"], or ["*"] for all.'
        )
    options = {k: v for k, v in table.items() if k not in OWN_KEYS}
    for key, field in model.model_fields.items():
        if _holds(field.annotation, Path) and isinstance(options.get(key), str):
            options[key] = folder / options[key]
    try:
        own["options"] = model.model_validate(options)
    except ValidationError as error:
        raise ConfigError(*of_options(error, where, model, OWN_KEYS)) from None
    return own


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make relative paths absolute, from the configuration's folder."""
    url, trusted = settings.store.url, settings.mail.ca_file
    scheme, slashes, rest = url.partition(":///")
    if url.startswith("sqlite") and slashes and rest and not rest.startswith((":memory:", "/")):
        url = f"{scheme}:///{folder / rest}"
    return settings.model_copy(
        update={
            "store": settings.store.model_copy(update={"url": url}),
            "keys": settings.keys.model_copy(update={"file": folder / settings.keys.file}),
            "mail": settings.mail.model_copy(update={"ca_file": trusted and str(folder / trusted)}),
        }
    )


def demand_slack(settings: Settings, *, listens: bool = True) -> None:
    """Demand what `serve` cannot do without, or, where it does not listen to Slack, `work`.

    Raises:
        ConfigError: a sentence for each missing key.
    """
    slack, missing = settings.slack, []
    remedy = "set it in the configuration, or name a file with slack.{0}_file"
    listening = ["app_token" if slack.mode == "socket" else "signing_secret"] if listens else []
    keys = ["bot_token", *listening]
    missing += [
        f'slack.{k} is missing (mode "{slack.mode}"); {remedy.format(k)}.' for k in keys if not getattr(slack, k)
    ]
    if not slack.team_id:
        missing.append("slack.team_id is missing; write your workspace's id (T...): `rekey doctor` shows it.")
    if not settings.directories:
        missing.append("There is no directory; add a [[directories]] table, see docs/operating.md.")
    if not settings.step_up.totp_in_slack:
        missing.append("step_up.totp_in_slack = false leaves no way to prove who asks; set it to true.")
    if missing:
        raise ConfigError(*missing)
