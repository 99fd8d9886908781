"""Header lines from outside: the corpora of names, and who may say where a reader comes from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge import headers as door
from tests.hostile.headers import HOP_BY_HOP, IDENTITY, KEPT, ODD, OVERRIDES

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"), ip_network("fd00::/8"))


def trusts(address: str) -> bool:
    return door.is_trusted(address, TRUSTED)


def lowered(*pairs: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in pairs]


@pytest.mark.parametrize("name", IDENTITY, ids=bytes.decode)
def test_an_identity_from_outside_is_dropped(name: bytes) -> None:
    assert door.cleaned(lowered((name, b"root"))) == ()


@pytest.mark.parametrize(("name", "value"), [*OVERRIDES, *ODD], ids=lambda part: part.decode())
def test_an_override_from_outside_is_dropped(name: bytes, value: bytes) -> None:
    assert door.cleaned(lowered((name, value))) == ()


@pytest.mark.parametrize(("name", "value"), HOP_BY_HOP, ids=lambda part: part.decode())
def test_hop_by_hop_is_dropped(name: bytes, value: bytes) -> None:
    assert door.cleaned(lowered((name, value))) == ()


@pytest.mark.parametrize(("name", "value"), KEPT, ids=lambda part: part.decode())
def test_what_a_site_needs_is_kept(name: bytes, value: bytes) -> None:
    assert door.cleaned(lowered((name, value))) == ((name.lower(), value),)


def test_connection_names_other_lines_away() -> None:
    sent = lowered((b"Connection", b"close, X-Token ,\tx-b"), (b"X-Token", b"1"), (b"X-B", b"2"))
    assert door.cleaned([*sent, (b"x-c", b"3")]) == ((b"x-c", b"3"),)


@pytest.mark.parametrize("name", [b"host", b"cookie", b"sec-fetch-site"])
def test_a_line_named_away_is_gone_for_every_decision(name: bytes) -> None:
    """It may go, since the origin doesn't get it either: nothing is judged by what isn't sent."""
    assert door.cleaned([(b"connection", name), (name, b"x")]) == ()


def test_only_a_websocket_handshake_keeps_its_upgrade() -> None:
    asked = [(b"connection", b"keep-alive, Upgrade"), (b"upgrade", b"WebSocket")]
    assert door.cleaned(asked) == ((b"upgrade", b"websocket"),)
    assert door.cleaned(asked[1:]) == ()
    assert door.cleaned([asked[0], (b"upgrade", b"h2c")]) == ()
    assert door.cleaned([asked[0], (b"upgrade", b"websocket, h2c")]) == ()


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ((), "10.0.0.1"),
        ((b"203.0.113.9",), "203.0.113.9"),
        ((b"1.2.3.4, 203.0.113.9",), "203.0.113.9"),
        ((b"1.2.3.4, 203.0.113.9, 10.1.1.1",), "203.0.113.9"),
        ((b"1.2.3.4", b"203.0.113.9", b"10.1.1.1"), "203.0.113.9"),
        ((b"10.2.2.2, 10.1.1.1",), "10.2.2.2"),
        ((b"1.2.3.4, nonsense, 10.1.1.1",), "10.1.1.1"),
        ((b"1.2.3.4, , 10.1.1.1",), "10.1.1.1"),
        ((b"203.0.113.9:4711",), "203.0.113.9"),
        ((b"[2001:db8::1]:4711",), "2001:db8::1"),
        ((b"2001:DB8::1",), "2001:db8::1"),
        ((b"2001:db8::1, fd00::1",), "2001:db8::1"),
        ((b"1.2.3.4, ::ffff:10.1.1.1",), "1.2.3.4"),
        ((b"unknown",), "10.0.0.1"),
        ((b"_hidden, 10.1.1.1",), "10.1.1.1"),
        ((b"\xff\xfe",), "10.0.0.1"),
        ((b"1.2.3.4" + b", 10.1.1.1" * 1000,), "10.1.1.1"),
    ],
)
def test_the_right_most_hop_that_is_no_listed_proxy(lines: tuple[bytes, ...], client: str) -> None:
    headers = [(b"x-forwarded-for", line) for line in lines]
    assert door.client_of(headers, peer="10.0.0.1", trusts=trusts) == client


@pytest.mark.parametrize("peer", ["203.0.113.7", "2001:db8::7", "", "nonsense"])
def test_a_stranger_says_nothing(peer: str) -> None:
    headers = [(b"x-forwarded-for", b"1.2.3.4")]
    assert door.client_of(headers, peer=peer, trusts=trusts) == peer


@given(st.lists(st.binary(max_size=40), max_size=4))
def test_any_bytes_give_an_address(lines: list[bytes]) -> None:
    headers = [(b"x-forwarded-for", line) for line in lines]
    assert door.client_of(headers, peer="10.0.0.1", trusts=trusts)


@pytest.mark.parametrize(
    ("lines", "scheme"),
    [
        ((), "http"),
        ((b"https",), "https"),
        ((b"HTTPS",), "https"),
        ((b"http, https",), "https"),
        ((b"https, http",), "http"),
        ((b"https", b"http"), "http"),
        ((b"javascript",), "http"),
    ],
)
def test_the_scheme_that_the_nearest_proxy_says(lines: tuple[bytes, ...], scheme: str) -> None:
    assert door.scheme_of([(b"x-forwarded-proto", line) for line in lines], scheme="http") == scheme


@pytest.mark.parametrize(
    ("lines", "country"),
    [
        ([], ""),
        ([(b"cf-ipcountry", b"FR")], "FR"),
        ([(b"cloudfront-viewer-country", b"CA")], "CA"),
        ([(b"x-country-code", b"BE")], "BE"),
        ([(b"cf-ipcountry", b"XX")], ""),
        ([(b"cf-ipcountry", b"T1")], ""),
        ([(b"cf-ipcountry", b"FRA")], ""),
        ([(b"cf-ipcountry", b"")], ""),
        ([(b"cf-ipcountry", b"F\xc3")], ""),
    ],
)
def test_the_country(lines: list[tuple[bytes, bytes]], country: str) -> None:
    assert door.country_of(lines) == country


def test_doubled_fields() -> None:
    for name in (b"host", b"authorization", b"content-length"):
        assert door.doubled([(name, b"1"), (b"x", b"y"), (name, b"1")])
        assert not door.doubled([(name, b"1")])
    assert not door.doubled([(b"accept", b"a"), (b"accept", b"b"), (b"cookie", b"c")])
