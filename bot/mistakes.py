"""What is wrong with a configuration, in sentences: the key, what is wrong, the remedy; never the value."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel

from bot.section import NAME
from bot.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import ValidationError

TABLES = {"directories", "roles", "expect"}  # of which there may be several
TEXT, LIST, TABLE, FLAG, FILE = "a text in quotes", 'a list, such as ["a", "b"]', "a table", "true or false", "a path"
WHOLE, NUMBER = "a whole number", "a number"
MUST_BE = {  # pydantic's types of mistakes
    "string_type": TEXT,
    "tuple_type": LIST,
    "model_type": TABLE,
    "bool_type": FLAG,
    "bool_parsing": FLAG,
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "path_type": FILE,
    "greater_than_equal": "{ge:g} or more",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "{le:g} at most",
    "literal_error": "{expected}",
}


def sentences(error: ValidationError, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one sentence for each mistake in the settings as they were read."""
    return tuple(_sentence(each, _named(each["loc"], raw), Settings) for each in _errors(error))


def of_options(error: ValidationError, where: str, model: type[BaseModel], more: Iterable[str]) -> tuple[str, ...]:
    """Return the same of one directory's own options; `more` are the keys that every directory has."""
    return tuple(_sentence(each, [where, *_plain(each["loc"])], model, more) for each in _errors(error))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return near[0] if near else None


def mean(near: str | None) -> str:
    """Say which was probably meant, or where all of them stand."""
    return f"; the nearest is {near}" if near else "; see rekey.example.toml for those that there are"


def _errors(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False))


def _plain(loc: tuple[str | int, ...]) -> Iterator[str]:
    """Give the parts of a key as people count, without pydantic's own."""
    for part in loc:
        if isinstance(part, int):
            yield str(part + 1)
        elif not part.endswith("]"):
            yield part


def _named(loc: tuple[str | int, ...], raw: Mapping[str, Any]) -> list[str]:
    """Return the parts of a key; a directory and a role are called by their name, if they have one."""
    parts = list(_plain(loc))
    if len(loc) > 1 and loc[0] in {"directories", "roles"} and isinstance(loc[1], int):
        table = raw[str(loc[0])][loc[1]]
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str) and re.fullmatch(NAME, name):
            parts[1] = name
    return parts


def _sentence(error: Any, parts: list[str], model: type[BaseModel], more: Iterable[str] = ()) -> str:
    key, kind = ".".join(parts), error["type"]
    match kind:
        case "extra_forbidden":
            fields = {*_model_at(model, error["loc"][:-1]).model_fields, *more}
            near = nearest(parts[-1], fields)
            return f"{key} is no setting{mean(near and '.'.join([*parts[:-1], near]))}."
        case "missing":
            return f"{key} is missing; add it to the configuration."
        case "value_error":
            message = str(error["msg"]).removeprefix("Value error, ")
            return f"{key}: {message}." if key else f"{message}."
        case "tuple_type" if key in TABLES:
            return f"{key} stands in double brackets, since there may be several: write [[{key}]]."
        case _ if kind in MUST_BE:
            return f"{key} must be {MUST_BE[kind].format(**error.get('ctx', {}))}; see rekey.example.toml."
        case _:
            return f"{key} has a form that it cannot have; rekey.example.toml shows one that it can."


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Walk from the settings down to the table that a mistake stands in."""
    for part in loc:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        if field is None:
            continue
        inner = [a for a in (field.annotation, *get_args(field.annotation)) if isinstance(a, type)]
        inner = [a for a in inner if get_origin(a) not in {Union, tuple} and issubclass(a, BaseModel)]
        model = inner[0] if inner else model
    return model
