"""For the stand-in's tests: a world of its own for each, and every object of it judged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.demo.stripe.oracle import thing_faults
from tests.demo.stripe.world import World, world


@pytest.fixture
async def stripe_world(anyio_backend: str) -> AsyncIterator[World]:
    async with world() as made:
        yield made
        judge(made)


def judge(made: World) -> None:
    """Whatever a story made is what the official library's classes say it is."""
    faults = {
        fault
        for table in made.stand_in.account.tables.values()
        for thing in table.values()
        for fault in thing_faults(thing)
    }
    assert not faults
