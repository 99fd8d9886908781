"""The raw request target, parsed once into the path that is both judged and sent.

Pure. RFC 3986 section 6.2.2 leaves ways to write one path; servers disagree on more. So unreserved
characters are decoded, everything else stays encoded in one spelling, an empty or single-dot
segment moves the reader to the canonical place, and whatever two servers could read differently
(a parent segment, an encoded slash, dot segment, backslash or percent sign) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize

from gateway.errors import RequestRefused

TARGET_BYTES_MAX = 16 << 10
# As many as PHP and most frameworks read. Each rule on a query looks at all of them.
QUERY_FIELDS_MAX = 1000

_VISIBLE = re.compile(rb"[\x21\x22\x24-\x5b\x5d-\x7e]*")  # no control, space, # \ or non-ASCII
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)+/?|/")
_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Encoded, these would be a control or a delimiter of paths.
_FORBIDDEN = frozenset((*range(0x20), 0x7F, 0x2F, 0x5C))
# An encoded percent sign that begins a second escape; IIS and others also read %uXXXX.
_ENCODED_TWICE = re.compile(rb"%25(?:[0-9A-Fa-f]{2}|[uU])")
# Browsers send these raw although RFC 3986 section 2 wants them encoded: one spelling for both.
_TO_ENCODE = re.compile(rb"[\"<>\[\]^`{|}]")


@dataclass(frozen=True, slots=True)
class MovedTo:
    """The canonical target; answered with 308."""

    location: bytes


class Target(NamedTuple):
    """``path`` is canonical, ``query`` raw without its ``?``."""

    path: str
    query: bytes


def canonical_target(raw: bytes, *, path_parameters_allowed: bool) -> Target | MovedTo:
    """Raises RequestRefused (400, or 414 for a target over its bound)."""
    if len(raw) > TARGET_BYTES_MAX:
        raise RequestRefused(414, "target-too-long")
    if not raw.startswith(b"/"):
        raise RequestRefused(400, "target-not-a-path")
    path, mark, query = raw.partition(b"?")
    if query and not _QUERY.fullmatch(query):
        raise RequestRefused(400, "query-not-plain")
    if len(query) >= QUERY_FIELDS_MAX and _fields(query) > QUERY_FIELDS_MAX:
        raise RequestRefused(400, "query-of-too-many-fields")
    if _PLAIN.fullmatch(path):
        return Target(path.decode("ascii"), query)
    canonical = canonical_path(path, path_parameters_allowed=path_parameters_allowed)
    segments = canonical.split(b"/")[1:]
    _refuse_dots(path.split(b"/")[1:], segments)
    if b"" in segments[:-1] or b"." in segments:
        return MovedTo(_tidied(segments) + mark + query)
    return Target(canonical.decode("ascii"), query)


def _fields(query: bytes) -> int:
    return query.count(b"&") + query.count(b";") + 1


def canonical_path(path: bytes, *, path_parameters_allowed: bool = False) -> bytes:
    """One spelling of a path; empty and dot segments stay for the caller to judge."""
    if _PLAIN.fullmatch(path):
        return path
    if not _VISIBLE.fullmatch(path):
        raise RequestRefused(400, "path-not-plain")
    canonical = _TO_ENCODE.sub(lambda match: b"%%%02X" % match[0][0], path)
    if b"%" in canonical:
        canonical = _ESCAPE.sub(_escape, canonical)
        _refuse_disguises(canonical)
    if not path_parameters_allowed and (b";" in canonical or b"%3B" in canonical):
        raise RequestRefused(400, "path-parameters")
    return canonical


def _escape(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        raise RequestRefused(400, "escape-not-hex")
    value = int(match[1], 16)
    if value in _FORBIDDEN:
        raise RequestRefused(400, "escape-forbidden")
    if value in _UNRESERVED:
        return bytes((value,))
    return b"%" + match[1].upper()


def _refuse_disguises(canonical: bytes) -> None:
    """No second encoding; and escapes spell UTF-8, without surrogates or overlong forms (RFC 3629)."""
    if _ENCODED_TWICE.search(canonical):
        raise RequestRefused(400, "path-encoded-twice")
    raw = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), canonical)
    try:
        text = raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise RequestRefused(400, "path-not-utf-8") from None
    # Some servers fold full-width stops and dot leaders into dots before they resolve segments.
    folded = [normalize("NFKC", part) for part in text.split("/") if not part.isascii()]
    if any(part in (".", "..") for segment in folded for part in segment.split("/")):
        raise RequestRefused(400, "dot-segment")


def _refuse_dots(sent: list[bytes], segments: list[bytes]) -> None:
    """No parent segment, no dot segment in disguise, and none with parameters behind it, which some
    servers strip first (``/..;x/``). A slash is never decoded, so both lists agree in length."""
    for raw, segment in zip(sent, segments, strict=True):
        name = segment.replace(b"%3B", b";").partition(b";")[0]
        if name == b".." or (name == b"." and raw != b"."):
            raise RequestRefused(400, "dot-segment")
        if name == b"" and segment != b"":
            raise RequestRefused(400, "path-parameters")


def _tidied(segments: list[bytes]) -> bytes:
    kept = [segment for segment in segments[:-1] if segment not in (b"", b".")]
    last = segments[-1]
    return b"/" + b"/".join((*kept, b"" if last in (b"", b".") else last)) if kept or last else b"/"
