"""``policies/schema.json``: what editors check a policy with agrees with what the gateway reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gateway.model.rule import LabelKind
from gateway.policy.load import PACK_KEYS
from gateway.policy.rules import RULE_KEYS
from tests.policy.test_load import TABLE

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "policies" / "schema.json").read_text("utf-8"))
FILES = [*ROOT.glob("policies/*.yaml"), *ROOT.glob("gateway/demo/policies/fanal.yaml")]
# What only reading the whole policy can find.
BEYOND = ("not YAML", "empty", "stands twice", "never matches", "are named", "`when`", "`default`")


def valid(text: str) -> bool:
    document = YAML(typ="safe", pure=True).load(text)
    return bool(Draft202012Validator(SCHEMA).is_valid(document))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_our_own_policies_are_valid(path: Path) -> None:
    assert valid(path.read_text("utf-8"))


def test_the_schema_names_every_key() -> None:
    assert set(SCHEMA["properties"]) == set(PACK_KEYS)
    assert set(SCHEMA["$defs"]["rule"]["properties"]) == set(RULE_KEYS)
    labels = {name for each in SCHEMA["$defs"]["label"]["oneOf"] for name in each["properties"]}
    assert labels == {*LabelKind, "map"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (text, told)
        for text, told in TABLE
        if told and not any(b in t for b in BEYOND for t in told)
    ],
)
def test_what_the_gateway_refuses_the_schema_refuses(text: str, expected: list[str]) -> None:
    methods = "GOT" in text  # any word may be a method to a schema
    deep = "b**" in text
    assert methods or deep or not valid(text)
