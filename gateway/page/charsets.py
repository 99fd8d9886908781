"""Which charset a page is in, as a browser finds it (WHATWG HTML, "determining the encoding").

Order: byte order mark, Content-Type, XML declaration, ``<meta>`` wherever it stands. Only charsets
that browsers know are decoded: Python's own codecs hold rot13 and UTF-7, which would hide text from
the leak search. Everything else is UTF-8 with replacement; nothing here raises.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# WHATWG Encoding, section 4.2, by the names that Python gives the same tables.
_KNOWN = {
    "utf-8": "utf-8",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "cp1252": "cp1252",
    "iso8859-9": "cp1254",
    "cp1254": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "cp874": "cp874",
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "euc_jp": "euc_jp",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "iso2022_jp": "iso2022_jp",
    "euc_kr": "cp949",
    "cp949": "cp949",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-roman": "mac-roman",
    "mac-cyrillic": "mac-cyrillic",
    **{name: name for name in ("cp866", "cp1250", "cp1251", "cp1253", "cp1255", "cp1256")},
    **{name: name for name in ("cp1257", "cp1258")},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}
_HEADER = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:+-]+)""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml\b[^>]{0,100}?\bencoding\s*=\s*["']([A-Za-z0-9_.:+-]+)""")
# Comments and raw text are stepped over, so that a meta inside them says nothing.
_META = re.compile(
    rb"""<!--(?:-?>|.*?--!?>|.*)|<(script|style|textarea|title|noscript)\b.*?(?:</\1|\Z)"""
    rb"""|<meta\b((?:"[^"]*"|'[^']*'|[^>"'])*)""",
    re.IGNORECASE | re.DOTALL,
)
_META_BYTES_MAX = 1 << 16


def decode(body: bytes, content_type: bytes | None) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    return body.decode(_named(body, content_type) or "utf-8", "replace")


def _named(body: bytes, content_type: bytes | None) -> str | None:
    if content_type is not None and (match := _HEADER.search(content_type)):
        name = known(match[1])
        if name:
            return name
    if match := _XML.match(body[:200]):
        name = known(match[1])
        if name:
            return _readable_as_ascii(name)
    # Bytes that are UTF-8 need no meta to say so; a wrong one is common, and harmless then only.
    for match in _META.finditer(body[:_META_BYTES_MAX]):
        if match[2] is not None and (said := _HEADER.search(match[2])):
            name = known(said[1])
            if name:
                return _readable_as_ascii(name)
    return None


def _readable_as_ascii(name: str) -> str:
    """A declaration that could be read as ASCII bytes can't be UTF-16: browsers take UTF-8 then."""
    return "utf-8" if name.startswith("utf-16") else name


def known(label: bytes) -> str | None:
    """Python's name of a charset that browsers know, or None."""
    try:
        found = codecs.lookup(label.decode("ascii")).name
    except (LookupError, UnicodeDecodeError, ValueError):
        return None
    return _KNOWN.get(found)
