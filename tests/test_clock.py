"""A clock that is set back is noticed; one that runs, leaps forward or is nudged isn't."""

from __future__ import annotations

from gateway.clock import ClockWatch


class TwoHands:
    """A wall clock and the running time, each where a test puts it."""

    def __init__(self) -> None:
        self.wall, self.running = 1_790_000_000.0, 5.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.running

    def passes(self, seconds: float, *, wall: float = 0.0) -> None:
        """``wall``: by how much the wall clock is set meanwhile."""
        self.running += seconds
        self.wall += seconds + wall


def test_a_step_back_is_noticed_once() -> None:
    clock = TwoHands()
    watch = ClockWatch(clock)
    clock.passes(1, wall=-3600)
    assert watch.set_back()
    clock.passes(1)
    assert not watch.set_back()


def test_what_passed_meanwhile_hides_no_step() -> None:
    clock = TwoHands()
    watch = ClockWatch(clock)
    clock.passes(30, wall=-10)
    assert watch.set_back()


def test_neither_time_nor_a_leap_forward_is_one() -> None:
    clock = TwoHands()
    watch = ClockWatch(clock)
    for wall in (0.0, 3600.0, 0.5, -0.5):
        clock.passes(1, wall=wall)
        assert not watch.set_back()


def test_back_from_a_leap_forward_is_one() -> None:
    clock = TwoHands()
    watch = ClockWatch(clock)
    clock.passes(1, wall=3600)
    assert not watch.set_back()
    clock.passes(1, wall=-3600)
    assert watch.set_back()


def test_small_steps_add_up() -> None:
    clock = TwoHands()
    watch = ClockWatch(clock)
    told = []
    for _ in range(6):
        clock.passes(1, wall=-0.9)
        told.append(watch.set_back())
    assert told == [False, False, True, False, False, True]
