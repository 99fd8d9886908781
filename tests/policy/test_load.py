"""Faulty files: every fault at once, each at its place, saying how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import Faults
from gateway.policy.load import load, load_texts
from tests.policy.writing import faults

GOOD = "version: 1\ndefault: public\n"
RULE = GOOD + "rules:\n  - name: x\n"
TABLE: list[tuple[str, list[str]]] = [
    (GOOD, []),
    ("", ["p.yaml:1:1: the file is empty"]),
    ("version: 1\n", ["p.yaml:1:1: `default` is required"]),
    ("default: public\n", ["p.yaml:1:1: `version: 1` is required"]),
    ("version: 2\ndefault: public\n", ["p.yaml:1:10: `version` is 1"]),
    (
        GOOD + "labls: []\n",
        ["p.yaml:3:1: unknown key `labls` in a policy file (did you mean `labels`?)"],
    ),
    (GOOD + "default: paid\n", ["p.yaml:3:1: `default` stands twice; first at line 2"]),
    ("version: 1\ndefault: publik\n", ["p.yaml:2:10: `access` is one of"]),
    (GOOD + "\tx: 1\n", ["p.yaml:3:1: not YAML"]),
    (GOOD + "rules: [\n", ["p.yaml:4:1: not YAML"]),
    (GOOD + "rules: 3\n", ["p.yaml:3:8: `rules` is a list"]),
    (GOOD + "- a\n", ["p.yaml:3:1: not YAML"]),
    (RULE, ["p.yaml:4:5: a rule says its `access`"]),
    (RULE + "    acces: paid\n", ["a rule says its `access`", "p.yaml:5:5: unknown key `acces`"]),
    (
        RULE + "    access: paid\n    path: a\n",
        ["p.yaml:6:11: a path pattern begins with a slash: /a"],
    ),
    (RULE + "    access: paid\n    path: [/a, /b**]\n", ["p.yaml:6:16: `**` stands alone"]),
    (
        RULE + "    access: members\n    tiers: [x]\n",
        ["p.yaml:6:5: `tiers` goes with `access: paid`"],
    ),
    (RULE + "    access: paid\n    cache: soon\n", ["p.yaml:6:12: `cache` is a duration"]),
    (RULE + "    access: paid\n    method: [GOT]\n", ["p.yaml:6:13: `method` is one of"]),
    (RULE + "    access: paid\n    device: watch\n", ["p.yaml:6:13: `device` is one of"]),
    (RULE + "    access: paid\n    label: gold\n", ["p.yaml:6:12: `label` is one of"]),
    (
        RULE + "    access: paid\n    personal: maybe\n",
        ["p.yaml:6:15: `personal` is true or false"],
    ),
    (RULE + "    access: paid\n    when: reader == 'x'\n", ["p.yaml:6:11: `when` knows no reader"]),
    (RULE + "    access: paid\n    when: '(('\n", ["p.yaml:6:11: `when` can't be read"]),
    (
        RULE + f"    access: paid\n    when: '{'a' * 4001}'\n",
        ["p.yaml:6:11: `when` is longer than 4000"],
    ),
    (RULE + "    access: paid\n    first: maybe\n", ["p.yaml:6:12: `first` is true or false"]),
    (
        GOOD + "include: static\nrules:\n  - { name: x, path: /pagefind/a, access: public }\n",
        ["p.yaml:5:5: rule `x` never matches", "; with `first: true` yours would stand before it"],
    ),
    (GOOD + "include: [gost]\n", ["no pack `gost`", "did you mean `ghost`?"]),
    (GOOD + "labels:\n  - meta: a\n    css: b\n", ["p.yaml:4:5: a label is read in one place"]),
    (GOOD + "labels:\n  - ghost: api\n", ["p.yaml:4:12: `ghost` knows content-api"]),
    (
        GOOD + "labels:\n  - meta: a\n    map: { x: gold }\n",
        ["p.yaml:5:15: a label's meaning is one of"],
    ),
    (
        GOOD + "teaser: { keep: { paragraphs: 2, percent: 20 } }\n",
        ["p.yaml:3:17: `keep` takes one of"],
    ),
    (GOOD + "teaser: { keep: { percent: 120 } }\n", ["p.yaml:3:28: `percent` is a whole number"]),
    (GOOD + "replace: [{ css: a }]\n", ["p.yaml:3:11: `replace` takes `css` and `href`"]),
    (
        RULE + "    access: paid\n    path: /a/**\n  - { name: y, path: /a/b/*, access: public }\n",
        ["p.yaml:7:5: rule `y` never matches: `x` at p.yaml:4:5"],
    ),
    (
        RULE + "    access: paid\n    path: /a\n  - { name: x, path: /b, access: public }\n",
        ["p.yaml:7:5: two rules are named `x`; the first at p.yaml:4:5"],
    ),
]


@pytest.mark.parametrize(("text", "expected"), TABLE, ids=range(len(TABLE)))
def test_each_fault_at_its_place(text: str, expected: list[str]) -> None:
    found = faults(text)
    if not expected:
        assert not found
    told = "\n".join(found)
    for part in expected:
        assert part in told


def test_all_faults_are_told_at_once() -> None:
    text = "version: 3\ndefault: no\nlabls: 1\nrules:\n  - { name: x, access: y, path: z }\n"
    assert len(faults(text)) == 5


def test_a_tree_of_aliases_is_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "far too large" in "\n".join(faults("\n".join(levels)))


def test_several_files_are_one_policy(tmp_path: Path) -> None:
    (tmp_path / "10.yaml").write_text(GOOD + "rules:\n  - { name: a, path: /a, access: paid }\n")
    (tmp_path / "20.yaml").write_text(
        "version: 1\nrules:\n  - { name: b, path: /b, access: paid }\n"
    )
    (tmp_path / "x.test.yaml").write_text("cases: nonsense")
    assert [rule.name for rule in load(tmp_path).rules] == ["a", "b"]
    (tmp_path / "30.yaml").write_text(GOOD)
    with pytest.raises(
        Faults, match=r"30.yaml:2:1: `default` stands twice; first at .*10.yaml:2:1"
    ):
        load(tmp_path)


def test_a_pack_stands_around_the_sites_rules() -> None:
    text = "include: [static]\nrules:\n  - { name: mine, path: /x, access: paid }\n"
    source = load_texts([("p.yaml", GOOD + text + "labels: [{ meta: mine }]\n")])
    names = [rule.name for rule in source.rules]
    assert names.index("sources of the pages") < names.index("mine")
    assert source.settings.labels[0].name == "mine"
    assert source.settings.teaser.root == ("article", "main")


def test_a_rule_of_the_site_that_is_first_stands_before_a_pack_s() -> None:
    text = (
        "include: [static]\nrules:\n  - { name: other, path: /x, access: paid }\n"
        "  - { name: mine, first: true, path: /pagefind/**, access: public }\n"
    )
    source = load_texts([("p.yaml", GOOD + text)])
    assert [source.rules[number].name for number in sorted(source.own)] == ["mine", "other"]
    assert source.rules[0].name == "mine"
    assert not faults(GOOD + text)


def test_a_rule_s_own_teaser_goes_over_the_site_s_key_by_key() -> None:
    rule = "rules:\n  - { name: x, path: /x, access: paid, teaser: { keep: { paragraphs: 4 } } }\n"
    source = load_texts([("p.yaml", GOOD + "include: ghost\nteaser: { body: [.b] }\n" + rule)])
    own = next(rule.teaser for rule in source.rules if rule.name == "x")
    assert own is not None
    assert (own.body, own.root, own.keep.paragraphs) == ((".b",), ("article", "main"), 4)


@pytest.mark.parametrize("what", ["absent", "empty"])
def test_a_folder_without_a_policy_is_a_fault(tmp_path: Path, what: str) -> None:
    with pytest.raises(Faults):
        load(tmp_path / "nowhere" if what == "absent" else tmp_path)


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_a_file_nested_past_the_parsers_depth_is_a_fault(opening: str) -> None:
    """Anything but a fault would end the task that watches the files, and with it readiness."""
    closing = {"[": "]", "{a: ": "}"}[opening]
    assert faults(f"default: public\nquery: {opening * 5000}{closing * 5000}\n") == [
        "p.yaml:1:1: nested too deeply or far too large"
    ]


@pytest.mark.parametrize(
    "host", ["https://news.example", "news.example:443", "news.example/a", "*"]
)
def test_a_host_that_no_request_bears_is_a_fault(host: str) -> None:
    text = f"default: public\nrules:\n  - {{ name: x, host: '{host}', access: paid }}\n"
    assert any("`host` is a name" in fault for fault in faults(text))
