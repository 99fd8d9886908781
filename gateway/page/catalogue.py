"""The texts that readers read: flat files of key → text, one a language.

``locale/fr.json`` and ``locale/en.json`` are shipped, with a file for each larger room beside them
(``locale/fr/plans.json``); a publisher's files change them key by key, whatever they are called, and
a publisher's ``locale/de.json`` adds a language. A text may hold ``{name}``
in the places its shipped twin does. What must not be here: HTML. Every text is escaped when drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from gateway.errors import Faults
from gateway.model.fault import Fault, Place

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
FILE_BYTES_MAX = 1 << 20
LAST_RESORT = "en"


class TextMissing(LookupError):
    """A template asks for a key, or for a value within a text, that nothing gives."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's texts, complete: what it lacks is said in the site's first language."""

    language: str
    direction: str
    locale: Locale
    texts: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """Raises TextMissing for an unknown key, or a placeholder without a value."""
        template = self.texts.get(key)
        if template is None:
            raise TextMissing(f"no text is called {key!r}")
        if "{" not in template:
            return template

        def value(match: re.Match[str]) -> str:
            if match[1] not in values:
                raise TextMissing(f"the text {key!r} asks for {match[0]}, which isn't given")
            return str(values[match[1]])

        return _PLACEHOLDER.sub(value, template)


class Catalogues:
    """Every language known. ``folders`` hold the ``locale`` folders, the publisher's first.

    Raises Faults when a file can't be used: with all of them, each with its line.
    """

    def __init__(self, folders: Sequence[Path], *, first_language: str) -> None:
        faults: list[Fault] = []
        said: dict[str, dict[str, str]] = {}
        shipped_keys: dict[str, str] = {}
        for folder in reversed(folders):
            for language, path in _files(folder / "locale"):
                texts = _read(path, language, known=shipped_keys, faults=faults)
                said.setdefault(language.lower(), {}).update(texts)
            # The folder read first is the one shipped: its English names every key there is.
            shipped_keys = shipped_keys or dict(said.get(LAST_RESORT, {}))
        if faults:
            raise Faults(tuple(sorted(faults)))
        fallback = {**said.get(LAST_RESORT, {}), **said.get(_primary(first_language), {})}
        self._known = {name: _catalogue(name, {**fallback, **said[name]}) for name in said}
        self._first = self._of(first_language) or self._known[LAST_RESORT]

    def speak(self, language: str) -> Catalogue:
        """The nearest there is: ``fr-CA``, then ``fr``, then the site's first language."""
        return self._of(language) or self._first

    def knows(self, language: str) -> bool:
        """Whether it has texts of its own, or of the language that it is a country's kind of."""
        return self._of(language) is not None

    def _of(self, language: str) -> Catalogue | None:
        return self._known.get(language.lower()) or self._known.get(_primary(language))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """``fr.json``, then ``fr/*.json``: a language may be one file, or a folder with one a room."""
    yield from ((path.stem, path) for path in sorted(folder.glob("*.json")))
    yield from ((path.parent.name, path) for path in sorted(folder.glob("*/*.json")))


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]


def _catalogue(name: str, texts: dict[str, str]) -> Catalogue:
    try:
        locale = Locale.parse(name, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale(LAST_RESORT)
    return Catalogue(name, locale.text_direction, locale, texts)


def _read(
    path: Path, language: str, *, known: Mapping[str, str], faults: list[Fault]
) -> dict[str, str]:
    """The texts of one file. ``known`` is empty for the files shipped, which name the keys."""
    if not _LANGUAGE.fullmatch(language):
        faults.append(Fault(Place(str(path)), "a locale file is called by its language: fr.json"))
        return {}
    raw = path.read_bytes()
    if len(raw) > FILE_BYTES_MAX:
        faults.append(Fault(Place(str(path)), f"larger than {FILE_BYTES_MAX} bytes"))
        return {}
    try:
        source = raw.decode()
        pairs: Any = json.loads(source, object_pairs_hook=list)
    except UnicodeDecodeError:
        faults.append(Fault(Place(str(path)), "not UTF-8"))
        return {}
    except json.JSONDecodeError as error:
        faults.append(Fault(Place(str(path), error.lineno, error.colno), _unread(error)))
        return {}
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        faults.append(Fault(Place(str(path), 1, 1), "not an object of keys and texts"))
        return {}
    texts: dict[str, str] = {}
    for key, text in pairs:
        wrong = f"{key!r} stands here twice" if key in texts else _wrong(key, text, known)
        if wrong:  # to find the place of each of 2,000 texts would take an eighth of a start
            at = _whereabouts(source, key, nth=2 if key in texts else 1)
            faults.append(Fault(Place(str(path), *at), wrong))
        else:
            texts[key] = text
    return texts


def _wrong(key: str, text: Any, known: Mapping[str, str]) -> str:
    """What its author has to mend; empty where it is as it should be."""
    if not isinstance(text, str):
        return f"the text of {key!r} isn't a string"
    if known and key not in known:
        return f"no text is called {key!r}"
    odd = _placeholders(text) - _placeholders(known[key]) if known else ()
    return f"{key!r} is never given {{{min(odd)}}}" if odd else ""


def _unread(error: json.JSONDecodeError) -> str:
    """Python's words for it end in the place, which stands before ours."""
    return f"not JSON: {error.msg.removesuffix(' at').removesuffix(' starting')}"


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _whereabouts(source: str, key: str, *, nth: int) -> tuple[int, int]:
    """Line and column of the nth time that ``key`` is given a value, both from 1."""
    pattern = re.compile(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:")
    found = list(pattern.finditer(source))
    if len(found) < nth:
        return 0, 0
    start = found[nth - 1].start()
    return source.count("\n", 0, start) + 1, start - (source.rfind("\n", 0, start) + 1) + 1
