"""What the quick lane knows a session by: a number for all whom every decision takes alike."""

from __future__ import annotations

from gateway.identity import sessions as sessions_module
from gateway.identity.sessions import Session, SessionCache
from gateway.model.entitlement import Entitlement
from gateway.model.reader import ANONYMOUS, Reader
from tests.identity.test_sessions import NOON, Shelf, cache_of, header, raw, run


def standing_of(cache: SessionCache, one: str, now: float) -> int | None:
    bearer = cache.bearer(raw(one), now)
    return None if bearer is None else bearer.standing


def holding(*held: Entitlement, newsroom: bool = False, reader_id: str = "x") -> Reader:
    return Reader(id=reader_id, entitlements=held, newsroom=newsroom)


def test_readers_whom_every_decision_takes_alike_have_one_number() -> None:
    open_, over = Entitlement("gold", 0.0, NOON + 9), Entitlement("gold", 0.0, NOON)
    alike = [
        [holding(open_), holding(Entitlement("gold", 5.0, NOON + 99), reader_id="y")],
        [holding(over), holding(Entitlement("gold", NOON + 1, NOON + 9))],
        [holding(Entitlement("gold", 0.0, NOON, mendable=True))],
        [holding(open_, newsroom=True)],
        [holding(open_, over)],
        [holding(Entitlement("silver", 0.0, NOON + 9))],
        [holding()],
        [ANONYMOUS],
    ]
    shelf = Shelf()
    cache = cache_of(shelf)
    numbers = []
    for group, readers in enumerate(alike):
        for place, reader in enumerate(readers):
            one = f"{group}-{place}"
            shelf.live[one] = Session(one, reader, NOON + 86400)
            run(cache.reader_of(header(one), NOON))
        numbers.append(
            {standing_of(cache, f"{group}-{place}", NOON) for place in range(len(readers))}
        )
    assert all(len(each) == 1 for each in numbers)
    assert len(set.union(*numbers)) == len(alike)


def test_a_standing_ends_with_what_it_rests_on() -> None:
    shelf = Shelf()
    first = Entitlement("gold", NOON + 10, NOON + 20)
    shelf.live["s1"] = Session("s1", holding(first), NOON + 30)
    shelf.live["before"] = Session(
        "before", holding(Entitlement("gold", NOON + 99, NOON + 199)), NOON + 99
    )
    shelf.live["within"] = Session(
        "within", holding(Entitlement("gold", 0.0, NOON + 99)), NOON + 99
    )
    cache = cache_of(shelf)
    assert standing_of(cache, "s1", NOON) is None, "the store must tell"
    for one in ("s1", "before", "within"):
        run(cache.reader_of(header(one), NOON))
    cache.last_news_at = NOON + 20

    def standing(second: float) -> int | None:
        cache.last_news_at = NOON + second
        return standing_of(cache, "s1", NOON + second)

    closed, open_ = standing_of(cache, "before", NOON), standing_of(cache, "within", NOON)
    assert closed != open_
    # Also with a clock that goes back and forth.
    for second, wanted in (
        (9.9, closed),
        (10.0, open_),
        (9.0, closed),
        (19.9, open_),
        (20.0, closed),
        (15.0, open_),
        (29.9, closed),
        (30.0, None),
        (-1.0, None),
    ):
        assert standing(second) == wanted, second
    cache.forget("s1")
    assert standing(15.0) is None


def test_numbers_of_standings_are_bounded_and_never_given_twice() -> None:
    shelf = Shelf()
    cache = cache_of(shelf)
    bound, sessions_module.STANDINGS_MAX = sessions_module.STANDINGS_MAX, 10
    numbers = set()
    try:
        for number in range(100):
            one = f"n{number}"
            reader = holding(Entitlement(one, 0.0, NOON + 9))
            shelf.live[one] = Session(one, reader, NOON + 86400)
            run(cache.reader_of(header(one), NOON))
            numbers.add(standing_of(cache, one, NOON))
            assert len(cache._standings) <= 10
        assert len(numbers) == 100
    finally:
        sessions_module.STANDINGS_MAX = bound
