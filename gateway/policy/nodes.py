"""Reading YAML nodes with their places: each fault is noted where it stands, and reading goes on.

The door to ruamel.yaml's composer. What must not be here: anything that knows policies.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.model.fault import Fault, Place

NODES_MAX = 1_000_000
DEPTH_MAX = 12
_DURATION = re.compile(r"(\d{1,7})\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a mapping: the place of the key, and its value."""

    place: Place
    node: Node


@dataclass(slots=True)
class Reading:
    """One file being read. ``faults`` grows; what can't be read comes back as None or empty."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def place(self, node: Node) -> Place:
        mark = node.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def fault(self, where: Node | Place, message: str) -> None:
        place = where if isinstance(where, Place) else self.place(where)
        self.faults.append(Fault(place, message))

    def compose(self, text: str) -> Node | None:
        """The document's root node; None when it isn't YAML, or is empty."""
        yaml = YAML(typ="safe", pure=True)
        try:
            root = yaml.compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file)
            self.fault(place, f"not YAML: {error.problem or error.context}")
            return None
        except RecursionError:
            self.fault(Place(self.file, 1, 1), "nested too deeply or far too large")
            return None
        except (YAMLError, ValueError) as error:
            self.fault(Place(self.file, 1, 1), f"not YAML: {str(error).splitlines()[0]}")
            return None
        if root is None:
            self.fault(Place(self.file, 1, 1), "the file is empty")
            return None
        return root if self._bounded(root) else None

    def _bounded(self, root: Node) -> bool:
        """Aliases can make a small file an endless tree: count what is reached, alias by alias."""
        waiting, seen = [(root, 1)], 0
        while waiting:
            node, depth = waiting.pop()
            seen += 1
            if seen > NODES_MAX or depth > DEPTH_MAX:
                self.fault(node, "nested too deeply or far too large")
                return False
            if isinstance(node, SequenceNode):
                waiting.extend((child, depth + 1) for child in node.value)
            elif isinstance(node, MappingNode):
                waiting.extend((value, depth + 1) for _, value in node.value)
        return True

    def mapping(self, node: Node, known: Collection[str] | None, what: str) -> dict[str, Item]:
        """Keys and values. Doubled keys and, with ``known``, unknown ones are faults."""
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what} is a mapping of keys to values")
            return {}
        found: dict[str, Item] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.fault(key_node, "a key is a word")
                continue
            key = str(key_node.value)
            if key in found:
                self.fault(key_node, f"`{key}` stands twice; first at line {found[key].place.line}")
            elif known is not None and key not in known:
                self.fault(key_node, f"unknown key `{key}` in {what}{meant(key, known)}")
            else:
                found[key] = Item(self.place(key_node), value_node)
        return found

    def text(self, node: Node, what: str) -> str | None:
        if not isinstance(node, ScalarNode) or str(node.tag).endswith(":null"):
            self.fault(node, f"{what} is one word or line of text")
            return None
        return str(node.value)

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """One text or a list of them."""
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        read = [self.text(each, what) for each in nodes]
        if not nodes:
            self.fault(node, f"{what} is an empty list")
        return tuple(text for text in read if text is not None)

    def items(self, node: Node, what: str) -> list[Node]:
        if not isinstance(node, SequenceNode):
            self.fault(node, f"{what} is a list")
            return []
        return list(node.value)

    def one_of(self, node: Node, words: Collection[str], what: str) -> str | None:
        text = self.text(node, what)
        if text is None or text in words:
            return text
        self.fault(node, f"{what} is one of {', '.join(words)}, not `{text}`{meant(text, words)}")
        return None

    def truth(self, node: Node, what: str) -> bool | None:
        if isinstance(node, ScalarNode) and str(node.tag).endswith(":bool"):
            return str(node.value).lower() == "true"
        self.fault(node, f"{what} is true or false")
        return None

    def number(self, node: Node, what: str, *, least: int, most: int) -> int | None:
        text = self.text(node, what)
        if text is None:
            return None
        if re.fullmatch(r"\d{1,9}", text) and least <= int(text) <= most:
            return int(text)
        self.fault(node, f"{what} is a whole number from {least} to {most}, not `{text}`")
        return None

    def seconds(self, node: Node, what: str) -> float | None:
        text = self.text(node, what)
        if text is None:
            return None
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            self.fault(node, f"{what} is a duration such as 60s, 5m, 24h or 7d, not `{text}`")
            return None
        return float(int(match[1]) * _SECONDS[match[2]])

    def tried(self, node: Node, make: Callable[[], T], errors: type[Exception]) -> T | None:
        """What ``make`` gives; its error becomes a fault at ``node``."""
        try:
            return make()
        except errors as error:
            self.fault(node, str(error))
            return None


def meant(word: str, known: Iterable[str]) -> str:
    """`` (did you mean …?)`` where a known word is near."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean `{near[0]}`?)" if near else ""
