"""Reading ``policies/*.yaml`` and the packs they include: every fault at once, each with its place.

The only file of the room that opens files. Files are read in the order of their names, and a key
that must stand once stands once among all of them. ``*.test.yaml`` are tables, not policies.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from gateway import shipped
from gateway.errors import Faults
from gateway.model.access import PUBLIC, Access
from gateway.model.fault import Fault, Place
from gateway.model.rule import Badges, LabelSource, PageSettings, Replacement, Rule
from gateway.policy.nodes import Item, Reading, meant
from gateway.policy.rules import (
    WrittenRule,
    read_access,
    read_label,
    read_rule,
    read_teaser,
    teaser_of,
)
from gateway.policy.shadowed import shadowed
from gateway.policy.source import PolicySource

KEYS = (
    "version include default query teaser replace remove labels rules badges case_sensitive"
    " path_parameters"
).split()
PACK_KEYS = (*KEYS, "preview")
FILE_BYTES_MAX = 64 << 20
TEST_ENDING = ".test.yaml"


@dataclass(slots=True)
class Written:
    """What one file says. Lists keep their order; ``once`` holds what may be said once in all."""

    once: dict[str, tuple[Place, Any]] = field(default_factory=dict)
    includes: list[Item] = field(default_factory=list)
    teaser: dict[str, Any] = field(default_factory=dict)
    labels: list[LabelSource] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    replace: list[Replacement] = field(default_factory=list)
    remove: list[str] = field(default_factory=list)
    previews: list[str] = field(default_factory=list)
    rules: list[WrittenRule] = field(default_factory=list)


def load(folder: Path, *, timezone: tzinfo = UTC) -> PolicySource:
    """The whole policy of a folder. ``timezone``: the site's. Raises Faults."""
    return load_texts(read_files(folder), timezone=timezone)


def read_files(folder: Path) -> list[tuple[str, str]]:
    """The name and the text of each file of a folder's policy. Raises Faults."""
    paths = files_of(folder)
    if not paths:
        there = os.path.isdir(folder)  # noqa: PTH112 - pathlib's raises where a parent is closed
        told = "the folder holds no policy (*.yaml)" if there else "no such folder of policies"
        raise Faults((Fault(Place(str(folder)), told),))
    return [(str(path), _text(path)) for path in paths]


def files_of(folder: Path) -> list[Path]:
    """Those that a policy stands in; none where it can't be looked into."""
    try:
        return sorted(
            path
            for ending in ("*.yaml", "*.yml")
            for path in folder.glob(ending)
            if not path.name.endswith(TEST_ENDING)
        )
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Faults((Fault(Place(str(path)), "larger than 64 MB"),))
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Faults((Fault(Place(str(path), 1, 1), "not UTF-8"),)) from None
    except OSError as error:
        raise Faults((Fault(Place(str(path)), error.strerror or "can't be read"),)) from None


def load_texts(files: Iterable[tuple[str, str]], *, timezone: tzinfo = UTC) -> PolicySource:
    """The same from (name, text) pairs. Raises Faults with every fault of every file."""
    files = list(files)
    faults: list[Fault] = []
    digest = hashlib.sha256()
    own = Written()
    packs: dict[str, Written] = {}
    for name, text in files:
        digest.update(text.encode())
        reading = Reading(name)
        _merge(own, _read_file(reading, text, in_pack=False), reading)
        for item in own.includes:
            _include(reading, item, packs, digest)
        own.includes.clear()
        faults.extend(reading.faults)
    if "default" not in own.once and (own.rules or not faults):
        faults.append(
            Fault(Place(files[0][0], 1, 1), "`default` is required: public, members or paid")
        )
    if faults:
        # Whoever mends these wants to hear of the others as well.
        own.once.setdefault("default", (Place(files[0][0], 1, 1), PUBLIC))
        faults += shadowed(_together(own, list(packs.values()), "", timezone))
        raise Faults(tuple(sorted(faults)))
    return _together(own, list(packs.values()), digest.hexdigest(), timezone)


def _include(
    reading: Reading, item: Item, packs: dict[str, Written], digest: hashlib._Hash
) -> None:
    folder = shipped.folder("policies")
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    for name in reading.texts(item.node, "`include`"):
        if name in packs:
            continue
        if name not in known:
            reading.fault(item.node, f"no pack `{name}`: {', '.join(known)}{meant(name, known)}")
            continue
        text = (folder / f"{name}.yaml").read_text("utf-8")
        digest.update(text.encode())
        pack = Reading(f"{name}.yaml")
        packs[name] = _read_file(pack, text, in_pack=True)
        reading.faults.extend(pack.faults)


def _read_file(reading: Reading, text: str, *, in_pack: bool) -> Written:
    written = Written()
    root = reading.compose(text)
    if root is None:
        return written
    keys = reading.mapping(root, PACK_KEYS if in_pack else KEYS, "a policy file")
    if "version" not in keys:
        reading.fault(root, "`version: 1` is required")
    elif reading.text(keys["version"].node, "`version`") != "1":
        reading.fault(keys["version"].node, "`version` is 1")
    if "include" in keys:
        written.includes.append(keys["include"])
    _read_once(reading, keys, written)
    if "teaser" in keys:
        written.teaser = read_teaser(reading, keys["teaser"].node)
    _read_lists(reading, keys, written)
    return written


def _read_once(reading: Reading, keys: dict[str, Item], written: Written) -> None:
    def note(key: str, value: Any) -> None:
        if value is not None:
            written.once[key] = (keys[key].place, value)

    if "default" in keys:
        note("default", read_access(reading, keys["default"], None))
    if "case_sensitive" in keys:
        note("case_sensitive", reading.truth(keys["case_sensitive"].node, "`case_sensitive`"))
    if "path_parameters" in keys:
        word = reading.one_of(
            keys["path_parameters"].node, ("allow", "refuse"), "`path_parameters`"
        )
        note("path_parameters", word)
    if "badges" in keys:
        note("badges", reading.one_of(keys["badges"].node, tuple(Badges), "`badges`"))


def _read_lists(reading: Reading, keys: dict[str, Item], written: Written) -> None:
    for key, into in (
        ("query", written.query),
        ("remove", written.remove),
        ("preview", written.previews),
    ):
        if key in keys:
            into.extend(reading.texts(keys[key].node, f"`{key}`"))
    for node in reading.items(keys["labels"].node, "`labels`") if "labels" in keys else ():
        label = read_label(reading, node)
        if label is not None:
            written.labels.append(label)
    for node in reading.items(keys["replace"].node, "`replace`") if "replace" in keys else ():
        pair = reading.mapping(node, ("css", "href"), "`replace`")
        if set(pair) == {"css", "href"}:
            texts = (reading.text(pair[name].node, f"`{name}`") or "" for name in ("css", "href"))
            written.replace.append(Replacement(*texts))
        else:
            reading.fault(node, "`replace` takes `css` and `href`")
    for node in reading.items(keys["rules"].node, "`rules`") if "rules" in keys else ():
        rule = read_rule(reading, node)
        if rule is not None:
            written.rules.append(rule)


def _merge(all_files: Written, one: Written, reading: Reading) -> None:
    for key, (place, value) in one.once.items():
        if key in all_files.once:
            earlier = all_files.once[key][0]
            reading.fault(place, f"`{key}` stands twice; first at {earlier}")
        else:
            all_files.once[key] = (place, value)
    for key in one.teaser:
        if key in all_files.teaser:
            reading.faults.append(
                Fault(Place(reading.file, 1, 1), f"teaser's `{key}` stands in another file too")
            )
    all_files.teaser = {**one.teaser, **all_files.teaser}
    names = {written.rule.name: written.rule.place for written in all_files.rules}
    for written in one.rules:
        name, place = written.rule.name, written.rule.place
        if name in names:
            reading.fault(place, f"two rules are named `{name}`; the first at {names[name]}")
        names[name] = place
        all_files.rules.append(written)
    all_files.includes.extend(one.includes)
    for into, more in (
        (all_files.labels, one.labels),
        (all_files.query, one.query),
        (all_files.replace, one.replace),
        (all_files.remove, one.remove),
    ):
        into.extend(more)  # type: ignore[arg-type]  # the pairs are of one type each


def _together(own: Written, packs: list[Written], digest: str, timezone: tzinfo) -> PolicySource:
    """Before all others the rules that are ``first``, the site's before the packs'; then the others,
    in that order too. The site's labels before the packs'."""
    teaser: dict[str, Any] = {}
    for written in (*packs, own):
        teaser.update(written.teaser)
    everyone = (own, *packs)
    rules: list[Rule] = []
    mine: set[int] = set()
    for first in (True, False):
        for each in everyone:
            found = [_over(teaser, rule) for rule in each.rules if rule.first is first]
            if each is own:
                mine.update(range(len(rules), len(rules) + len(found)))
            rules.extend(found)

    def once(key: str, otherwise: Any) -> Any:
        return next((w.once[key][1] for w in everyone if key in w.once), otherwise)

    default: Access = own.once["default"][1]
    return PolicySource(
        default=default,
        settings=PageSettings(
            teaser=teaser_of(teaser),
            labels=tuple(label for written in everyone for label in written.labels),
            replace=tuple(each for written in everyone for each in written.replace),
            remove=tuple(each for written in everyone for each in written.remove),
            badges=Badges(once("badges", "keep")),
            timezone=timezone,
        ),
        rules=tuple(rules),
        query=frozenset(name for written in everyone for name in written.query),
        previews=tuple(path for pack in packs for path in pack.previews),
        case_sensitive=bool(once("case_sensitive", False)),
        path_parameters_allowed=once("path_parameters", "refuse") == "allow",
        digest=digest,
        own=frozenset(mine),
    )


def _over(site: dict[str, Any], written: WrittenRule) -> Rule:
    """The rule, its own teaser's keys over the site's: a rule that says how much is kept says nothing
    of where a body stands."""
    if written.teaser is None:
        return written.rule
    return replace(written.rule, teaser=teaser_of({**site, **written.teaser}))
