"""The chain: a hash over every field, and over the entry before."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from gateway.model.entry import GENESIS, Draft, Entry, Source, canonical, chained, hash_of

DRAFT = Draft(
    event_id="evt_1",
    source=Source.WEBHOOK,
    kind="invoice.paid",
    observed_at=1_800_000_000.0,
    livemode=False,
    customer_id="cus_1",
    amount_minor=900,
    currency="eur",
    facts={"b": [1, "é"], "a": None},
    payload=b"{}",
)


def test_an_entry_takes_all_of_its_draft_and_says_its_facts_back() -> None:
    entry = chained(DRAFT, number=1, previous_hash=GENESIS, at=1_800_000_001.25)
    assert entry.said == DRAFT.facts
    assert (entry.event_id, entry.amount_minor, entry.customer_id) == ("evt_1", 900, "cus_1")
    assert entry.hash == hash_of(entry)
    assert entry.payload_sha256.startswith("44136fa3")


OTHER: dict[str, Any] = {"livemode": None, "amount_minor": None, "source": Source.API}


@pytest.mark.parametrize("name", [each.name for each in fields(Entry) if each.name != "hash"])
def test_no_field_can_change_without_the_hash(name: str) -> None:
    entry = chained(DRAFT, number=1, previous_hash=GENESIS, at=1.0)
    value = getattr(entry, name)
    other = OTHER.get(name, value + 1 if isinstance(value, float | int) else f"{value}x")
    assert hash_of(replace(entry, **{name: other})) != entry.hash


def test_words_cant_move_from_one_field_to_its_neighbour() -> None:
    one = chained(replace(DRAFT, account="ab"), number=1, previous_hash=GENESIS, at=1.0)
    two = chained(
        replace(DRAFT, account="a", api_version="b"), number=1, previous_hash=GENESIS, at=1.0
    )
    assert one.hash != two.hash


def test_canonical_json_has_one_spelling_and_no_number_of_pythons_own() -> None:
    assert canonical({"b": 1, "a": "\ud800é"}) == canonical({"a": "\ud800é", "b": 1})
    assert canonical({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


@pytest.mark.parametrize(
    ("draft", "owner"),
    [
        (DRAFT, "cus_1"),
        (replace(DRAFT, customer_id="", payment_id="pi_1", charge_id="ch_1"), "pi_1"),
        (replace(DRAFT, customer_id="", object_id="price_1"), "price_1"),
        (replace(DRAFT, customer_id="", reader="ana", object_id="x"), "ana"),
        (replace(DRAFT, customer_id=""), "evt_1"),
    ],
)
def test_whose_key_seals_a_payload(draft: Draft, owner: str) -> None:
    assert draft.key_owner == owner
