"""The canary tells a dead identity from a silent origin."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import OriginFailed
from gateway.jobs.canary import Canary

WHOLE = (200, b"the whole article, and its end")
GATE = (200, b"the gate")


@pytest.mark.parametrize(
    ("as_gateway", "as_anyone", "dead"),
    [
        (WHOLE, GATE, 0),
        (GATE, GATE, 1),
        (WHOLE, WHOLE, 1),  # nothing is gated there: the setting names the wrong page, or worse
        ((403, b"a long refusal, longer than any page"), GATE, 1),
        ((302, b""), GATE, 1),
        (WHOLE, (403, b"a long refusal, longer than any page of the site"), 0),
    ],
)
def test_what_it_makes_of_answers(
    as_gateway: tuple[int, bytes], as_anyone: tuple[int, bytes], dead: int
) -> None:
    async def ask(path: str, identity: bool) -> tuple[int, bytes]:
        return as_gateway if identity else as_anyone

    canary = Canary(["/gated"], ask=ask)
    asyncio.run(canary.sing())
    assert canary.values() == {"canaries_dead": dead}


def test_an_origin_that_does_not_answer_says_nothing() -> None:
    away = False

    async def ask(path: str, identity: bool) -> tuple[int, bytes]:
        if away:
            raise OriginFailed
        return GATE

    canary = Canary(["/gated"], ask=ask)
    asyncio.run(canary.sing())
    away = True
    asyncio.run(canary.sing())
    assert canary.values() == {"canaries_dead": 1}


def test_no_canary_no_gauge() -> None:
    async def ask(path: str, identity: bool) -> tuple[int, bytes]:
        raise AssertionError

    assert Canary([], ask=ask).values() == {}
