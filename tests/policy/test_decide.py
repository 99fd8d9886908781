"""Reader × access → answer: the table of the manual, every cell."""

from __future__ import annotations

import pytest

from gateway.model.access import MEMBERS, PAID, PUBLIC, REFUSE, Access, Level
from gateway.model.decision import Full, Refuse, Teaser, Wall
from gateway.policy.decide import judge
from tests.policy.writing import NOW, READERS

GOLD_ONLY = Access(Level.PAID, frozenset({"gold"}))
FULL, REFUSED = "full", "refuse"
TABLE = {
    "public": (PUBLIC, dict.fromkeys(READERS, FULL)),
    "members": (MEMBERS, {**dict.fromkeys(READERS, FULL), "anonymous": Wall.REGISTER}),
    "paid": (
        PAID,
        {
            "anonymous": Wall.SUBSCRIBE,
            "member": Wall.SUBSCRIBE,
            "gold": FULL,
            "silver": FULL,
            "lapsed": Wall.SETTLE,
            "ended": Wall.SUBSCRIBE,
            "newsroom": FULL,
        },
    ),
    "gold": (
        GOLD_ONLY,
        {
            "anonymous": Wall.SUBSCRIBE,
            "member": Wall.SUBSCRIBE,
            "gold": FULL,
            "silver": Wall.UPGRADE,
            "lapsed": Wall.SETTLE,
            "ended": Wall.SUBSCRIBE,
            "newsroom": FULL,
        },
    ),
    "refuse": (REFUSE, dict.fromkeys(READERS, REFUSED)),
}
CELLS = [
    (access, reader, answer)
    for access, answers in TABLE.values()
    for reader, answer in answers.items()
]


@pytest.mark.parametrize(("access", "reader", "answer"), CELLS, ids=str)
def test_the_table(access: Access, reader: str, answer: str) -> None:
    decision = judge(access, READERS[reader], NOW)
    match decision:
        case Full():
            assert answer == FULL
        case Teaser():
            assert answer == decision.wall
        case Refuse():
            assert answer == REFUSED


def test_decisions_are_made_once_and_given_out_again() -> None:
    for access, reader, _ in CELLS:
        assert judge(access, READERS[reader], NOW) is judge(access, READERS[reader], NOW)


def test_an_entitlement_ends_at_its_very_end() -> None:
    held = READERS["gold"].entitlements[0]
    assert isinstance(judge(PAID, READERS["gold"], held.ends_at - 0.001), Full)
    assert isinstance(judge(PAID, READERS["gold"], held.ends_at), Teaser)
