"""Conditions on the request: names of a query however they are spelt, and CEL that fails closed."""

from __future__ import annotations

import pytest

from gateway.model.access import Level
from gateway.model.request import Device
from gateway.model.rule import RequestConditions
from gateway.policy.conditions import device_of, query_names, request_test
from tests.policy.writing import NOW, READERS, asking, page, policy, said, settled


@pytest.mark.parametrize(
    "query",
    [b"filter=x", b"%66ilter=x", b"filter[]=x", b"filter%5B%5D=x", b"a=1&filter", b"a;filter=1"],
)
def test_a_name_is_found_however_it_is_spelt(query: bytes) -> None:
    assert "filter" in query_names(query)
    assert request_test(RequestConditions(query_any=("other", "filter")))(asking(query=query))


def test_a_value_is_compared_whole() -> None:
    test = request_test(RequestConditions(query=(("a", "1"),)))
    assert test(asking(query=b"a=1"))
    assert test(asking(query=b"a=2&a=1")), "whichever of two the origin reads"
    assert not test(asking(query=b"a=12"))


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (b"Mozilla/5.0 (X11; Linux)", Device.DESKTOP),
        (b"Mozilla/5.0 (iPhone; CPU) Mobile/1", Device.PHONE),
        (b"Mozilla/5.0 (Linux; Android 15) Mobile", Device.PHONE),
        (b"Mozilla/5.0 (Linux; Android 15)", Device.TABLET),
        (b"Mozilla/5.0 (iPad; CPU)", Device.TABLET),
        (b"", Device.DESKTOP),
    ],
)
def test_devices(agent: bytes, device: Device) -> None:
    assert device_of(asking(headers=((b"user-agent", agent),))) is device


WHEN = """
default: public
rules:
  - { name: cel, access: members, when: "country == 'FR' && query['k'] == 'v'" }
"""


def test_when_decides() -> None:
    rules = policy(WHEN)
    inside = asking(country="FR", query=b"k=v")
    assert settled(rules, page(), inside).access.level is Level.MEMBERS
    outside = asking(country="DE", query=b"k=v")
    assert settled(rules, page(), outside).access.level is Level.PUBLIC


def test_a_when_that_fails_denies() -> None:
    without_the_key = asking(country="FR")
    for reader in READERS.values():
        assert said(policy(WHEN), page(), reader, without_the_key) == "condition-failed"


def test_a_when_never_sees_cookies() -> None:
    rules = policy(
        "default: public\nrules:\n  - { name: c, access: paid, when: \"'cookie' in header\" }"
    )
    request = asking(headers=((b"cookie", b"lychgate=x"),))
    assert settled(rules, page(), request).access.level is Level.PUBLIC
    assert NOW


@pytest.mark.parametrize(
    "query",
    [
        b"rest.route=/wp/v2/posts",
        b"rest%20route=/wp/v2/posts",
        b"rest+route=/wp/v2/posts",
        b"rest[route=/wp/v2/posts",
        b"+rest_route=/wp/v2/posts",
        b"rest_route%00x=/wp/v2/posts",
        b"rest_route[]=/wp/v2/posts",
        b"%72est_route=/wp/v2/posts",
    ],
)
def test_a_name_that_php_takes_for_another_is_that_other(query: bytes) -> None:
    assert "rest_route" in query_names(query)


def test_any_value_of_several_names_at_once() -> None:
    test = request_test(RequestConditions(query=(("s", "*"), ("p", "*"))))
    assert test(asking(query=b"p=12&s=e"))
    assert test(asking(query=b"%70=12&s"))
    assert not test(asking(query=b"p=12"))
    assert not test(asking(query=b"s=e"))
