"""What Stripe said of an object beside what was known of it, fact by fact."""

from __future__ import annotations

from gateway.console.comparing import compare
from tests.money.telling import charge, event, fetched, told


def test_a_truth_is_spelt_as_in_json() -> None:
    first = event("evt_1", charge(1, disputed=False))
    here, answer = told([first, fetched(charge(1, disputed=True))])
    (disputed,) = (each for each in compare(here, [here, answer]).fields if each.name == "disputed")
    assert (disputed.here, disputed.known, disputed.asked) == ("false", "false", "true")
    assert disputed.differs
