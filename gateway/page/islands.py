"""Data that a page carries as JSON for its scripts: a copy in it is cut out, and what belongs to it.

A sentence may stand there in pieces (an object for each bold word), so strings under one name are
read in a row. Where pieces of a text stand in a list, the whole list is that text: what of it the
page shows nowhere would else be left. Strings become empty, and nothing goes, so that a site's
scripts find what they look for: names, numbers, addresses, the other lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.page.hidden_forms import undone, without_tags
from gateway.page.withheld import NO_WORD, RUN, Withheld
from gateway.page.words import tokens

# How many objects may stand between a list and a text in it, as in ``blocks[3].data.text``. Lists
# that are farther away hold articles, requests or parts of a page.
_STEPS_MAX = 2
_BETWEEN = " <> "  # no tag goes on behind it
_HEAD = 4  # words by which two copies are told apart


@dataclass(slots=True, eq=False)
class _List:
    """``at`` is the member of ``above`` that holds this list, ``steps`` objects deep in it.
    ``heads`` are the first words of the copy in each member that carries one."""

    above: _List | None
    at: int
    steps: int
    heads: dict[int, tuple[bytes, ...]] = field(default_factory=dict)

    def is_text(self) -> bool:
        """Whether two members, here or in a list around, carry copies of different places."""
        here: _List | None = self
        while here is not None:
            if len(set(here.heads.values())) > 1:
                return True
            here = here.above
        return False


@dataclass(slots=True)
class _Leaf:
    """A string, where it can be changed: ``holder[key]``. Members of a list bear its name."""

    holder: Any
    key: Any
    name: str
    text: str
    above: _List | None
    at: int
    steps: int


def row_of(data: Any) -> list[bytes]:
    """The words of all strings, name by name: a copy in pieces is one there."""
    named: dict[str, list[str]] = {}
    for leaf in _leaves(data):
        named.setdefault(leaf.name, []).append(leaf.text)
    row: list[bytes] = []
    for texts in named.values():
        row += tokens(without_tags(undone(_BETWEEN.join(texts))))
        row.append(NO_WORD)
    return row


def carries(data: Any, withheld: Withheld) -> bool:
    """Whether strings that stand apart in the data come to a copy together."""
    return bool(_copied(list(_leaves(data)), withheld))


def cut(data: Any, withheld: Withheld, *, linked: bool = False) -> None:
    """Empty what carries a copy. The lists of ``linked`` data (JSON-LD) hold things of any kind."""
    leaves = list(_leaves(data))
    copied = _copied(leaves, withheld)
    for number, leaf in enumerate(leaves):
        if number in copied or withheld.stands_in(leaf.text):
            leaf.holder[leaf.key] = ""
        if number in copied and not linked:
            _tell(leaf, copied[number])
    if linked:
        return
    names = {leaves[number].name for number in copied}
    told: dict[int, bool] = {}
    for leaf in leaves:
        above = leaf.above
        if above is None or not (leaf.name in names or _says(leaf.text)):
            continue
        if id(above) not in told:
            told[id(above)] = above.is_text()
        if told[id(above)] and not withheld.shows(without_tags(undone(leaf.text))):
            leaf.holder[leaf.key] = ""


def _tell(leaf: _Leaf, head: tuple[bytes, ...]) -> None:
    """Say to the lists around a copy which of their members carries it."""
    here: _Leaf | _List = leaf
    while here.above is not None and here.steps <= _STEPS_MAX:
        here.above.heads.setdefault(here.at, head)
        here = here.above


def _says(text: str) -> bool:
    """Whether it is more than a name, a number or an address."""
    return " " in text.strip() or not text.isascii()


def _copied(leaves: list[_Leaf], withheld: Withheld) -> dict[int, tuple[bytes, ...]]:
    """Which strings are part of a copy, read in a row with their like, and how it begins in each."""
    row, owners = _row(leaves)
    lengths = Counter(owners)
    counts: Counter[int] = Counter()
    first: dict[int, int] = {}
    for at in sorted(withheld.of_body.covered(row)):
        counts[owners[at]] += 1
        first.setdefault(owners[at], at)
    return {
        number: tuple(row[at : at + _HEAD])
        for number, at in first.items()
        # As in ``leaks``: not when a copy's last word happens to begin it.
        if counts[number] >= RUN or counts[number] * 2 >= lengths[number]
    }


def _row(leaves: list[_Leaf]) -> tuple[list[bytes], list[int]]:
    """The words of all strings, name by name, and which string each belongs to."""
    named: dict[str, list[int]] = {}
    for number, leaf in enumerate(leaves):
        named.setdefault(leaf.name, []).append(number)
    row: list[bytes] = []
    owners: list[int] = []
    for numbers in named.values():
        for number in numbers:
            said = tokens(without_tags(undone(leaves[number].text)))
            row += said
            owners += [number] * len(said)
        row.append(NO_WORD)
        owners.append(-1)
    return row, owners


def _leaves(data: Any) -> Iterator[_Leaf]:
    """Every string of the data, in the order in which it is written."""
    flat = _is_flat(data)
    seen: set[int] = set()
    waiting: list[tuple[Any, Any, str, _List | None, int, int]]
    waiting = [(data if flat else [data], 0, "", None, 0, 0)]
    while waiting:
        holder, key, name, above, at, steps = waiting.pop()
        if flat:
            if key in seen or not 0 <= key < len(data):
                continue
            seen.add(key)
        value = holder[key]
        if isinstance(value, str):
            yield _Leaf(holder, key, name, value, above, at, steps)
        elif isinstance(value, dict):
            waiting += [
                (data if flat else value, value[own] if flat else own, own, above, at, steps + 1)
                for own in reversed(value)
            ]
        elif isinstance(value, list) and flat and value and isinstance(value[0], str):
            # What is said of a value stands around it: ["Reactive", 3], ["Set", 4, 5].
            places = [member for member in value[1:] if isinstance(member, int)]
            waiting += [(data, place, name, above, at, steps) for place in reversed(places)]
        elif isinstance(value, list):
            inner = _List(above, at, steps)
            waiting += [
                (data if flat else value, value[own] if flat else own, name, inner, own, 0)
                for own in reversed(range(len(value)))
            ]
    if flat:
        for key, value in enumerate(data):
            if isinstance(value, str) and key not in seen:
                yield _Leaf(data, key, "", value, None, 0, 0)


def _is_flat(data: Any) -> bool:
    """Whether this is a list of all values, whose objects and lists hold the places of their members
    (https://github.com/sveltejs/devalue, in which Nuxt and SvelteKit write)."""
    if not isinstance(data, list) or not data or not isinstance(data[0], dict | list):
        return False
    for value in data:
        # The first of a list may tell what kind it is, the second of a date when.
        kinds = (
            int | str if isinstance(value, list) and value and isinstance(value[0], str) else int
        )
        members = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list) and not all(isinstance(one, kinds) for one in members):
            return False
    return True
