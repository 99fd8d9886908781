"""The forms in which a page can carry text that isn't its visible text, undone.

HTML entities, JavaScript and JSON escapes, percent-encoding in UTF-8 or by ``escape()``, base64 and
hexadecimal in any of the charsets that text is found in: each again, as scripts do when they put
HTML into JSON into an attribute. Bounded in rounds; what is deeper isn't looked for.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from contextlib import suppress

_ROUNDS_MAX = 4
_ESCAPE = re.compile(
    r"(?<!\\)\\++(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|([nrtbfv\"'/`0]))"
)
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_PERCENT_U = re.compile(r"%u([0-9a-fA-F]{4})")
_BASE64_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_APART = bytes(byte if byte in _BASE64_SIGNS else 0x20 for byte in range(256))
# Marks each byte that base64 may hold, so that a page without long runs is told by one search.
_MARKED = bytes(0x31 if byte in _BASE64_SIGNS else 0x20 for byte in range(256))
_RUN_MIN = 40
_STANDARD = bytes.maketrans(b"-_", b"+/")
# A run is in one of two alphabets (RFC 4648 sections 4 and 5), so a path of slugs is none.
_ONE_ALPHABET = re.compile(rb"[A-Za-z0-9+/]{40,}|[A-Za-z0-9_-]{40,}")
_HEX = re.compile(rb"(?:[0-9a-f]{2})+|(?:[0-9A-F]{2})+")
# Text has few control characters in any charset, files have many.
_UNTYPED = bytes(byte for byte in range(32) if byte not in b"\t\n\r") + b"\x7f"
_CONTROLS_SHARE = 16
_TAG = re.compile(r"<((/?[a-zA-Z][^\s<>/]*|!--|[!?/])[^<>]*)>")
# These stand within a line, so that a word may go on behind them; any other tag ends a word.
_INLINE = (
    "a abbr b bdi bdo big cite code data del dfn em font i ins kbd label mark q rb ruby s samp small"
    " span strike strong sub sup time tt u var wbr"
).split()
_SPACE_FOR = dict.fromkeys(
    ("!--", *_INLINE, *map(str.upper, _INLINE), *(f"/{name}" for name in _INLINE)), ""
)
_LONG_TAG_MIN = 40


def undone(text: str) -> str:
    """The text with every escape resolved."""
    for _ in range(_ROUNDS_MAX):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "\\" in text:
            text = _ESCAPE.sub(_character, text)
        if "%" in text:
            if "%u" in text:
                text = _PERCENT_U.sub(lambda match: chr(int(match[1], 16)), text)
            text = _PERCENT.sub(_from_percents, text)
        if text == before:
            break
    return text


def _character(match: re.Match[str]) -> str:
    for group, base in ((match[1], 16), (match[2], 16), (match[3], 16), (match[4], 8)):
        if group:
            number = int(group, base)
            return chr(number) if number <= 0x10FFFF else " "
    return match[5] if match[5] in "\"'/`" else " "


def _from_percents(match: re.Match[str]) -> str:
    said = bytes.fromhex(match[0].replace("%", ""))
    try:
        return said.decode()
    except UnicodeDecodeError:
        return said.decode("cp1252", "replace")  # ``escape()`` writes a character's number


def without_tags(text: str) -> str:
    """As it is read: what stands in two blocks, or before and after a ``<br>``, is two words."""
    return _read(_TAG.split(text))


def _read(parts: list[str]) -> str:
    """``parts`` are texts, and between each two a tag and its name. To ask a function of each tag
    would take half as long again."""
    parts[2::3] = [_SPACE_FOR.get(name, " ") for name in parts[2::3]]
    del parts[1::3]
    return "".join(parts)


def faces(text: str) -> Iterator[str]:
    """The text as it stands once undone, without its tags, then its long tags (attributes carry
    text too), then what base64 in it says."""
    plain = undone(text)
    if "<" in plain:
        parts = _TAG.split(plain)
        tags = [tag for tag in parts[1::3] if len(tag) > _LONG_TAG_MIN]
        yield _read(parts)
        if tags:
            yield "\n".join(tags)
    else:
        yield plain
    for said in encoded(plain):
        yield without_tags(undone(said))
        # Twice, as who nests one encoder in another does.
        for again in encoded(said):
            yield without_tags(undone(again))


def encoded(text: str) -> Iterator[str]:
    """What base64 and hexadecimal runs say, if it may be text."""
    octets = text.encode("latin-1", "replace")
    if b"1" * _RUN_MIN not in octets.translate(_MARKED):
        return
    for stretch in octets.translate(_APART).split():
        if len(stretch) < _RUN_MIN:
            continue
        # Text comes to capitals and small letters in base64: slugs and hashes aren't any.
        if stretch.islower() or stretch.isupper():
            if _HEX.fullmatch(stretch):
                yield from _said(bytes.fromhex(stretch.decode("ascii")))
            continue
        for run in _ONE_ALPHABET.findall(stretch):
            with suppress(binascii.Error):
                yield from _said(binascii.a2b_base64(run.translate(_STANDARD) + b"=="))


def _said(octets: bytes) -> Iterator[str]:
    length = len(octets)
    if octets.count(0) * 3 > length:
        yield octets.decode("utf-16-le" if octets[1:2] == b"\0" else "utf-16-be", "replace")
    elif (length - len(octets.translate(None, _UNTYPED))) * _CONTROLS_SHARE < length:
        try:
            yield octets.decode()
        except UnicodeDecodeError:
            yield octets.decode("utf-8", "ignore")
            yield octets.decode("cp1252", "replace")
