"""Which of the site's languages a page of ours speaks. Pure."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qs

_QUERY_BYTES_MAX = 8 << 10
_ACCEPT_BYTES_MAX = 200


def spoken(query: bytes, accept: bytes, languages: tuple[str, ...]) -> str:
    """What the address asks for (``lang``, set by whoever links here), else the first that the
    reader asks for in the reader's order, else the site's own. ``languages`` is never empty."""
    if b"lang=" in query[:_QUERY_BYTES_MAX]:
        asked = parse_qs(query[:_QUERY_BYTES_MAX].decode("latin-1")).get("lang", [""])[0]
        if near := nearest(asked.lower(), languages):
            return near
    for part in accept[:_ACCEPT_BYTES_MAX].decode("latin-1").lower().split(","):
        language = part.split(";")[0].split("-")[0].strip()
        if language in languages:
            return language
    return languages[0]


def nearest(language: str, languages: Collection[str]) -> str:
    """Of some languages the one itself, else the one it is a country's kind of (``fr-CA``: ``fr``);
    empty where none is."""
    near = (language, language.partition("-")[0])
    return next((each for each in near if each in languages), "")
