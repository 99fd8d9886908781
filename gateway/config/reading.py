"""From ``lychgate.toml`` and the environment to ``Settings``: every fault at once, with its place.

A fault in the file is named by file, line and column; one in the environment by its variable.
Messages come from the kind of a fault, and none shows what was written where a secret may stand.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from gateway.config.environment import fields_of, name_of, overlay
from gateway.config.places import KeyPath, Places, locate
from gateway.config.sections import Policies, Settings
from gateway.config.values import Sources
from gateway.errors import Faults
from gateway.model.fault import Fault, Place

FILE_BYTES_MAX = 1 << 20
_SQLITE = "sqlite:///"
# The words of pydantic's kinds of fault, for those whose own words speak of Python.
_WORDS = {
    "int_type": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "float_type": "a number is needed",
    "float_parsing": "a number is needed",
    "bool_type": "true or false is needed",
    "string_type": "a text is needed",
    "tuple_type": "a list is needed",
    "dict_type": "a table is needed",
    "model_type": "a table is needed",
    "model_attributes_type": "a table is needed",
    "string_too_short": "a text that isn't empty is needed",
    "too_short": "at least one is needed",
}


def load_settings(path: Path | None, environ: Mapping[str, str], *, folder: Path) -> Settings:
    """The settings of one file (None: none) and the environment, with relative paths seen from
    ``folder``. Raises Faults."""
    text = _text(path) if path is not None else ""
    name = str(path) if path is not None else ""
    data = _parsed(text, name)
    given, faults = overlay(data, environ)
    where = _Where(name, locate(text), given)
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(data, context=Sources(environ, folder))
    except ValidationError as error:
        faults.extend(_faults(error, where))
    else:
        faults.extend(where.fault(at, message) for at, message in _disagreements(settings))
    if faults or settings is None:
        # The file first, from top to bottom, then the variables.
        raise Faults(tuple(sorted(set(faults), key=lambda fault: (not fault.place.line, fault))))
    return _absolute(settings, folder)


def policies_folder(path: Path | None, environ: Mapping[str, str], *, folder: Path) -> Path:
    """Where policies stand by settings that may be faulty otherwise. Raises Faults where the file can't
    be read at all."""
    data = _parsed(_text(path), str(path)) if path is not None else {}
    overlay(data, environ)
    policies = data.get("policies")
    named = policies.get("folder") if isinstance(policies, dict) else None
    default: Path = Policies.model_fields["folder"].default
    return folder / (named if isinstance(named, str) else default)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Faults((Fault(Place(str(path)), "larger than 1 MB"),))
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Faults((Fault(Place(str(path), 1, 1), "not UTF-8"),)) from None
    except OSError as error:
        reason = (error.strerror or "can't be read").lower()
        raise Faults((Fault(Place(str(path)), f"{reason} (see `lychgate init`)"),)) from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        if found:
            place = Place(name, int(found[1]), int(found[2]))
            message = message[: found.start()]
        else:
            lines = text.splitlines() or [""]
            place = Place(name, len(lines), len(lines[-1]) + 1)
            message = message.removesuffix(" (at end of document)")
        raise Faults((Fault(place, f"not TOML: {message[:1].lower()}{message[1:]}"),)) from None


@dataclass(frozen=True, slots=True)
class _Where:
    """Turns a key's path into the place that a publisher can go to."""

    file: str
    places: Places
    given: Mapping[KeyPath, str]

    def fault(self, path: KeyPath, message: str, *, key: bool = False) -> Fault:
        for length in range(len(path), 0, -1):
            variable = self.given.get(path[:length])
            if variable is not None:
                return Fault(Place(variable), message)
        # A table that variables alone speak of stands nowhere in the file.
        below = [name for at, name in self.given.items() if at[: len(path)] == path]
        if below and path not in self.places.keys:
            return Fault(Place(min(below)), message)
        if not self.file:
            return Fault(Place(name_of(path)), message)
        line, column = self.places.of_key(path) if key else self.places.of_value(path)
        return Fault(Place(self.file, line, column), message)


def _faults(error: ValidationError, where: _Where) -> Iterator[Fault]:
    found = error.errors(include_url=False, include_input=False)
    for each in found:
        if each["type"] == "too_short" and _has_inner(each["loc"], found):
            continue  # a list whose items are faulty counts as short too: one fault is enough
        # pydantic marks a table's faulty key so; the key itself stands before the mark.
        of_key = bool(each["loc"]) and each["loc"][-1] == "[key]"
        path = tuple(each["loc"][:-1] if of_key else each["loc"])
        dotted = _dotted(path)
        if each["type"] == "extra_forbidden":
            known = _known_keys(path[:-1])
            yield where.fault(path, f"unknown key `{dotted}`{_meant(path[-1], known)}", key=True)
        elif each["type"] == "missing":
            section = f"the section [{dotted}]" if len(path) == 1 else f"`{dotted}`"
            yield where.fault(path, f"{section} is required")
        else:
            yield where.fault(path, f"`{dotted}`: {_message(each)}", key=of_key)


def _has_inner(path: KeyPath, found: list[Any]) -> bool:
    return any(
        len(other["loc"]) > len(path) and other["loc"][: len(path)] == path for other in found
    )


def _message(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "value_error":
            return str(context["error"])
        case "literal_error":
            words = context["expected"].replace(" or ", ", ").replace("'", "`")
            return f"one of {words} is needed"
        case "greater_than":
            return f"more than {context['gt']:g} is needed"
        case "greater_than_equal":
            return f"{context['ge']:g} or more is needed"
        case "less_than_equal":
            return f"{context['le']:g} or less is needed"
        case _:
            return _WORDS.get(kind, str(error["msg"]).lower())


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(path: KeyPath) -> list[str]:
    own = [part for part in path if isinstance(part, str)]
    depth = len(own)
    return sorted(
        {key.split(".")[depth] for key in keys() if key.split(".")[:depth] == own and len(key) > 0}
    )


def _meant(written: str | int, known: list[str]) -> str:
    near = difflib.get_close_matches(str(written).lower(), known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


_PEOPLE = (
    ("newsroom", "readers"),
    ("console", "finance"),
    ("console", "support"),
    ("console", "admins"),
)


def _disagreements(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """What each key may say by itself, but not beside the others."""
    providers = [provider.id for provider in settings.login.provider]
    plans = [plan.id for plan in settings.plan]
    for section, what, names in (
        (("login", "provider"), "login providers", providers),
        (("plan",), "plans", plans),
    ):
        for number, name in enumerate(names):
            if name in names[:number]:
                yield (*section, number, "id"), f"two {what} are named `{name}`"
    for number, name in enumerate(providers):
        if name in ("mail", "code"):
            yield ("login", "provider", number, "id"), f"`{name}` is the mailed link's own"
    for number, provider in enumerate(settings.login.provider):
        signed = provider.team_id and provider.key_id and provider.private_key
        if provider.client_secret is None and not signed:
            needed = "`client_secret` is needed, or `team_id`, `key_id` and `private_key` (Apple)"
            yield ("login", "provider", number, "client_secret"), needed
    for number, name in enumerate(settings.console.providers):
        if name not in providers:
            yield (
                ("console", "providers", number),
                f"no login provider `{name}`{_meant(name, providers)}",
            )
    if not settings.console.providers:
        for staff, key in _PEOPLE:
            if getattr(getattr(settings, staff), key):
                yield (staff, key), "they count on sessions from `console.providers`: name one"
    yield from _of_listeners_and_folders(settings)
    if settings.alerts.mail and settings.mail is None:
        yield ("alerts", "mail"), "mail is sent with [mail], and there is none"
    for number, plan in enumerate(settings.plan):
        for at, price in enumerate(plan.offered):
            if price not in plan.prices:
                yield ("plan", number, "offered", at), "an offered price stands in `prices` too"


def _of_listeners_and_folders(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    public, machines = settings.server.bind, settings.ops.bind
    if public == machines and public.port:
        yield ("ops", "bind"), "the public listener has this address already: `server.bind`"
    folder = settings.templates.folder
    if folder is not None and not folder.is_dir():
        yield ("templates", "folder"), "no such folder"


def _absolute(settings: Settings, folder: Path) -> Settings:
    """The defaults too are seen from the config file's folder; those aren't validated."""
    changes: dict[str, BaseModel] = {}
    if "folder" not in settings.policies.model_fields_set:
        policies = settings.policies
        changes["policies"] = policies.model_copy(update={"folder": folder / policies.folder})
    url = settings.store.url.get_secret_value()
    file = url.removeprefix(_SQLITE).partition("?")[0]
    if url.startswith(_SQLITE) and file and file != ":memory:" and not file.startswith("/"):
        url = f"{_SQLITE}{folder.resolve()}/{url.removeprefix(_SQLITE)}"
        changes["store"] = settings.store.model_copy(update={"url": SecretStr(url)})
    return settings.model_copy(update=changes)


def keys() -> tuple[str, ...]:
    """The path of every key there is, as ``site.url`` or ``login.provider.id``, sorted."""
    return tuple(sorted(fields_of(Settings)))
