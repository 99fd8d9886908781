"""What a request may say: form fields decoded into a tree, and kinds that read it strictly.

A kind is a value that turns raw text into a Python value or refuses it with Stripe's code. Must not
know any route or object. It may be stricter than Stripe, never looser: a parameter that no table
names is refused, a field given twice too, an empty string only clears what may be cleared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote_plus

from gateway.demo.stripe.refused import Refused

Raw: TypeAlias = "str | dict[str, Raw]"

FIELDS_MAX = 1000
_NAME = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_INDEX = re.compile(r"[0-9]{1,4}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def decode(form: str) -> dict[str, Raw]:
    """``a[b][0]=x&c=y`` → ``{"a": {"b": {"0": "x"}}, "c": "y"}``. An array is a hash of indexes."""
    tree: dict[str, Raw] = {}
    fields = [each for each in form.split("&") if each]
    if len(fields) > FIELDS_MAX:
        raise Refused("Too many parameters.")
    for each in fields:
        written, _, value = each.partition("=")
        name = _plain(written)
        match = _NAME.fullmatch(name)
        if match is None:
            raise Refused(f"Invalid parameter name: {name}", param=name)
        keys = [match[1], *_PART.findall(match[2])]
        _put(tree, keys, _plain(value), name)
    return tree


def _plain(written: str) -> str:
    try:
        return unquote_plus(written, errors="strict")
    except UnicodeDecodeError:
        raise Refused("Invalid UTF-8 in the request.") from None


def _put(tree: dict[str, Raw], keys: list[str], value: str, name: str) -> None:
    at = tree
    for key in keys[:-1]:
        below = at.setdefault(key or str(len(at)), {})
        if not isinstance(below, dict):
            raise Refused(f"Invalid parameters: {name} is both a value and a hash", param=name)
        at = below
    last = keys[-1] or str(len(at))
    if last in at:
        raise Refused(f"Invalid parameters: {name} was sent twice", param=name)
    at[last] = value


class Kind(Protocol):
    def read(self, raw: Raw, name: str) -> Any:
        """The value, None for a cleared one, or ``Refused`` naming the parameter."""


def _empty(name: str) -> Refused:
    return Refused(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset.",
        param=name,
        code="parameter_invalid_empty",
    )


def _text(raw: Raw, name: str, what: str, *, clears: bool) -> str:
    if isinstance(raw, dict):
        raise Refused(f"Invalid {what}: {raw}", param=name)
    if not raw and not clears:
        raise _empty(name)
    return raw


@dataclass(frozen=True, slots=True)
class Text:
    longest: int = 5000
    clears: bool = False

    def read(self, raw: Raw, name: str) -> str | None:
        text = _text(raw, name, "string", clears=self.clears)
        if len(text) > self.longest:
            raise Refused(
                f"Invalid string: {text[:20]}…; must be at most {self.longest} characters",
                param=name,
            )
        return text or None


@dataclass(frozen=True, slots=True)
class Email:
    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name, "string", clears=False)
        if len(text) > 512 or not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text):
            raise Refused(f"Invalid email address: {text}", param=name, code="email_invalid")
        return text


@dataclass(frozen=True, slots=True)
class Address:
    """A URL to which Stripe would send someone."""

    longest: int = 5000

    def read(self, raw: Raw, name: str) -> str:
        text = _text(raw, name, "string", clears=False)
        if len(text) > self.longest or not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text):
            raise Refused("Not a valid URL", param=name, code="url_invalid")
        return text


@dataclass(frozen=True, slots=True)
class Whole:
    least: int | None = None
    most: int | None = None
    clears: bool = False

    def read(self, raw: Raw, name: str) -> int | None:
        text = _text(raw, name, "integer", clears=self.clears)
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise Refused(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer")
        number = int(text)
        if self.least is not None and number < self.least:
            said = f"This value must be greater than or equal to {self.least}."
            raise Refused(said, param=name, code="parameter_invalid_integer")
        if self.most is not None and number > self.most:
            said = f"This value must be less than or equal to {self.most}."
            raise Refused(said, param=name, code="parameter_invalid_integer")
        return number


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number above 0."""

    most: float

    def read(self, raw: Raw, name: str) -> float:
        text = _text(raw, name, "decimal", clears=False)
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,4})?", text) or not 0 < float(text) <= self.most:
            raise Refused(f"Invalid decimal: {text}", param=name)
        return float(text)


@dataclass(frozen=True, slots=True)
class Flag:
    def read(self, raw: Raw, name: str) -> bool:
        if raw not in ("true", "false"):
            _text(raw, name, "boolean", clears=False)
            raise Refused(f"Invalid boolean: {raw}", param=name)
        return raw == "true"


@dataclass(frozen=True, slots=True)
class One:
    """One of the words of an enumeration."""

    of: tuple[str, ...]
    clears: bool = False

    def read(self, raw: Raw, name: str) -> str | None:
        text = _text(raw, name, "string", clears=self.clears)
        if text and text not in self.of:
            *most, last = self.of
            words = f"{', '.join(most)}, or {last}" if most else last
            raise Refused(f"Invalid {name}: must be one of {words}", param=name)
        return text or None


@dataclass(frozen=True, slots=True)
class Many:
    each: Kind
    least: int = 0
    most: int = 100
    clears: bool = False

    def read(self, raw: Raw, name: str) -> list[Any] | None:
        if not isinstance(raw, dict):
            if raw == "" and self.clears:
                return None
            raise Refused("Invalid array", param=name)
        if not all(_INDEX.fullmatch(key) for key in raw):
            raise Refused("Invalid array", param=name)
        if not self.least <= len(raw) <= self.most:
            raise Refused(f"{name} takes {self.least} to {self.most} elements", param=name)
        ordered = sorted(raw.items(), key=lambda pair: int(pair[0]))
        return [self.each.read(value, f"{name}[{key}]") for key, value in ordered]


@dataclass(frozen=True, slots=True)
class Metadata:
    """At most 50 keys of 40 characters without brackets, values of 500; an empty one unsets."""

    clears: bool = True

    def read(self, raw: Raw, name: str) -> dict[str, str] | None:
        if not isinstance(raw, dict):
            if raw == "" and self.clears:
                return None
            raise Refused("Invalid object", param=name)
        if len(raw) > 50:
            raise Refused("You can have up to 50 metadata keys.", param=name)
        read: dict[str, str] = {}
        for key, value in raw.items():
            if isinstance(value, dict) or not 0 < len(key) <= 40:
                raise Refused("Metadata keys have at most 40 characters.", param=name)
            if len(value) > 500:
                raise Refused("Metadata values have at most 500 characters.", param=name)
            read[key] = value
        return read


@dataclass(frozen=True, slots=True)
class Group:
    """A hash of named parameters; ``needs`` names those that must be there."""

    fields: Mapping[str, Kind] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    clears: bool = False

    def read(self, raw: Raw, name: str) -> dict[str, Any] | None:
        if not isinstance(raw, dict):
            if raw == "" and self.clears:
                return None
            raise Refused("Invalid object", param=name)

        def full(key: str) -> str:
            return f"{name}[{key}]" if name else key

        unknown = [full(key) for key in raw if key not in self.fields]
        if unknown:
            several = "s" if len(unknown) > 1 else ""
            said = f"Received unknown parameter{several}: {', '.join(unknown)}"
            raise Refused(said, param=unknown[0], code="parameter_unknown")
        for key in self.needs:
            if key not in raw:
                said = f"Missing required param: {full(key)}."
                raise Refused(said, param=full(key), code="parameter_missing")
        return {key: self.fields[key].read(value, full(key)) for key, value in raw.items()}


@dataclass(frozen=True, slots=True)
class Either:
    """A word or number, or else a hash."""

    plain: Kind
    hashed: Kind

    def read(self, raw: Raw, name: str) -> Any:
        return (self.hashed if isinstance(raw, dict) else self.plain).read(raw, name)


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds since the epoch, or one of some words that stand for a time."""

    words: tuple[str, ...] = ()
    clears: bool = False

    def read(self, raw: Raw, name: str) -> int | str | None:
        if isinstance(raw, str) and raw in self.words:
            return raw
        return Whole(least=0, clears=self.clears).read(raw, name)


EXPAND = {"expand": Many(Text(200), most=20)}
NOTHING = Group(EXPAND)
RANGE = Either(
    Whole(least=0),
    Group({"gt": Whole(), "gte": Whole(), "lt": Whole(), "lte": Whole()}),
)
PAGE: Mapping[str, Kind] = {
    "limit": Whole(least=1, most=100),
    "starting_after": Text(255),
    "ending_before": Text(255),
    **EXPAND,
}
POSTAL = Group(
    {key: Text() for key in ("city", "country", "line1", "line2", "postal_code", "state")},
    clears=True,
)
