"""The raw request target, parsed once into the path that is both judged and sent.

Pure. RFC 3986 section 6.2.2 leaves ways to write one path; servers disagree on more. So unreserved
characters are decoded, everything else stays encoded in one spelling, an empty or single-dot
segment moves the reader to the canonical place, and whatever two servers could read differently
(a parent segment, an encoded slash, dot segment, backslash or percent sign) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.errors import RequestRefused

TARGET_BYTES_MAX = 16 << 10

_VISIBLE = re.compile(rb"[\x21\x22\x24-\x5b\x5d-\x7e]*")  # no control, space, # \ or non-ASCII
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)+/?|/")
_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Encoded, these would be a control, a delimiter of paths, a parameter, or a second encoding.
_FORBIDDEN = frozenset((*range(0x20), 0x7F, 0x25, 0x2F, 0x5C))


@dataclass(frozen=True, slots=True)
class MovedTo:
    """The canonical target; answered with 308."""

    location: bytes


@dataclass(frozen=True, slots=True)
class Target:
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
    if not _QUERY.fullmatch(query):
        raise RequestRefused(400, "query-not-plain")
    canonical = canonical_path(path, path_parameters_allowed=path_parameters_allowed)
    segments = canonical.split(b"/")[1:]
    if b".." in segments:
        raise RequestRefused(400, "parent-in-path")
    if b"" in segments[:-1] or b"." in segments:
        return MovedTo(_tidied(segments) + mark + query)
    return Target(canonical.decode("ascii"), query)


def canonical_path(path: bytes, *, path_parameters_allowed: bool = False) -> bytes:
    """One spelling of a path; empty and dot segments stay for the caller to judge."""
    if _PLAIN.fullmatch(path):
        return path
    if not _VISIBLE.fullmatch(path):
        raise RequestRefused(400, "path-not-plain")
    canonical = _ESCAPE.sub(_escape, path) if b"%" in path else path
    if not path_parameters_allowed and (b";" in canonical or b"%3B" in canonical):
        raise RequestRefused(400, "path-parameters")
    if b"%" in canonical:
        _refuse_disguises(path, canonical)
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


def _refuse_disguises(path: bytes, canonical: bytes) -> None:
    """Escapes must spell UTF-8, without surrogates or overlong forms (RFC 3629)."""
    raw = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), canonical)
    try:
        raw.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise RequestRefused(400, "path-not-utf-8") from None


def _tidied(segments: list[bytes]) -> bytes:
    kept = [segment for segment in segments[:-1] if segment not in (b"", b".")]
    last = segments[-1]
    return b"/" + b"/".join((*kept, b"" if last in (b"", b".") else last)) if kept or last else b"/"
