"""How long access may be given by hand, what Stripe's addresses look like, and amounts in words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gateway.console.dashboard import Dashboard
from gateway.console.granting import NotGranted, end_of, may_give
from gateway.console.words import Words
from gateway.identity.roles import Role

PARIS = ZoneInfo("Europe/Paris")
NOW = 1_795_000_000.0  # 18 November 2026, 13:06 in Paris
DAY = 86400.0


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        ("", None),
        ("2026-11-18", 1_795_042_800.0),  # midnight that follows, of Paris
        ("2026-11-17", NotGranted.OVER),
        ("2026-02-30", NotGranted.NO_SUCH_DAY),
        ("9999-12-31", NotGranted.NO_SUCH_DAY),
        ("soon", NotGranted.NO_SUCH_DAY),
        ("2027-03-28", 1_806_271_200.0),  # a day of 23 hours
    ],
)
def test_a_typed_day_ends_where_the_site_s_day_ends(typed: str, ends: object) -> None:
    assert end_of(typed, now=NOW, zone=PARIS) == ends


@pytest.mark.parametrize(
    ("roles", "ends_at", "may"),
    [
        ({Role.ADMIN}, None, True),
        ({Role.SUPPORT}, None, False),
        ({Role.SUPPORT}, NOW + 30 * DAY, True),
        ({Role.SUPPORT}, NOW + 32 * DAY, False),
        ({Role.FINANCE}, NOW + DAY, False),
        ({Role.FINANCE, Role.SUPPORT}, NOW + DAY, True),
    ],
)
def test_who_may_give_for_how_long(roles: set[Role], ends_at: float | None, may: bool) -> None:
    assert may_give(frozenset(roles), ends_at, now=NOW) is may


@pytest.mark.parametrize(
    ("thing", "url"),
    [
        ("sub_1", "https://dashboard.stripe.com/test/subscriptions/sub_1"),
        ("pi_1", "https://dashboard.stripe.com/test/payments/pi_1"),
        ("evt_1", "https://dashboard.stripe.com/test/events/evt_1"),
        ("si_1", ""),
        ("sub_1/../../x", ""),
        ("sub_1?x=1", ""),
        ("javascript:alert(1)", ""),
        ("sub_é", ""),
        ("", ""),
    ],
)
def test_only_ids_of_stripe_s_lead_to_its_dashboard(thing: str, url: str) -> None:
    assert Dashboard(livemode=False).url(thing) == url
    assert Dashboard(base="").url(thing) == ""


def test_live_things_and_other_accounts_have_their_own_places() -> None:
    board = Dashboard(livemode=True)
    assert board.url("cus_1") == "https://dashboard.stripe.com/customers/cus_1"
    test = board.url("cus_1", livemode=False, account="acct_1A")
    assert test == "https://dashboard.stripe.com/acct_1A/test/customers/cus_1"
    assert "/evil" not in board.url("cus_1", account="acct_1/evil")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/i/1",
        "javascript:alert(1)",
        "https://invoice.stripe.com.evil.example/",
        7,
    ],
)
def test_a_payload_s_link_is_shown_only_where_it_is_stripe_s(link: object) -> None:
    assert Dashboard().link(link) == ""
    assert Dashboard().link("https://invoice.stripe.com/i/1") == "https://invoice.stripe.com/i/1"


@pytest.mark.parametrize(
    ("minor", "currency", "english", "french"),
    [
        (990, "eur", "€9.90", "9,90\u00a0€"),
        (-990, "eur", "-€9.90", "-9,90\u00a0€"),
        (500, "jpy", "¥500", "500\u00a0JPY"),
        (1500, "isk", "ISK15.00", "15,00\u00a0ISK"),
        (500, "ugx", "UGX5.00", "5,00\u00a0UGX"),
        (12345, "kwd", "KWD12.345", "12,345\u00a0KWD"),
        (100, "zzz", "100 ZZZ (?)", "100 ZZZ (?)"),
        (None, "eur", "", ""),
    ],
)
def test_amounts_go_by_stripe_s_exponents(
    minor: int | None, currency: str, english: str, french: str
) -> None:
    words = Words(timezone="Europe/Paris")
    said = (words.money(minor, currency, "en"), words.money(minor, currency, "fr"))
    assert tuple(each.replace("ISK\u00a0", "ISK").replace("UGX\u00a0", "UGX") for each in said) == (
        english,
        french,
    )
