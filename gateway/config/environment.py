"""Settings from the environment: ``LYCHGATE_SECTION__KEY`` laid over what the file says.

Only names with ``__`` are settings, so ``LYCHGATE_KEY`` can hold a secret. A text is taken as it
is; numbers, truths, lists and tables are JSON. A list of texts may also be written as they are, with
commas between them (``fr,en``). A number in a name picks one of a list's tables:
``LYCHGATE_LOGIN__PROVIDER__0__CLIENT_SECRET``.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from gateway.config.places import KeyPath
from gateway.config.sections import Settings
from gateway.config.values import Bind, Network
from gateway.model.fault import Fault, Place

PREFIX = "LYCHGATE_"
_TEXTS = (str, SecretStr, Path, Bind, Network)


def name_of(path: KeyPath) -> str:
    """``("site", "url")`` → ``LYCHGATE_SITE__URL``."""
    return PREFIX + "__".join(str(part).upper() for part in path)


def overlay(
    data: dict[str, Any], environ: Mapping[str, str]
) -> tuple[dict[KeyPath, str], list[Fault]]:
    """Write every setting of ``environ`` into ``data``. Returns which name gave which key."""
    given: dict[KeyPath, str] = {}
    faults: list[Fault] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        parts = name.removeprefix(PREFIX).lower().split("__")
        path: KeyPath = tuple(int(part) if part.isdecimal() else part for part in parts)
        try:
            _put(data, path, _value(environ[name], _annotation(path)))
        except ValueError as error:
            faults.append(Fault(Place(name), str(error)))
        else:
            given[path] = name
    return given, faults


def _value(text: str, annotation: Any) -> Any:
    if annotation is None or _is_text(annotation):
        return text
    texts = typing.get_origin(annotation) is tuple and _is_text(
        _bare(typing.get_args(annotation)[0])
    )
    if texts and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{_wanted(annotation, texts=texts)} is needed") from None


def _wanted(annotation: Any, *, texts: bool) -> str:
    if annotation is bool:
        return "true or false"
    if annotation in (int, float):
        return "a number"
    if texts:
        return 'a list, as fr,en or ["fr", "en"],'
    if typing.get_origin(annotation) is dict:
        return 'a table in JSON, as {"name": "value"},'
    return "JSON"


def _put(data: dict[str, Any], path: KeyPath, value: Any) -> None:
    here: Any = data
    for number, part in enumerate(path[:-1]):
        here = _child(here, part, [] if isinstance(path[number + 1], int) else {})
    if isinstance(here, list):
        _child(here, path[-1], None)
        here[int(path[-1])] = value
    elif isinstance(here, dict):
        here[path[-1]] = value
    else:
        raise ValueError("there is no table of that name to set a key in")


def _child(here: Any, part: str | int, empty: Any) -> Any:
    if isinstance(here, dict) and isinstance(part, str):
        return here.setdefault(part, empty)
    if isinstance(here, list) and isinstance(part, int) and part <= len(here):
        if part == len(here):
            here.append(empty)
        return here[part]
    raise ValueError("there is no table of that name to set a key in")


def _annotation(path: KeyPath) -> Any:
    """The type of the setting at a path; None where no such key is known."""
    here: Any = Settings
    for part in path:
        here = _bare(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            if field is None:
                return None
            here = field.annotation
        elif typing.get_origin(here) in (tuple, dict):
            here = typing.get_args(here)[1 if typing.get_origin(here) is dict else 0]
        else:
            return None
    return _bare(here)


def _bare(annotation: Any) -> Any:
    """Without ``Annotated`` and without ``| None``."""
    while True:
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin is typing.Annotated:
            annotation = arguments[0]
        elif origin in (typing.Union, types.UnionType) and type(None) in arguments:
            annotation = next(each for each in arguments if each is not type(None))
        else:
            return annotation


def _is_text(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Literal:
        return True
    return annotation in _TEXTS


def fields_of(model: type[BaseModel], prefix: str = "") -> list[str]:
    """The dotted path of every key of a section and of those within it."""
    found = []
    for name, field in model.model_fields.items():
        inner = _bare(field.annotation)
        if typing.get_origin(inner) is tuple:
            inner = _bare(typing.get_args(inner)[0])
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found.extend(fields_of(inner, f"{prefix}{name}."))
        else:
            found.append(prefix + name)
    return found
