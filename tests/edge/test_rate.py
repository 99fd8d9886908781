"""Requests a second of one network."""

from __future__ import annotations

import pytest

from gateway.edge.rate import RequestRate, counts, network_of


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.7", True),
        ("unreadable", "unreadable", True),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_network_is_a_24_or_a_64(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_a_flood_is_refused_and_the_next_second_begins_anew() -> None:
    rate = RequestRate(3)
    assert [rate.allows("192.0.2.1", 10.1) for _ in range(4)] == [True, True, True, False]
    assert rate.allows("198.51.100.1", 10.5), "another network"
    assert not rate.allows("192.0.2.9", 10.9), "the same network"
    assert rate.allows("192.0.2.1", 11.0)


@pytest.mark.parametrize(
    ("path", "counted"),
    [
        ("/-/stripe/webhook", False),
        ("/-/login/google/backchannel-logout", False),
        ("/-/stripe/webhook/x", True),
        ("/-/login/google/callback", True),
        ("/a/backchannel-logout", True),
        ("/", True),
    ],
)
def test_what_others_sign_is_not_counted(path: str, *, counted: bool) -> None:
    assert counts(path) is counted


def test_nought_is_off() -> None:
    rate = RequestRate(0)
    assert all(rate.allows("192.0.2.1", 1.0) for _ in range(1000))
