"""Fourteen days as the law counts them: not the first, the last to its end, none on which people rest."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.money.leaving.contracts import Contract, day_wished
from gateway.money.leaving.withdrawing import _easter, _off, last_moment

PARIS = ZoneInfo("Europe/Paris")


def ends(made: str, zone: ZoneInfo = PARIS) -> str:
    at = datetime.fromisoformat(made).replace(tzinfo=zone).timestamp()
    return datetime.fromtimestamp(last_moment(at, zone), zone).isoformat()


@pytest.mark.parametrize(
    ("made", "over"),
    [
        ("2026-11-27T00:00", "2026-12-12T00:00:00+01:00"),  # a Friday, and a Friday it is
        ("2026-11-27T23:59:59", "2026-12-12T00:00:00+01:00"),
        ("2026-11-28T10:00", "2026-12-15T00:00:00+01:00"),  # a Saturday: on to the Monday
        ("2026-12-11T10:00", "2026-12-29T00:00:00+01:00"),  # Christmas, a Friday: on to Monday
        ("2027-03-15T10:00", "2027-03-31T00:00:00+02:00"),  # Easter Monday; the clocks go forward
        ("2027-04-22T10:00", "2027-05-08T00:00:00+02:00"),  # Ascension Day is a Thursday
        ("2026-10-12T10:00", "2026-10-27T00:00:00+01:00"),  # the clocks go back meanwhile
    ],
)
def test_the_last_moment(made: str, over: str) -> None:
    if made == "2027-04-22T10:00":
        assert _off(date(2027, 5, 6)), "forty days after Easter"
    assert ends(made) == over


@pytest.mark.parametrize(
    ("year", "day"),
    [(2000, "04-23"), (2024, "03-31"), (2025, "04-20"), (2027, "03-28"), (2038, "04-25")],
)
def test_easter_as_the_almanac_has_it(year: int, day: str) -> None:
    assert _easter(year).isoformat() == f"{year}-{day}"


@given(
    st.floats(min_value=1.6e9, max_value=2.5e9),
    st.sampled_from(["Europe/Paris", "UTC", "Asia/Tokyo"]),
)
def test_never_less_than_fourteen_whole_days_after_the_day(at: float, name: str) -> None:
    zone = ZoneInfo(name)
    over = datetime.fromtimestamp(last_moment(at, zone), zone)
    first = datetime.fromtimestamp(at, zone).date()
    assert (over.hour, over.minute) == (0, 0)
    days = (over.date() - first).days
    assert 15 <= days <= 20
    assert over.date().weekday() not in (6, 0), "it ends with a working day"


def test_a_wished_day_is_a_day_ahead_within_a_year() -> None:
    now = datetime(2026, 11, 27, 23, 30, tzinfo=PARIS).timestamp()
    for written, kept in (
        ("", ""),
        ("2026-11-27", "2026-11-27"),
        ("2027-11-28", "2027-11-28"),
        ("2027-11-29", None),
        ("2026-11-26", None),
        ("27/11/2026", None),
        ("2026-02-30", None),
        ("٢٠٢٦-١١-٢٨", None),
    ):
        assert day_wished(written, now=now, zone=PARIS) == kept, written


def test_a_wish_for_the_last_paid_day_is_the_end_of_what_is_paid() -> None:
    paid = datetime(2026, 12, 23, 14, 0, tzinfo=PARIS).timestamp()
    contract = Contract(
        id="sub_1",
        customer="cus_1",
        status="active",
        prices=("price_1",),
        made_at=0.0,
        ends_at=paid,
        leaving_at=None,
        ended_at=None,
    )
    assert contract.end_of("2026-12-23", PARIS) is None
    assert contract.end_of("", PARIS) is None
    night = datetime(2026, 12, 23, tzinfo=PARIS).timestamp()
    assert contract.end_of("2026-12-22", PARIS) == night
