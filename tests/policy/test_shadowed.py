"""Rules that can never match: found, and found only where leaving them out changes nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.test_specialise import RULE, first
from tests.policy.writing import faults


def text_of(*rules: str) -> str:
    lines = ["version: 1", "default: public", "labels: [{ meta: tier }]", "rules:"]
    lines += [f"  - {{ name: r{number}, {rule} }}" for number, rule in enumerate(rules)]
    return "\n".join(lines)


def never(*rules: str) -> list[str]:
    """The names of those that never match."""
    found = [re.match(r".*rule `(r\d+)` never matches", fault) for fault in faults(text_of(*rules))]
    return [match[1] for match in found if match]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("path: /m, method: GET", "path: /m, method: GET"),
        ("method: [GET, HEAD]", "path: /x, method: GET"),
        ("label: paid", "label: paid"),
        ("label: any", "label: paid, younger_than: 24h"),
        ("label: [members, paid]", "label: paid"),
        ("younger_than: 48h", "younger_than: 24h"),
        ("older_than: 24h", "older_than: 48h"),
        ("country: [FR, BE]", "country: be"),
        ("section: [A, B]", "section: a"),
        ("language: fr", "language: fr-BE"),
        ("header: X-A", "header: { x-a: b }"),
        ("header: { X-A: b }", "header: { X-A: b, X-C: d }"),
        ("query: [a, b]", "query: a"),
        ('query: { a: "*" }', "query: { a: 1, b: 2 }"),
        ("host: a.test", "host: a.test, path: /x"),
        ("host: '*.a.test'", "host: [b.a.test, '*.c.a.test']"),
        ("referrer: '*.t.test'", "referrer: a.t.test"),
        ("device: [phone, tablet]", "device: phone"),
        ("path: [/a/**, /b/**]", "path: [/a/x, /b]"),
        ("path: /**", "label: any"),
    ],
)
def test_a_rule_that_an_earlier_one_takes_all_of(earlier: str, later: str) -> None:
    assert never(f"{earlier}, access: paid", f"{later}, access: members") == ["r1"]


def test_what_is_labelled_is_taken_before_the_exceptions_to_it() -> None:
    """The likeliest mistake: the rule for breaking news behind the one for all that is labelled."""
    labelled = "label: any, access: as-labelled"
    assert never(labelled, "label: members, younger_than: 24h, access: public") == ["r1"]
    assert never("access: as-labelled", "label: members, access: public") == ["r1"]
    assert never("label: members, younger_than: 24h, access: public", labelled) == []


def test_each_path_may_be_taken_by_another_rule() -> None:
    one, two = "path: /a/**, access: paid", "path: /b/**, access: paid"
    assert never(one, two, "path: [/a/x, /b/x], access: members") == ["r2"]
    assert never(one, "path: [/a/x, /b/x], access: members") == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("host: a.test", "path: /x"),
        ("path: /a", "path: /a/**"),
        ("label: paid", "label: any"),
        ("younger_than: 24h", "younger_than: 48h"),
        ("younger_than: 48h", "older_than: 1h"),
        ("country: FR", "country: [FR, BE]"),
        ("method: POST", "path: /a"),
        ("query: { a: 1 }", "query: a"),
        ("query: a", "query: [a, b]"),
        ("header: { X-A: b }", "header: { X-A: c }"),
        ("language: fr-BE", "language: fr"),
        ("host: '*.a.test'", "host: a.test"),
        ("when: 'true'", "path: /x"),
        ("access: as-labelled, path: /x", "path: /x/y"),
    ],
)
def test_a_rule_that_still_has_something_to_take(earlier: str, later: str) -> None:
    said = earlier if "access" in earlier else f"{earlier}, access: paid"
    assert never(said, f"{later}, access: members") == []


def test_an_unlabelled_page_is_left_by_what_is_as_labelled() -> None:
    assert never("access: as-labelled", "path: /x, access: members") == []


@given(st.lists(RULE, min_size=2, max_size=5), st.data())
def test_leaving_out_what_never_matches_changes_nothing(
    rules: list[dict[str, str | None]], data: st.DataObject
) -> None:
    written = [
        ", ".join(f"{key}: {value}" for key, value in rule.items() if value) for rule in rules
    ]
    gone = {int(name[1:]) for name in never(*written)}
    left = [rule for number, rule in enumerate(rules) if number not in gone]
    page = (
        data.draw(st.sampled_from(["/a", "/a/b", "/b/c", "/z"])),
        data.draw(st.sampled_from(["", "members", "paid", "public"])),
        data.draw(st.sampled_from([(), ("sport",), ("news", "sport")])),
        data.draw(st.sampled_from([None, 1800.0, 7200.0, 36000.0])),
        data.draw(st.sampled_from(["FR", "DE", ""])),
        data.draw(st.sampled_from([b"", b"x=1", b"y=2&x"])),
    )
    assert first(rules, *page) == first(left, *page)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("younger_than: 24h, older_than: 48h", "no page is younger"),
        ("country: France", "`country` is a code of two letters"),
        ("language: french", "`language` is a tag"),
        ("referrer: https://t.co/**", "`referrer` is a host"),
    ],
)
def test_a_condition_that_nothing_meets(rule: str, told: str) -> None:
    (fault,) = faults(text_of(f"{rule}, access: paid"))
    assert told in fault


def test_one_fault_hides_no_other() -> None:
    text = text_of(
        "path: /a/**, access: paid", "path: /a/b, access: members", "pth: /c, access: paid"
    )
    found = faults(text.replace("default: public\n", ""))
    assert "`default` is required" in found[0]
    assert "never matches" in found[1]
    assert "pth" in found[2]
