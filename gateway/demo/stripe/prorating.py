"""Prorations: what of a period isn't used any more, and what will be, by the second.

Makes the invoice items and the lines they become; when those are billed isn't known here.
"""

from __future__ import annotations

from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.drafting import Line


def prorate(
    account: Account,
    subscription: Thing,
    item: Thing,
    price: Thing,
    quantity: int,
    *,
    anew: bool,
    now: int,
) -> list[Line]:
    """The credit for the old price's time left and, within one rhythm, the charge for the new's."""
    start, end = item["current_period_start"], item["current_period_end"]
    left, whole = max(0, end - now), end - start
    lines = []
    for said, sign, of, number in (
        ("Unused time on", -1, item["price"], item["quantity"]),
        ("Remaining time on", 1, price, quantity),
    ):
        if sign > 0 and anew:
            continue
        amount = sign * ((of["unit_amount"] * number * left * 2 + whole) // (whole * 2))
        waiting = _invoice_item(account, subscription, item, of, amount, number, (now, end), said)
        lines.append(
            Line(item, of, amount, number, now, end, waiting["description"], waiting["id"])
        )
    return lines


def _invoice_item(
    account: Account,
    subscription: Thing,
    item: Thing,
    price: Thing,
    amount: int,
    quantity: int,
    period: tuple[int, int],
    said: str,
) -> Thing:
    waiting = account.add(
        {
            "id": account.new_id("ii"),
            "object": "invoiceitem",
            "amount": amount,
            "currency": subscription["currency"],
            "customer": subscription["customer"],
            "customer_account": None,
            "date": account.now(),
            "description": f"{said} {price['nickname'] or price['product']}",
            "discountable": False,
            "discounts": [],
            "invoice": None,
            "livemode": account.livemode,
            "metadata": {},
            "net_amount": amount,
            "parent": {
                "subscription_details": {
                    "subscription": subscription["id"],
                    "subscription_item": item["id"],
                },
                "type": "subscription_details",
            },
            "period": {"end": period[1], "start": period[0]},
            "pricing": {
                "price_details": {"price": price["id"], "product": price["product"]},
                "type": "price_details",
                "unit_amount_decimal": price["unit_amount_decimal"],
            },
            "proration": True,
            "proration_details": {"discount_amounts": []},
            "quantity": quantity,
            "quantity_decimal": str(quantity),
            "tax_rates": [],
            "test_clock": None,
        }
    )
    account.tell("invoiceitem.created", waiting)
    return waiting
