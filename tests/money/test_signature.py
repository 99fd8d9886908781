"""Who sent it: hostile headers, both ways of the clock, several secrets; Stripe's library as oracle."""

from __future__ import annotations

import hashlib
import hmac
import string

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import WebhookRefused
from gateway.money.signature import Unsigned, verify

NOW = 1_800_000_000
SECRET = "whsec_one"
BODY = b'{"id":"evt_1"}'


def signed(body: bytes = BODY, *, at: int = NOW, secret: str = SECRET) -> str:
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


def refused(
    header: str | bytes, body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,)
) -> str:
    with pytest.raises(WebhookRefused) as raised:
        verify(body, header, secrets=secrets, now=NOW)
    assert raised.value.status == 400
    return raised.value.reason


GENUINE = signed()
V1 = GENUINE.partition(",")[2]


def test_a_genuine_one_passes_whichever_secret_and_scheme_stand_beside_it() -> None:
    for header in (
        GENUINE,
        GENUINE.encode(),
        f"t={NOW}, {V1}",
        f"{GENUINE},v0=abc,v2=x",
        f"t={NOW},v1=wrong,{V1}",
        f"{signed(secret='whsec_old')},{V1}",
    ):
        assert verify(BODY, header, secrets=["whsec_new", SECRET], now=NOW) == NOW


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", Unsigned.NO_SIGNATURE),
        ("é", Unsigned.NO_SIGNATURE),
        (b"\xff\xfe", Unsigned.NO_SIGNATURE),
        (f"t={NOW}", Unsigned.NO_SIGNATURE),
        (V1, Unsigned.NO_SIGNATURE),
        (f"t={NOW},t={NOW},{V1}", Unsigned.NO_SIGNATURE),
        (f"t=,{V1}", Unsigned.NO_SIGNATURE),
        (f"t=-{NOW},{V1}", Unsigned.NO_SIGNATURE),
        (f"t={NOW}.0,{V1}", Unsigned.NO_SIGNATURE),
        (f"t=1e9,{V1}", Unsigned.NO_SIGNATURE),
        (f"t={'9' * 5000},{V1}", Unsigned.NO_SIGNATURE),
        (f"t=²,{V1}", Unsigned.NO_SIGNATURE),
        (f"t={NOW}" + f",{V1}" * 33, Unsigned.NO_SIGNATURE),
        (f"t={NOW},{V1}{' ' * 5000}", Unsigned.NO_SIGNATURE),
        (f"t={NOW},v1=", Unsigned.BAD_SIGNATURE),
        (f"t={NOW},v0={V1[3:]}", Unsigned.NO_SIGNATURE),
        (f"t={NOW},{V1.upper()}", Unsigned.NO_SIGNATURE),
        (f"t={NOW},{V1[:-1]}", Unsigned.BAD_SIGNATURE),
        (f"t={NOW + 1},{V1}", Unsigned.BAD_SIGNATURE),
        (signed(secret="whsec_foreign"), Unsigned.BAD_SIGNATURE),
        (signed(b"other"), Unsigned.BAD_SIGNATURE),
        (f"t=0{NOW},{V1}", Unsigned.BAD_SIGNATURE),
    ],
)
def test_hostile_headers(header: str | bytes, reason: Unsigned) -> None:
    assert refused(header) == reason


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-301, Unsigned.STALE_SIGNATURE),
        (301, Unsigned.EARLY_SIGNATURE),
        (365 * 86400, Unsigned.EARLY_SIGNATURE),
        (-NOW, Unsigned.STALE_SIGNATURE),
    ],
)
def test_the_clock_is_minded_both_ways(seconds: int, reason: Unsigned) -> None:
    assert refused(signed(at=NOW + seconds)) == reason
    # Who knows no secret learns nothing of our clock.
    assert refused(signed(at=NOW + seconds, secret="x")) == Unsigned.BAD_SIGNATURE


@pytest.mark.parametrize("seconds", [-300, -1, 0, 1, 300])
def test_within_five_minutes_it_counts(seconds: int) -> None:
    assert verify(BODY, signed(at=NOW + seconds), secrets=[SECRET], now=NOW) == NOW + seconds


@pytest.mark.parametrize("secrets", [(), ("",)])
def test_incident_signatures_checked_only_when_a_secret_was_set(secrets: tuple[str, ...]) -> None:
    """Leaky Paywall: without a secret, nothing is genuine, not even what an empty one signed."""
    assert refused(signed(secret=""), secrets=secrets) == Unsigned.BAD_SIGNATURE


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.lists(st.sampled_from(["t=", "v1=", "v0=", ",", "=", V1, str(NOW), "é", " "]), max_size=8),
)
def test_whatever_is_sent_it_is_refused_or_stripes_library_agrees(
    body: bytes, parts: list[str]
) -> None:
    header = "".join(parts)
    try:
        verify(body, header, secrets=[SECRET], now=NOW)
    except WebhookRefused:
        return
    stripe.WebhookSignature.verify_header(body.decode(), header, SECRET, tolerance=None)


@settings(deadline=None)
@given(st.text(string.printable, max_size=300))
def test_what_stripes_library_accepts_is_accepted_here(text: str) -> None:
    header = signed(text.encode())
    assert stripe.WebhookSignature.verify_header(text, header, SECRET, tolerance=None)
    assert verify(text.encode(), header, secrets=[SECRET], now=NOW) == NOW
