"""What is remembered of names is what would be said anew, and never more than fits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.remembered import NAME_BYTES_MAX, NAMES_MAX, Remembered


@given(st.lists(st.binary(max_size=2 * NAME_BYTES_MAX), max_size=50))
def test_it_says_what_its_function_says(names: list[bytes]) -> None:
    remembered = Remembered(bytes.upper)
    for name in (*names, *names):
        assert remembered[name] == name.upper()
    assert all(len(name) <= NAME_BYTES_MAX for name in remembered)


def test_a_flood_of_names_takes_no_memory() -> None:
    remembered = Remembered(len)
    for number in range(5 * NAMES_MAX):
        assert remembered[b"x-%d" % number] == len(b"x-%d" % number)
        assert len(remembered) <= NAMES_MAX


def test_a_name_is_asked_about_once() -> None:
    asked: list[bytes] = []
    remembered = Remembered(asked.append)
    for _ in range(3):
        remembered[b"host"]
    assert asked == [b"host"]
