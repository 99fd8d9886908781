"""The forms in which a page can carry text that isn't its visible text, undone.

HTML entities, JavaScript and JSON escapes, percent-encoding, base64: each again, as scripts do when
they put HTML into JSON into an attribute. Bounded in rounds; what is deeper isn't looked for.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

_ROUNDS_MAX = 4
_ESCAPE = re.compile(
    r"(?<!\\)\\++(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|([nrtbfv\"'/`0]))"
)
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_BASE64_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
# Marks each byte that base64 may hold, so that long runs are found without a regex at each one.
_MARKED = bytes(0x31 if byte in _BASE64_CHARACTERS else 0x20 for byte in range(256))
_BASE64_RUN = re.compile(rb"1{40,}")
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_LONG_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{40,}>")
_BASE64_RUNS_MAX = 200


def undone(text: str) -> str:
    """The text with every escape resolved."""
    for _ in range(_ROUNDS_MAX):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "\\" in text:
            text = _ESCAPE.sub(_character, text)
        if "%" in text and _PERCENT.search(text):
            text = unquote(text, errors="replace")
        if text == before:
            break
    return text


def _character(match: re.Match[str]) -> str:
    for group, base in ((match[1], 16), (match[2], 16), (match[3], 16), (match[4], 8)):
        if group:
            number = int(group, base)
            return chr(number) if number <= 0x10FFFF else " "
    return match[5] if match[5] in "\"'/`" else " "


def without_tags(text: str) -> str:
    return _TAG.sub("", text)


def faces(text: str) -> Iterator[str]:
    """The text as it stands once undone, without its tags, then its long tags (attributes carry
    text too), then what base64 in it says."""
    plain = undone(text)
    if "<" in plain:
        yield without_tags(plain)
        tags = _LONG_TAG.findall(plain)
        if tags:
            yield "\n".join(tags)
    else:
        yield plain
    yield from _in_base64(text)


def _in_base64(text: str) -> Iterator[str]:
    marks = text.encode("latin-1", "replace").translate(_MARKED)
    if b"1" * 40 not in marks:
        return
    for number, match in enumerate(_BASE64_RUN.finditer(marks)):
        if number >= _BASE64_RUNS_MAX:
            return
        run = text[match.start() : match.end()].replace("-", "+").replace("_", "/")
        try:
            said = base64.b64decode(run + "=" * (-len(run) % 4)).decode("utf-8", "ignore")
        except (binascii.Error, ValueError):
            continue
        if " " in said or "%" in said or "+" in said:
            plain = undone(said)
            yield without_tags(plain) if "<" in plain else plain
