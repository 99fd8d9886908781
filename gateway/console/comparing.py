"""What an entry says of its object, what was known of it, and what Stripe answered last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.entry import Entry
from gateway.money.entries.acts import Act
from gateway.money.entries.order import Told, newest

_ACTS = frozenset(Act)
_DEPTH_MAX = 6


@dataclass(frozen=True, slots=True)
class Field:
    """One fact, by its path, as text; empty where it isn't said. ``differs``: Stripe says otherwise than
    was known."""

    name: str
    here: str
    known: str
    asked: str

    @property
    def differs(self) -> bool:
        return self.known != self.asked


@dataclass(frozen=True, slots=True)
class Comparison:
    """``asked_at`` is when Stripe answered, by its clock; None: it was never asked. ``missing``: it said
    that there is no such object. ``entry`` is the number of its answer."""

    fields: tuple[Field, ...] = ()
    asked_at: float | None = None
    missing: bool = False
    entry: int = 0


def compare(entry: Entry, said: Iterable[Entry]) -> Comparison:
    """``said``: all that was ever said of the entry's object. Known is what had come before Stripe's last
    answer: with the answer in the ledger, the two are the same again."""
    snapshots = [
        Told(each, each.said)
        for each in said
        if each.object_type == entry.object_type and each.kind not in _ACTS
    ]
    gone = [each for each in said if each.kind == Act.MISSING]
    answers = [told for told in snapshots if told.entry.fetched]
    last = max(answers, key=lambda told: told.entry.number, default=None)
    if gone and (last is None or gone[-1].number > last.entry.number):
        return Comparison(asked_at=gone[-1].observed_at, missing=True, entry=gone[-1].number)
    if last is None:
        return Comparison()
    earlier = [told for told in snapshots if told.entry.number < last.entry.number]
    known = newest(earlier).facts if earlier else {}
    here, before, now = _flat(entry.said), _flat(known), _flat(last.facts)
    names = dict.fromkeys([*now, *before, *here])
    fields = tuple(
        Field(name, here.get(name, ""), before.get(name, ""), now.get(name, "")) for name in names
    )
    return Comparison(fields, last.entry.observed_at, entry=last.entry.number)


def _as_json(fact: object) -> str:
    """The page shows the JSON that came too, and one fact has one spelling."""
    return str(fact).lower() if isinstance(fact, bool) else str(fact)


def _flat(facts: Any, path: str = "", depth: int = 0) -> dict[str, str]:
    """``items.0.price`` → its value as text. Nothing said and None are alike."""
    if isinstance(facts, Mapping) and depth < _DEPTH_MAX:
        pairs = [(str(name), value) for name, value in facts.items()]
    elif isinstance(facts, list) and depth < _DEPTH_MAX:
        pairs = [(str(place), value) for place, value in enumerate(facts)]
    elif facts is None or facts in ("", [], {}):
        return {}
    else:
        return {path: facts if isinstance(facts, str) else _as_json(facts)}
    flat: dict[str, str] = {}
    for name, value in pairs:
        flat |= _flat(value, f"{path}.{name}" if path else name, depth + 1)
    return flat
