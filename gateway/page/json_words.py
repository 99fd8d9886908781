"""What a page's JSON-LD says under one key, as words for the policy to read.

A value that is no word, and a script that names the key and can't be read, are words as well, which
nothing maps: so the page is the strictest. Which nodes are the page's own is ``structured_data``'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.page.structured_data import bare, types

UNREADABLE = "unreadable JSON-LD"
_CHARACTERS_MAX = 200
# Between a key and its value in a script that isn't JSON: quotes, escaped or as HTML writes them.
_TRUE = r"""(?:&quot;|&#34;|[\s"'\\:])*(?:https?:[\\/]*schema\.org[\\/]*)?true\b"""
_BOOLEANS = frozenset(("isaccessibleforfree",))


def words(key: str, speakers: Iterable[dict[str, Any]], broken: Iterable[str]) -> Iterator[str]:
    """``speakers`` are the nodes that may say it, ``broken`` the scripts that can't be read."""
    for node in speakers:
        yield from _said(key, node)
    for text in broken:
        if _names(key, text):
            yield UNREADABLE


def _said(key: str, node: dict[str, Any]) -> Iterator[str]:
    own = list(_values(key, node))
    yield from own
    if not own:
        # A page may say of its withheld part alone that it isn't free.
        parts = node.get("hasPart")
        for part in parts if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and "WebPageElement" in types(part):
                yield from (word for word in _values(key, part) if word != "true")


def _values(key: str, node: dict[str, Any]) -> Iterator[str]:
    wanted = key.casefold()
    for name, value in node.items():
        if bare(name).casefold() == wanted:
            for word in _plain(value):
                if word or wanted in _BOOLEANS:
                    yield word


def _plain(value: Any) -> Iterator[str]:
    """A JSON value as words; schema.org's Boolean may be an address (``schema.org/False``). Null says
    nothing (JSON-LD 1.1, section 4.1)."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, bool):
            yield str(each).lower()
        elif isinstance(each, int | float):
            yield str(each)
        elif isinstance(each, str):
            last = each.strip().rpartition("/")[2].lower()
            yield last if last in ("true", "false") else each.strip()[:_CHARACTERS_MAX]
        elif isinstance(each, dict) and "@value" in each:
            yield from _plain(each["@value"])
        elif each is not None:
            yield json.dumps(each, ensure_ascii=False)[:_CHARACTERS_MAX]


def _names(key: str, text: str) -> bool:
    """Whether a script names the key with any other value than true."""
    wanted, told = key.casefold(), text.casefold()
    opening = re.findall(re.escape(wanted) + _TRUE, told)
    return bool(wanted) and told.count(wanted) > len(opening)
