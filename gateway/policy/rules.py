"""Reading one rule, one label source and the teaser's settings from YAML nodes.

What must not be here: files, packs, or anything about the order of rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.model.access import MEMBERS, PAID, PUBLIC, REFUSE, Access, Level
from gateway.model.request import Device
from gateway.model.rule import (
    DEFAULT_KEEP,
    Keep,
    LabelKind,
    LabelSource,
    PageConditions,
    RequestConditions,
    Rule,
    TeaserSettings,
)
from gateway.policy.conditions import BadCondition, request_test
from gateway.policy.labels import fold
from gateway.policy.nodes import Item, Reading
from gateway.policy.paths import BadPattern, pattern_key

LEVELS = {"public": PUBLIC, "members": MEMBERS, "paid": PAID, "refuse": REFUSE}
AS_LABELLED = "as-labelled"
RULE_KEYS = (
    "name path host query method header country label section tag author language younger_than"
    " older_than referrer device when access tiers cache personal teaser first"
).split()
TEASER_KEYS = ("body", "root", "chrome", "keep")
KEEP_KEYS = ("paragraphs", "words_max", "percent", "until")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class WrittenRule(NamedTuple):
    """``first``: it stands before the rules that aren't. ``teaser`` holds the keys that the rule gave,
    for ``load`` to put over the site's."""

    rule: Rule
    first: bool
    teaser: dict[str, Any] | None


def read_rule(reading: Reading, node: Node) -> WrittenRule | None:
    """None where it can't be used."""
    keys = reading.mapping(node, RULE_KEYS, "a rule")
    before = len(reading.faults)
    name = reading.text(keys["name"].node, "`name`") if "name" in keys else None
    if "name" not in keys or (name is not None and not name.strip()):
        reading.fault(node, "a rule has a `name`")
    if "access" not in keys:
        reading.fault(node, "a rule says its `access`")
    access = read_access(reading, keys.get("access"), keys.get("tiers"), as_labelled=True)
    teaser = read_teaser(reading, keys["teaser"].node) if "teaser" in keys else None
    rule = Rule(
        name=name or "",
        place=reading.place(node),
        access=access,
        paths=_paths(reading, keys.get("path")),
        hosts=_hosts(reading, keys.get("host")),
        page=_page_conditions(reading, keys),
        request=_request_conditions(reading, keys),
        cache_seconds=_seconds(reading, keys, "cache"),
        personal=bool("personal" in keys and reading.truth(keys["personal"].node, "`personal`")),
    )
    first = bool("first" in keys and reading.truth(keys["first"].node, "`first`"))
    return WrittenRule(rule, first, teaser) if len(reading.faults) == before else None


def read_access(
    reading: Reading, access: Item | None, tiers: Item | None, *, as_labelled: bool = False
) -> Access | None:
    """None is as-labelled, or a fault that is noted."""
    if access is None:
        return None
    words = (*LEVELS, AS_LABELLED) if as_labelled else tuple(LEVELS)
    word = reading.one_of(access.node, words, "`access`")
    names = reading.texts(tiers.node, "`tiers`") if tiers is not None else ()
    if tiers is not None and word != "paid":
        reading.fault(tiers.place, "`tiers` goes with `access: paid`")
    if word is None or word == AS_LABELLED:
        return None
    return Access(Level.PAID, frozenset(names)) if names else LEVELS[word]


def _paths(reading: Reading, item: Item | None) -> tuple[str, ...]:
    if item is None:
        return ()
    nodes = item.node.value if isinstance(item.node, SequenceNode) else [item.node]
    for node in nodes:
        if isinstance(node, ScalarNode):
            reading.tried(
                node, partial(pattern_key, str(node.value), case_sensitive=True), BadPattern
            )
    return reading.texts(item.node, "`path`")


def _hosts(reading: Reading, item: Item | None) -> tuple[str, ...]:
    """A host that no request bears would leave its rule asleep, and its pages open."""
    hosts = reading.texts(item.node, "`host`") if item is not None else ()
    for host in hosts:
        if item is not None and not _HOST.fullmatch(host):
            reading.fault(
                item.node,
                f"`host` is a name without a port, such as news.example or *.news.example, not `{host}`",
            )
    return tuple(host.lower() for host in hosts)


def _texts(reading: Reading, keys: dict[str, Item], key: str) -> tuple[str, ...]:
    return reading.texts(keys[key].node, f"`{key}`") if key in keys else ()


def _seconds(reading: Reading, keys: dict[str, Item], key: str) -> float | None:
    return reading.seconds(keys[key].node, f"`{key}`") if key in keys else None


def _page_conditions(reading: Reading, keys: dict[str, Item]) -> PageConditions:
    if "label" in keys:
        nodes = keys["label"].node
        for node in nodes.value if isinstance(nodes, SequenceNode) else [nodes]:
            reading.one_of(node, ("any", "public", "members", "paid"), "`label`")

    def folded(key: str) -> tuple[str, ...]:
        return tuple(fold(text) for text in _texts(reading, keys, key))

    for language in _texts(reading, keys, "language"):
        if not _LANGUAGE.fullmatch(language):
            reading.fault(
                keys["language"].node, f"`language` is a tag such as fr or pt-BR, not `{language}`"
            )
    younger, older = _seconds(reading, keys, "younger_than"), _seconds(reading, keys, "older_than")
    if younger is not None and older is not None and younger <= older:
        reading.fault(keys["older_than"].node, "no page is younger than that and older than this")
    return PageConditions(
        labels=_texts(reading, keys, "label"),
        sections=folded("section"),
        tags=folded("tag"),
        authors=folded("author"),
        languages=folded("language"),
        younger_than_seconds=younger,
        older_than_seconds=older,
    )


def _request_conditions(reading: Reading, keys: dict[str, Item]) -> RequestConditions:
    methods = tuple(text.upper() for text in _texts(reading, keys, "method"))
    for method in methods:
        if method not in _METHODS:
            reading.fault(keys["method"].node, f"`method` is one of {', '.join(_METHODS)}")
    devices = _texts(reading, keys, "device")
    for device in devices:
        if device not in tuple(Device):
            reading.fault(keys["device"].node, f"`device` is one of {', '.join(Device)}")
    for country in _texts(reading, keys, "country"):
        if not _COUNTRY.fullmatch(country):
            reading.fault(
                keys["country"].node, f"`country` is a code of two letters, not `{country}`"
            )
    for referrer in _texts(reading, keys, "referrer"):
        if not _HOST.fullmatch(referrer):
            reading.fault(
                keys["referrer"].node,
                f"`referrer` is a host such as t.co or *.news.example, not `{referrer}`",
            )
    query, query_any = _pairs(reading, keys, "query", str)
    headers, headers_any = _pairs(reading, keys, "header", str.lower)
    conditions = RequestConditions(
        methods=methods,
        query=query,
        query_any=query_any,
        headers=headers,
        headers_any=headers_any,
        countries=tuple(text.upper() for text in _texts(reading, keys, "country")),
        referrers=tuple(
            text.lower().removeprefix("www.") for text in _texts(reading, keys, "referrer")
        ),
        devices=tuple(Device(device) for device in devices if device in tuple(Device)),
        when=(reading.text(keys["when"].node, "`when`") or "") if "when" in keys else "",
    )
    if "when" in keys:
        reading.tried(keys["when"].node, lambda: request_test(conditions), BadCondition)
    return conditions


def _pairs(
    reading: Reading, keys: dict[str, Item], key: str, fold_name: Callable[[str], str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """``query: [a, b]`` asks for any of the names, ``query: {a: "1"}`` for all with their values."""
    if key not in keys:
        return (), ()
    node = keys[key].node
    if isinstance(node, MappingNode):
        pairs = reading.mapping(node, None, f"`{key}`")
        read = [(name, reading.text(item.node, f"`{key}`")) for name, item in pairs.items()]
        return tuple((fold_name(name), text) for name, text in read if text is not None), ()
    return (), tuple(fold_name(name) for name in reading.texts(node, f"`{key}`"))


def read_label(reading: Reading, node: Node) -> LabelSource | None:
    kinds = tuple(LabelKind)
    keys = reading.mapping(node, (*kinds, "map"), "a label")
    chosen = [kind for kind in LabelKind if kind in keys]
    if len(chosen) != 1:
        reading.fault(node, f"a label is read in one place: {', '.join(kinds)}")
        return None
    name = reading.text(keys[chosen[0]].node, f"`{chosen[0]}`") or ""
    if chosen[0] is LabelKind.GHOST and name != "content-api":
        reading.fault(keys[chosen[0]].node, "`ghost` knows content-api")
    mapped: dict[str, Access] = {}
    pairs = reading.mapping(keys["map"].node, None, "`map`") if "map" in keys else {}
    for word, item in pairs.items():
        access = _mapped(reading, item.node)
        if access is not None:
            mapped[fold(word)] = access
    return LabelSource(chosen[0], name, tuple(mapped.items()))


def _mapped(reading: Reading, node: Node) -> Access | None:
    if not isinstance(node, MappingNode):
        word = reading.one_of(node, ("public", "members", "paid"), "a label's meaning")
        return LEVELS[word] if word else None
    keys = reading.mapping(node, ("access", "tiers"), "a label's meaning")
    if "access" not in keys:
        reading.fault(node, "a label's meaning says its `access`")
    return read_access(reading, keys.get("access"), keys.get("tiers"))


def read_teaser(reading: Reading, node: Node) -> dict[str, Any]:
    """The keys that were given, so that each can override a pack's by itself."""
    keys = reading.mapping(node, TEASER_KEYS, "`teaser`")
    given: dict[str, Any] = {
        key: reading.texts(keys[key].node, f"`{key}`")
        for key in ("body", "root", "chrome")
        if key in keys
    }
    if "keep" in keys:
        given["keep"] = _keep(reading, keys["keep"].node)
    return given


def _keep(reading: Reading, node: Node) -> Keep:
    keys = reading.mapping(node, KEEP_KEYS, "`keep`")
    ways = [key for key in ("paragraphs", "percent", "until") if key in keys]
    if len(ways) > 1:
        reading.fault(node, "`keep` takes one of paragraphs, percent and until")

    def number(key: str, most: int) -> int | None:
        if key not in keys:
            return None
        return reading.number(keys[key].node, f"`{key}`", least=0, most=most)

    until = reading.text(keys["until"].node, "`until`") if "until" in keys else None
    if until is not None:
        until = until.strip().removeprefix("<!--").removesuffix("-->").strip()
    keep = Keep(
        number("paragraphs", 1000), number("percent", 100), until, number("words_max", 100_000)
    )
    if not ways:
        return Keep(paragraphs=1000, words_max=keep.words_max) if keep.words_max else DEFAULT_KEEP
    return keep


def teaser_of(given: dict[str, Any]) -> TeaserSettings:
    """What ``read_teaser`` gave, over the defaults."""
    return TeaserSettings(**given)
