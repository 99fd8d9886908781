"""What a page settles: labels, age, listings, and what can't be settled."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access, Level
from gateway.model.opening import Opening
from gateway.model.page import LabelWord, PageFacts, PageKind
from gateway.model.request import Device
from gateway.policy.ways import WayKind
from tests.policy.writing import NOW, READERS, asking, page, policy, said, settled, specialised

LABELLED = """
default: public
labels:
  - meta: tier
    map: { free: public, locked: { access: paid, tiers: [gold] } }
rules:
  - { name: fresh, label: members, younger_than: 24h, access: public }
  - { name: labelled, label: any, access: as-labelled }
"""
HOUR = 3600.0


@pytest.mark.parametrize(
    ("word", "access"),
    [
        ("free", PUBLIC),
        ("FREE ", PUBLIC),
        ("locked", Access(Level.PAID, frozenset({"gold"}))),
        ("members", MEMBERS),
        ("paid", PAID),
        ("a typing error", Access(Level.PAID, frozenset({"gold"}))),
        ("", Access(Level.PAID, frozenset({"gold"}))),
    ],
)
def test_a_label_says_what_the_map_makes_of_it(word: str, access: Access) -> None:
    assert settled(policy(LABELLED), page(word)).access == access


@pytest.mark.parametrize(
    ("age", "access", "flips"),
    [
        (HOUR, PUBLIC, NOW + 23 * HOUR),
        (24 * HOUR, MEMBERS, math.inf),
        (25 * HOUR, MEMBERS, math.inf),
        (-HOUR, MEMBERS, NOW + HOUR),  # a date in the future satisfies no age
        (None, MEMBERS, math.inf),
    ],
)
def test_an_age_opens_until_it_flips(age: float | None, access: Access, flips: float) -> None:
    made = specialised(policy(LABELLED), page("members", age=age))
    assert made.sole is not None
    assert made.sole.access == access
    assert made.flips_at == flips


def test_a_listing_is_decided_by_its_path_alone() -> None:
    cards = page("members", "locked", kind=PageKind.LISTING)
    assert settled(policy(LABELLED), cards).access == PUBLIC


def test_an_article_that_says_nothing_and_shows_no_body_is_the_strictest() -> None:
    silent = page(body=False)
    assert settled(policy(LABELLED), silent).access == Access(Level.PAID, frozenset({"gold"}))
    by_path = policy("default: public\nrules:\n  - { name: x, path: /a, access: members }")
    assert settled(by_path, silent).access == MEMBERS, "nothing hangs on the page here"


def test_as_labelled_follows_nothing_where_there_is_no_label() -> None:
    rules = policy(
        "default: members\nlabels: [{ meta: tier }]\n"
        "rules: [{ name: x, younger_than: 24h, access: as-labelled }]\n"
    )
    assert settled(rules, page(age=HOUR)).access == MEMBERS
    assert settled(rules, page("paid", age=HOUR)).access == PAID


def test_is_accessible_for_free_says_only_that_it_is_gated() -> None:
    rules = policy(
        """
default: public
labels:
  - json_ld: isAccessibleForFree
  - css: .badge
rules:
  - { name: labelled, label: any, access: as-labelled }
"""
    )

    def words(*pairs: tuple[int, str]) -> PageFacts:
        return PageFacts(
            PageKind.ARTICLE, words=tuple(LabelWord(*pair) for pair in pairs), body_found=True
        )

    assert settled(rules, words((0, "false"))).access == PAID
    assert settled(rules, words((0, "False"), (1, "members"))).access == MEMBERS
    assert settled(rules, words((0, "true"), (1, "members"))).access == PUBLIC
    assert settled(rules, words((1, "members"), (1, "paid"))).access == PAID


def test_openings_open_all_but_what_is_refused() -> None:
    rules = policy(
        """
default: public
rules:
  - { name: shut, path: /shut, access: refuse }
  - { name: paid, path: /a/**, access: paid }
"""
    ).with_openings([Opening("/a/b", NOW + 10, "public interest")])
    assert said(rules, page(), READERS["anonymous"], asking("/a/b")) == "opened-by-hand"
    assert said(rules, page(), READERS["anonymous"], asking("/a/c")) == "subscription-needed"
    made = specialised(rules, page(), "/a/b")
    assert made.flips_at == NOW + 10
    everything = rules.with_openings([Opening("", NOW + 10, "an election night")])
    assert said(everything, page(), READERS["anonymous"], asking("/a/c")) == "opened-by-hand"
    assert said(everything, page(), READERS["anonymous"], asking("/shut")) == "refused-by-rule"
    assert everything.version != rules.version


UNREAD = """
default: public
labels: [{ header: X-Access }, { meta: tier }, { header: X-Later }]
rules:
  - { name: premium, path: /tagged/**, tag: premium, access: paid, tiers: [gold] }
  - { name: old, path: /aged/**, older_than: 30d, access: members }
  - { name: fresh, path: /fresh/**, younger_than: 1h, access: public }
  - { name: labelled, path: [/labelled/**, /tagged/**], label: any, access: as-labelled }
"""


@pytest.mark.parametrize(
    ("path", "words", "access"),
    [
        ("/tagged/a", [], Access(Level.PAID, frozenset({"gold"}))),
        ("/tagged/a", [(0, "public")], Access(Level.PAID, frozenset({"gold"}))),
        ("/aged/a", [], MEMBERS),
        ("/fresh/a", [], PUBLIC),  # it could only have opened what is open
        ("/elsewhere", [], PUBLIC),
        ("/labelled/a", [], PAID),
        ("/labelled/a", [(0, "public")], PUBLIC),  # the head was read, and decides
        ("/labelled/a", [(0, "members")], MEMBERS),
        ("/labelled/a", [(2, "public")], PAID),  # the meta before it couldn't be
    ],
)
def test_a_page_that_can_t_be_read_could_have_said_what_closes_it(
    path: str, words: list[tuple[int, str]], access: Access
) -> None:
    unread = PageFacts(
        PageKind.ARTICLE, words=tuple(LabelWord(*word) for word in words), readable=False
    )
    assert settled(policy(UNREAD), unread, asking(path)).access == access


@pytest.mark.parametrize(
    ("rules", "could"),
    [
        ("{ name: x, tag: premium, access: paid }", True),
        ("{ name: x, section: Economie, access: members }", True),
        ("{ name: x, author: A, country: FR, access: refuse }", True),
        ("{ name: x, access: as-labelled }", True),
        ("{ name: x, tag: free, access: public }, { name: y, access: paid }", True),
        ("{ name: x, label: members, younger_than: 1h, access: public }", False),
        ("{ name: x, older_than: 30d, access: members }", False),  # it flips at its instant
        ("{ name: x, access: paid }", False),
    ],
)
def test_what_a_page_s_own_words_could_close(rules: str, could: bool) -> None:
    compiled = policy(f"default: public\nlabels: [{{ meta: tier }}]\nrules: [{rules}]\n")
    assert compiled.way("news.example", "/a").page_could_close is could


RULE = st.fixed_dictionaries(
    {
        "access": st.sampled_from(["public", "members", "paid", "as-labelled"]),
        "path": st.sampled_from([None, "/a", "/a/**", "/b/**", "/**"]),
        "label": st.sampled_from([None, "any", "members", "paid", "public"]),
        "tag": st.sampled_from([None, "sport", "news"]),
        "younger_than": st.sampled_from([None, "1h", "5h"]),
        "country": st.sampled_from([None, "FR", "DE"]),
        "method": st.sampled_from([None, "POST", "GET"]),
        "query": st.sampled_from([None, "x", "y"]),
    }
)


@given(
    st.lists(RULE, max_size=6),
    st.sampled_from(["/a", "/a/b", "/b/c", "/z"]),
    st.sampled_from(["", "members", "paid", "public"]),
    st.sampled_from([(), ("sport",), ("news", "sport")]),
    st.sampled_from([None, 1800.0, 7200.0, 36000.0]),
    st.sampled_from(["FR", "DE", ""]),
    st.sampled_from([b"", b"x=1", b"y=2&x"]),
)
def test_settling_in_steps_is_settling_at_once(
    rules: list[dict[str, str | None]],
    path: str,
    label: str,
    tags: tuple[str, ...],
    age: float | None,
    country: str,
    query: bytes,
) -> None:
    from gateway.errors import Faults

    lines = ["default: members", "labels: [{ meta: tier }]", "rules:"]
    for number, rule in enumerate(rules):
        keys = ", ".join(f"{key}: {value}" for key, value in rule.items() if value)
        lines.append(f"  - {{ name: r{number}, {keys} }}")
    try:
        compiled = policy("\n".join(lines if rules else lines[:2]))
    except Faults:
        return  # a rule that never matches is refused before it can
    request = asking(path, country=country, query=query)
    facts = page(*([label] if label else []), tags=tags, age=age)
    expected = first(rules, path, label, tags, age, country, query)
    assert str(settled(compiled, facts, request).access) == expected
    narrowed = compiled.narrowed(compiled.way("news.example", path), request)
    if expected != "public":
        assert narrowed.kind is not WayKind.OPEN, "what is gated is never passed through"


def first(
    rules: list[dict[str, str | None]],
    path: str,
    label: str,
    tags: tuple[str, ...],
    age: float | None,
    country: str,
    query: bytes,
) -> str:
    """The first rule that matches, top to bottom, as the manual says it."""
    names = {part.split(b"=")[0].decode() for part in query.split(b"&") if part}
    hours = {"1h": 3600.0, "5h": 18000.0}
    for rule in rules:
        pattern = rule["path"] or "/**"
        below = pattern.removesuffix("/**")
        if not (path == below or (pattern.endswith("/**") and path.startswith(f"{below}/"))):
            continue
        if rule["label"] and not (label and rule["label"] in ("any", label)):
            continue
        if rule["tag"] and rule["tag"] not in tags:
            continue
        if rule["younger_than"] and not (age is not None and age < hours[rule["younger_than"]]):
            continue
        if (rule["country"] or country) != country or rule["method"] == "POST":
            continue
        if rule["query"] and rule["query"] not in names:
            continue
        if rule["access"] == "as-labelled":
            if not label:
                continue
            return label
        return str(rule["access"])
    return "members"


def test_a_device_is_told_by_the_head() -> None:
    rules = policy(
        f"default: public\nrules:\n  - {{ name: p, device: {Device.PHONE}, access: members }}"
    )
    phone = asking(headers=((b"user-agent", b"Mozilla/5.0 (iPhone) Mobile"),))
    assert settled(rules, page(), phone).access == MEMBERS
    assert settled(rules, page(), asking()).access == PUBLIC
