"""Exports of other systems as they are written, and what is wrong with a row, named by its line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.model.imported import Gift, Person, Row
from gateway.money.arriving.import_files import Reading

TIERS = {"gold": ("gold",), "or": ("gold",), "soutien annuel": ("gold", "club"), "club": ("club",)}
PARIS = ZoneInfo("Europe/Paris")
# The header and the rows that Ghost 5 writes (Members, Export all members).
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers
65f0,ana@exemple.example,Ana Le Goff,,true,false,cus_PaLm1,2023-04-01T10:00:00.000Z,,"lecteur, 2023",Or
65f1,Free@exemple.example,,"Un mot, avec
un retour",false,false,,2024-01-02T00:00:00.000Z,,,
65f2,given@exemple.example,Ida,,true,true,,2024-01-02T00:00:00.000Z,,,"Or, Club"
65f3,press@exemple.example,Presse,,true,true,,2024-01-02T00:00:00.000Z,,,
65f4,gone@exemple.example,Parti,,true,true,,2024-01-02T00:00:00.000Z,2024-05-01T00:00:00.000Z,,
"""
# What the importer and exporter plugin of WooCommerce Subscriptions writes, fewer columns of it.
WOO = """\
subscription_id,subscription_status,customer_id,start_date,next_payment_date,end_date,billing_period,payment_method,payment_method_post_meta,payment_method_user_meta,billing_first_name,billing_last_name,billing_email,order_items
101,wc-active,7,2024-01-05 09:00:00,2027-01-05 09:00:00,0,year,stripe,_stripe_customer_id:cus_WoO1|_stripe_source_id:src_1,,Ana,Le Goff,ana@exemple.example,product_id:12|name:Soutien annuel|quantity:1|total:99.00
102,wc-pending-cancel,8,2024-01-05 09:00:00,0,2026-12-01 08:30:00,month,stripe,_stripe_customer_id:cus_WoO2,,Bo,,bo@exemple.example,name:Club|quantity:1
103,wc-cancelled,9,2024-01-05 09:00:00,0,2024-06-01 00:00:00,month,stripe,_stripe_customer_id:cus_WoO3,,Cy,,cy@exemple.example,name:Club|quantity:1
104,active,10,2024-01-05 09:00:00,,,month,manual,,,Di,,di@exemple.example,name:Tote bag|quantity:1;name:Or|quantity:1
105,wc-active,11,2024-01-05 09:00:00,2027-01-05 09:00:00,0,year,paypal,,,Ed,,ed@exemple.example,name:Une autre revue|quantity:1
"""


def read(text: str, *, otherwise: tuple[str, ...] = ()) -> tuple[dict[str, Row], list[str]]:
    reading = Reading(tiers=TIERS, otherwise=otherwise, zone=PARIS)
    rows, faults = reading.rows(text, path="members.csv")
    return {row.person.email: row for row in rows}, [str(fault) for fault in faults]


def test_members_of_ghost() -> None:
    rows, faults = read(GHOST)
    assert rows["ana@exemple.example"] == Row(
        line=2,
        person=Person(email="ana@exemple.example", name="Ana Le Goff"),
        customer="cus_PaLm1",
        promised=True,
    ), "what a customer pays for, Stripe says"
    assert rows["free@exemple.example"].line == 4, "a row may take two lines"
    assert not rows["free@exemple.example"].promised
    assert rows["given@exemple.example"].gifts == (Gift("gold", None), Gift("club", None))
    assert "gone@exemple.example" not in rows
    assert faults == [
        "members.csv:6:1: a complimentary plan names no tier that is known here: say which with --tier"
    ]
    rows, faults = read(GHOST, otherwise=("club",))
    assert faults == []
    assert rows["press@exemple.example"].gifts == (Gift("club", None),)


def test_subscriptions_of_woocommerce() -> None:
    rows, faults = read(WOO)
    next_payment = datetime(2027, 1, 5, 9, tzinfo=UTC).timestamp()
    end = datetime(2026, 12, 1, 8, 30, tzinfo=UTC).timestamp()
    ana, bo = rows["ana@exemple.example"], rows["bo@exemple.example"]
    assert (ana.customer, ana.person.name, ana.promised) == ("cus_WoO1", "Ana Le Goff", True)
    assert ana.gifts == (Gift("gold", next_payment), Gift("club", next_payment))
    assert (bo.gifts, bo.promised) == ((Gift("club", end),), True), "cancelled, and paid to its end"
    cy = rows["cy@exemple.example"]
    assert (cy.gifts, cy.customer, cy.promised) == ((), "cus_WoO3", False)
    assert rows["di@exemple.example"].gifts == (Gift("gold", None),), "sold without an end"
    assert faults == [
        "members.csv:6:1: `Une autre revue` names no tier that is known here: say which with --tier"
    ]


def test_plain_columns_in_any_order_and_with_semicolons() -> None:
    text = "\ufefftier;EMAIL;until;customer;name;language\r\nOr;Ana@Exemple.example;2026-12-31;;A\u202eb;fr_FR\r\n"
    rows, faults = read(text.removeprefix("\ufeff"))
    (row,) = rows.values()
    ends = datetime(2027, 1, 1, tzinfo=PARIS).timestamp()
    assert row.person == Person(email="ana@exemple.example", name="A b", language="fr-FR")
    assert (row.gifts, faults) == ((Gift("gold", ends),), [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ana@exemple,,", "`ana@exemple` is no e-mail address"),
        (",,club", "no e-mail address"),
        ("a@b.example,12345,", "`12345` is no customer of Stripe's: cus_…"),
        ("a@b.example,auto,", "`auto` is no customer of Stripe's: cus_…"),
        ("a@b.example,,silver", "no plan or rule names the tier `silver`; known: club, gold, or"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(line: str, told: str) -> None:
    rows, faults = read(f"email,customer,tier\n{line}\n\nb@b.example,,club\n")
    assert list(rows) == ["b@b.example"]
    assert len(faults) == 1
    assert faults[0].startswith(f"members.csv:2:1: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "members.csv:1:1: no column `email`"),
        ("mail,name\n", "members.csv:1:1: no column `email`"),
        ("email\n", "members.csv:1:1: no column `email`"),
        ("email,until\na@b.example,2027-01-01\n", "members.csv:2:1: `until` without a tier"),
        ("email,tier,until\na@b.example,club,soon\n", "members.csv:2:1: `soon` is no moment"),
        ("email,language\na@b.example,French!\n", "members.csv:2:1: `French!` is no language"),
        ('email,name\na@b.example,"' + "x" * 200_000 + '"\n', "members.csv:2:1: no CSV"),
    ],
)
def test_what_is_no_file_of_members_is_said(text: str, told: str) -> None:
    rows, faults = read(text)
    assert rows == {}
    assert faults
    assert faults[0].startswith(told), faults
