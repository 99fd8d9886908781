"""What may be looked at of a payload: secrets and cards are masked, and hostile text stays text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.masking import MASK, TEXT_MAX, masked

HIDDEN: list[tuple[Any, str]] = [
    ({"client_secret": "pi_1_secret_abc"}, "pi_1_secret_abc"),
    ({"data": {"object": {"client_secret": "anything"}}}, "anything"),
    ({"metadata": {"API-Key": "x", "apikey": "topsecret"}}, "topsecret"),
    ({"note": "use sk_live_0123456789abcdef please"}, "sk_live_0123456789abcdef"),
    ({"note": "rk_test_0123456789abcdef"}, "rk_test_0123456789abcdef"),
    ({"note": "whsec_0123456789abcdef"}, "whsec_0123456789abcdef"),
    ({"url": "https://x.example/?t=eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln"}, "eyJhbGciOiJIUzI1"),
    ({"card": {"number": "4242424242424242"}}, "4242424242424242"),
    ({"metadata": {"note": "card 4242 4242 4242 4242 said"}}, "4242 4242 4242 4242"),
    ({"metadata": {"note": "5555-5555-5555-4444"}}, "5555-5555-5555-4444"),
    ({"metadata": {"4242424242424242": "as a name"}}, "4242424242424242"),
    ({"n": 4242424242424242}, "4242424242424242"),
    ({"card": {"exp_month": 12, "exp_year": 2031}}, "2031"),
    ({"card": {"fingerprint": "Xt5EWLLDS7FJjR1c"}}, "Xt5EWLLDS7FJjR1c"),
    ({"sepa_debit": {"iban": "FR1420041010050500013M02606"}}, "FR1420041010050500013M02606"),
    ({"request": {"headers": {"Cookie": "a=b"}}, "headers": {"Cookie": "lychgate=abc"}}, "abc"),
    ([{"password": "hunter2"}], "hunter2"),
]
SHOWN: list[tuple[Any, str]] = [
    ({"card": {"last4": "4242", "brand": "visa"}}, "4242"),
    ({"id": "evt_1QxYz", "customer": "cus_QxYz"}, "cus_QxYz"),
    ({"created": 1_800_000_000, "amount": 1234567890123456}, "1234567890123456"),
    ({"client_secret": None}, "null"),
    ({"email": "ana@lecteurs.example"}, "ana@lecteurs.example"),
    ({"number": "LG-0041"}, "LG-0041"),
    ({"secret": False}, "false"),
]


@pytest.mark.parametrize(("payload", "secret"), HIDDEN)
def test_what_opens_or_pays_is_masked(payload: Any, secret: str) -> None:
    raw = masked(json.dumps(payload).encode())
    assert secret not in raw.text
    assert MASK in raw.text
    assert json.loads(raw.text) is not None, "it can be copied as JSON"


@pytest.mark.parametrize(("payload", "text"), SHOWN)
def test_what_staff_needs_is_shown(payload: Any, text: str) -> None:
    assert text in masked(json.dumps(payload).encode()).text


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"\xff\xfe", b"a note: sk_live_0123456789abcdef", b"[" * 100_000, b'"\\ud800"'],
)
def test_any_bytes_are_shown_as_text(payload: bytes) -> None:
    raw = masked(payload)
    assert "sk_live" not in raw.text
    raw.text.encode()


def test_what_can_t_be_seen_is_written_out_and_what_is_long_is_cut() -> None:
    raw = masked(json.dumps({"name": "\u202etxt.exe\u0000\u200b"}).encode())
    assert "\\u202etxt.exe" in raw.text
    assert "\\u0000" in raw.text
    assert "\u200b" not in raw.text
    long = masked(json.dumps({"name": "x" * (TEXT_MAX + 10)}).encode())
    assert (long.cut, len(long.text)) == (True, TEXT_MAX)


@given(
    st.recursive(
        st.text() | st.none() | st.integers(), lambda each: st.dictionaries(st.text(), each)
    )
)
def test_nothing_of_a_payload_is_lost_but_what_is_masked(said: Any) -> None:
    raw = masked(json.dumps(said).encode())
    assert raw.json
    if MASK not in raw.text:
        assert json.loads(raw.text) == said
