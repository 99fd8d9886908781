"""Path patterns: the trie finds what matching one by one would, and no spelling escapes a rule."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.paths import BadPattern, PathIndex, path_key, pattern_key
from tests.policy.writing import policy

SEGMENTS = st.sampled_from(["a", "b", "paid", "x.pdf", "y.pdf", "ab", "é"])
PATTERN_SEGMENTS = st.sampled_from(["a", "b", "paid", "*", "**", "*.pdf", "a*", "é"])


def naive(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Matching as the manual says it, segment by segment."""
    if not pattern:
        return not path
    first, rest = pattern[0], pattern[1:]
    if first == "**":
        return naive(rest, path) or (bool(path) and naive(pattern, path[1:]))
    if not path:
        return False
    expression = ".*".join(re.escape(part) for part in first.split("*"))
    return bool(re.fullmatch(expression, path[0])) and naive(rest, path[1:])


@given(
    st.lists(st.lists(PATTERN_SEGMENTS, max_size=5), min_size=1, max_size=8),
    st.lists(SEGMENTS, max_size=6),
)
def test_the_trie_finds_what_matching_one_by_one_finds(
    patterns: list[list[str]], path: list[str]
) -> None:
    index = PathIndex()
    for number, pattern in enumerate(patterns):
        index.add(tuple(pattern), number)
    expected = [n for n, pattern in enumerate(patterns) if naive(tuple(pattern), tuple(path))]
    assert index.rules(tuple(path)) == expected


@given(st.lists(PATTERN_SEGMENTS, max_size=4), st.lists(PATTERN_SEGMENTS, max_size=4))
def test_a_pattern_that_covers_another_matches_all_that_it_matches(
    wide: list[str], narrow: list[str]
) -> None:
    index = PathIndex()
    index.add(tuple(wide), 0)
    if not index.covering(tuple(narrow), most=5):
        return
    filled = {"*": ["a", "x.pdf"], "**": ["", "a", "a/b"], "*.pdf": ["x.pdf"], "a*": ["ab", "a"]}
    paths = [""]
    for segment in narrow:
        paths = [f"{path}/{each}" for path in paths for each in filled.get(segment, [segment])]
    for path in paths:
        key = tuple(part for part in path.split("/") if part)
        assert index.rules(key) == [0], path


@pytest.mark.parametrize(
    "path",
    [
        "/paid/a",
        "/paid",
        "/paid/",
        "/PAID/a",
        "/paId/a",
        "/%EF%BD%90aid/a",  # a full-width p
        "/paid/a/",
        "/paid/a.",
        "/paid/a%20",
        "/paid/a/index.html",
        "/paid/a.html",
        "/paid/a/amp",
        "/paid/a/feed",
        "/paid/a/x.css",
        "/paid%20/a",
        "/paid./a",
    ],
)
def test_no_spelling_escapes_the_rule(path: str) -> None:
    index = PathIndex()
    index.add(pattern_key("/paid/**", case_sensitive=False), 7)
    assert index.rules(path_key(path, case_sensitive=False)) == [7]


@pytest.mark.parametrize("path", ["/a", "/a/", "/A", "/a.", "/a%20", "/a/index.html", "/%61"])
def test_an_exact_rule_takes_all_spellings_of_its_page(path: str) -> None:
    index = PathIndex()
    index.add(pattern_key("/a", case_sensitive=False), 0)
    assert index.rules(path_key(path, case_sensitive=False)) == [0]


@pytest.mark.parametrize("path", ["/paidx", "/unpaid", "/x/paid", "/", "/pai", "/paid%2Fa"])
def test_neighbours_are_left_alone(path: str) -> None:
    index = PathIndex()
    index.add(pattern_key("/paid/**", case_sensitive=False), 0)
    expected = (
        [0] if path == "/paid%2Fa" and path_key(path, case_sensitive=False)[0] == "paid" else []
    )
    assert index.rules(path_key(path, case_sensitive=False)) == expected


def test_case_counts_where_the_policy_says_so() -> None:
    index = PathIndex()
    index.add(pattern_key("/Paid/**", case_sensitive=True), 0)
    assert index.rules(path_key("/Paid/a", case_sensitive=True)) == [0]
    assert index.rules(path_key("/paid/a", case_sensitive=True)) == []


@pytest.mark.parametrize("pattern", ["paid", "paid/**", "/a?b", "/a#b", "/a/x**", "/**x/a", ""])
def test_bad_patterns_say_how_to_mend_them(pattern: str) -> None:
    with pytest.raises(BadPattern, match=r".{20,}"):
        pattern_key(pattern, case_sensitive=False)


@pytest.mark.parametrize(
    "pattern", ["//paid/**", "/a/../b", "/./b", "/paid%2Fa", "/paid\\a", "/a%5cb"]
)
def test_a_pattern_that_no_canonical_path_meets_is_a_fault(pattern: str) -> None:
    with pytest.raises(BadPattern):
        pattern_key(pattern, case_sensitive=False)


GLOB_LETTERS = st.text("ab*", min_size=1, max_size=8).filter(lambda text: "**" not in text)


@given(GLOB_LETTERS, st.text("ab", min_size=1, max_size=10))
def test_stars_within_a_segment_match_as_a_regular_expression_would(glob: str, word: str) -> None:
    index = PathIndex()
    index.add((glob,), 1)
    expression = ".*".join(re.escape(part) for part in glob.split("*"))
    assert bool(index.rules((word,))) == bool(re.fullmatch(expression, word))


def test_no_number_of_stars_makes_a_path_dear() -> None:
    index = PathIndex()
    index.add(("*a" * 40 + "*b",), 1)
    began = time.process_time()
    assert index.rules(("a" * 8000,)) == []
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("named", ["/paid/a", "/paid/a.html", "/paid/a.htm"])
@pytest.mark.parametrize("asked", ["/paid/a", "/paid/a/", "/paid/a.html", "/paid/a.HTM"])
def test_a_page_is_closed_under_the_names_it_also_answers_to(named: str, asked: str) -> None:
    rules = policy(f"default: public\nrules:\n  - {{ name: x, path: {named}, access: paid }}\n")
    assert rules.way("h", asked).strictest.gated


def test_a_rule_that_names_the_twin_keeps_it() -> None:
    rules = policy(
        "default: public\nrules:\n"
        "  - { name: x, path: /a, access: members }\n  - { name: y, path: /a.html, access: paid }\n"
    )
    assert rules.way("h", "/a.html").candidates[0][0].name == "y"


def test_long_paths_fill_no_memory() -> None:
    rules = policy("default: public\n")
    for number in range(50):
        rules.way("h", f"/{number}" + "x" * 2000)
    assert not rules._ways


def test_many_paths_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.policy.compile.WAYS_MAX", 10)
    rules = policy("default: public\nrules:\n  - { name: x, path: /a/**, access: paid }\n")
    for number in range(50):
        assert rules.way("h", f"/a/{number}").strictest.gated
        assert not rules.way("h", f"/b/{number}").strictest.gated
        assert len(rules._ways) <= 10
