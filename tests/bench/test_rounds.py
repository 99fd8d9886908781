"""A slow spell of the host is nobody's cost, and one lucky round nobody's merit."""

from __future__ import annotations

import random

import pytest

from gateway.bench.rounds import quiet


@pytest.mark.parametrize("slow", [0, 5, 8, 10])
def test_rounds_on_a_slow_host_dont_count_while_a_third_of_them_were_quiet(slow: int) -> None:
    costs = [9.0] * (15 - slow) + [16.0] * slow
    random.Random(slow).shuffle(costs)
    assert quiet(costs) == 9.0


def test_one_round_is_all_there_is_and_one_lucky_round_is_not() -> None:
    assert quiet([4.0]) == 4.0
    assert quiet([1.0, *[9.0] * 14]) == 9.0
