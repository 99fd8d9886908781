"""Marked sentences, and the search for them in everything that a page can hide text in.

A structure in ``structures/`` names its sentences as ``{{gone 3}}``: *gone* must not survive in any
form, *kept* must be read in the teaser, *site* belongs to the site and stays, *may* may go or stay.
Each sentence bears its marker at its start, middle and end, so a cut in two is found as well.
``{{gone 3 json}}`` writes the same sentence as a script, a URL or an encoder would.
"""

from __future__ import annotations

import base64
import html
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

STRUCTURES = Path(__file__).parent / "structures"
_PLACE = re.compile(r"\{\{(gone|kept|site|may) (\d+)(?: ([a-z-]+))?\}\}")
_MARKER = re.compile(r"(gone|kept|site|may)(\d\d)[abc]", re.IGNORECASE)
_WORDS = (
    "archive bateau cadran digue escale falaise grenier hangar indice jetée kiosque lanterne marée"
    " navette octroi phare quai registre sablier tempête usine verger wagon balise citerne drague"
    " écluse fanal galet halle île jardin levée mouette notaire ombre péage récif saline tocsin"
).split()
_VERBS = "referme traverse conteste éclaire mesure dépose ignore raconte abandonne retrouve".split()


@lru_cache(maxsize=4096)
def sentence(kind: str, number: int) -> str:
    """The same for the same name, and no run of five words shared with another."""
    choice = random.Random(f"{kind}-{number}")
    mark = f"{kind}{number:02d}"
    first, second = choice.sample(_WORDS, 4), choice.sample(_WORDS, 4)
    return (
        f"Le {first[0]} {mark}a {choice.choice(_VERBS)} la {first[1]} d'{first[2]} avant {mark}b,"
        f" puis {second[0]} et {second[1]} {choice.choice(_VERBS)} « {second[2]} » au {mark}c."
    )


FORMS: dict[str, Callable[[str], str]] = {
    "json": lambda text: json.dumps(text, ensure_ascii=True)[1:-1],
    "json-raw": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json-twice": lambda text: json.dumps(json.dumps(text))[1:-1],
    "html": html.escape,
    "html-twice": lambda text: html.escape(html.escape(text)),
    "numeric": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "url": lambda text: quote(text, safe=""),
    "plus": quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex-escapes": lambda text: "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else c for c in text),
    "upper": str.upper,
    "spaced": lambda text: text.replace(" ", " \n\t "),
    "nbsp": lambda text: text.replace(" ", "\N{NO-BREAK SPACE}"),
    "soft-hyphens": lambda text: text.replace("a", "a\N{SOFT HYPHEN}"),
    "bold-words": lambda text: " ".join(f"<b>{word}</b>" for word in text.split()),
}


def filled(source: str) -> str:
    """A structure's source with its sentences written out."""

    def written(match: re.Match[str]) -> str:
        text = sentence(match[1], int(match[2]))
        return FORMS[match[3]](text) if match[3] else text

    return _PLACE.sub(written, source)


def structure(name: str) -> bytes:
    return filled((STRUCTURES / f"{name}.html").read_text(encoding="utf-8")).encode()


def names() -> list[str]:
    return sorted(path.stem for path in STRUCTURES.glob("*.html"))


def markers(text: str, kind: str) -> set[int]:
    """Which sentences of ``kind`` leave any trace in ``text``, however it was written."""
    return {
        int(match[2])
        for face in faces(text)
        for match in _MARKER.finditer(face)
        if match[1].lower() == kind
    }


def whole(text: str, kind: str) -> set[int]:
    """Which sentences of ``kind`` can be read in full in the page's plain markup."""
    plain = " ".join(re.sub(r"<[^>]*>", "", html.unescape(text)).split())
    named = {int(match[2]) for match in _MARKER.finditer(plain) if match[1].lower() == kind}
    return {number for number in named if sentence(kind, number) in plain}


def faces(text: str) -> Iterator[str]:
    """The text as every decoder would read it, two deep."""
    seen = {text}
    level = [text]
    for _ in range(2):
        level = [face for one in level for face in _decoded(one) if face not in seen]
        seen.update(level)
    yield from seen
    for face in seen:
        yield re.sub("[\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}]", "", face)
        yield re.sub(r"<[^>]*>", "", face)


def _decoded(text: str) -> Iterator[str]:
    yield html.unescape(text)
    yield unquote(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
    yield re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
    runs = re.findall(r"[A-Za-z0-9+/_-]{24,}={0,2}", text)
    for run in runs:
        padded = run.replace("-", "+").replace("_", "/")
        padded = padded.rstrip("=") + "=" * (-len(padded.rstrip("=")) % 4)
        try:
            yield base64.b64decode(padded).decode("utf-8", "ignore")
        except ValueError:
            continue
