"""Whole stories told through the official library: subscribe, renew, fail, recover, cancel, refund."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import stripe

from tests.demo.stripe.world import BAD_DEBIT, DEBIT, DECLINED, FAILS_LATER, GOOD, START, World

pytestmark = pytest.mark.anyio
HOUR, DAY = 3600, 86_400


async def test_a_reader_subscribes(stripe_world: World) -> None:
    session = await stripe_world.session(
        await stripe_world.shop(), client_reference_id="reader-7", metadata={"attempt": "a1"}
    )
    assert session.status == "open"
    assert session.url.startswith(stripe_world.url)
    assert session.subscription is None
    assert (session.amount_total, session.currency) == (990, "eur")
    await stripe_world.stand_in.hook("pay", session=session.id)

    session = await stripe_world.v1.checkout.sessions.retrieve_async(
        session.id, {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    assert (session.status, session.payment_status) == ("complete", "paid")
    assert session.client_reference_id == "reader-7"
    assert session.url is None
    subscription = session.subscription
    assert subscription.status == "active"
    item = subscription["items"].data[0]
    assert item.current_period_start == START
    assert not hasattr(subscription, "current_period_end")
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == (
        "paid",
        990,
        "subscription_create",
    )
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.lines.data[0].pricing.price_details.price == item.price.id

    payment = invoice.payments.data[0]
    found = await stripe_world.v1.invoice_payments.list_async(
        {"payment": {"type": "payment_intent", "payment_intent": payment.payment.payment_intent}}
    )
    assert [each.invoice for each in found.data] == [invoice.id]
    intent = await stripe_world.v1.payment_intents.retrieve_async(
        payment.payment.payment_intent, {"expand": ["latest_charge"]}
    )
    assert intent.latest_charge.amount == 990
    assert not hasattr(intent.latest_charge, "invoice")


async def test_what_the_webhook_hears_of_a_checkout(stripe_world: World) -> None:
    await stripe_world.subscribed()
    kinds = stripe_world.receiver.kinds()
    for earlier, later in (
        ("charge.succeeded", "customer.subscription.created"),
        ("customer.subscription.created", "invoice.paid"),
        ("invoice.created", "invoice.finalized"),
        ("invoice.finalized", "invoice.paid"),
        ("invoice.paid", "checkout.session.completed"),
    ):
        assert kinds.index(earlier) < kinds.index(later)
    (created,) = stripe_world.receiver.of("customer.subscription.created")
    updated = stripe_world.receiver.of("customer.subscription.updated")[-1]
    # Both in one second: nothing but their statuses says which is later.
    assert (created["status"], updated["status"]) == ("incomplete", "active")
    assert created["created"] == START


async def test_a_declined_card_leaves_the_session_open(stripe_world: World) -> None:
    session = await stripe_world.session(await stripe_world.shop())
    said = await stripe_world.stand_in.hook("pay", session=session.id, card=DECLINED)
    assert said["outcome"] == "declined"
    session = await stripe_world.v1.checkout.sessions.retrieve_async(session.id)
    assert (session.status, session.subscription, session.invoice) == ("open", None, None)
    assert "customer.subscription.created" not in stripe_world.receiver.kinds()
    assert "payment_intent.payment_failed" in stripe_world.receiver.kinds()
    # A second card, on the same page and the same intent.
    await stripe_world.stand_in.hook("pay", session=session.id)
    intents = await stripe_world.v1.payment_intents.list_async()
    assert [each.status for each in intents.data] == ["succeeded"]


async def test_a_month_turns(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    end = subscription["items"].data[0].current_period_end
    await stripe_world.stand_in.hook("advance", to=end)
    turned = await stripe_world.again(subscription)
    assert turned["items"].data[0].current_period_start == end
    assert turned.status == "active"
    invoice = await stripe_world.v1.invoices.retrieve_async(turned.latest_invoice)
    assert (invoice.status, invoice.billing_reason) == ("draft", "subscription_cycle")
    await stripe_world.stand_in.hook("advance", seconds=HOUR)
    invoice = await stripe_world.v1.invoices.retrieve_async(turned.latest_invoice)
    assert (invoice.status, invoice.amount_paid) == ("paid", 990)
    assert invoice.number.endswith("-0002")


async def test_years_turn_on_their_own_day(stripe_world: World) -> None:
    price = await stripe_world.shop(amount=9900, interval="year")
    session = await stripe_world.session(price)
    await stripe_world.stand_in.hook("pay", session=session.id)
    await stripe_world.stand_in.hook("advance", days=3 * 366)
    invoices = await stripe_world.v1.invoices.list_async({"customer": session.customer})
    assert [each.status for each in invoices.data] == ["paid"] * 4
    starts = sorted(each.lines.data[0].period.start for each in invoices.data)
    assert {(b - a) // DAY for a, b in pairwise(starts)} <= {365, 366}


async def test_a_renewal_fails_and_recovers(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    end = subscription["items"].data[0].current_period_end
    await stripe_world.stand_in.hook("advance", to=end + HOUR)
    late = await stripe_world.again(subscription)
    assert late.status == "past_due"
    invoice = await stripe_world.v1.invoices.retrieve_async(late.latest_invoice)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert invoice.next_payment_attempt == end + HOUR + 3 * DAY
    assert stripe_world.receiver.of("invoice.payment_failed")[0]["id"] == invoice.id
    assert stripe_world.receiver.of("charge.failed")[0]["failure_code"] == "card_declined"

    method = await stripe_world.v1.payment_methods.attach_async(
        "pm_card_visa", {"customer": subscription.customer}
    )
    await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"default_payment_method": method.id}
    )
    paid = await stripe_world.v1.invoices.pay_async(invoice.id)
    assert paid.status == "paid"
    assert (await stripe_world.again(subscription)).status == "active"


@pytest.mark.parametrize(
    ("setting", "status", "reason"),
    [
        ("cancel", "canceled", "payment_failed"),
        ("unpaid", "unpaid", None),
        ("past_due",) * 2 + (None,),
    ],
)
async def test_what_becomes_of_one_who_never_pays(
    stripe_world: World, setting: str, status: str, reason: str | None
) -> None:
    await stripe_world.stand_in.hook("settings", after_last_failure=setting)
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    await stripe_world.stand_in.hook("advance", days=31 + 15)
    ended = await stripe_world.again(subscription)
    assert ended.status == status
    assert ended.cancellation_details.reason == reason
    invoice = await stripe_world.v1.invoices.retrieve_async(ended.latest_invoice)
    assert (invoice.status, invoice.attempt_count) == ("open", 4)
    deleted = stripe_world.receiver.of("customer.subscription.deleted")
    assert len(deleted) == (status == "canceled")


async def test_a_reader_cancels_at_the_end_and_thinks_again(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    end = subscription["items"].data[0].current_period_end
    update = stripe_world.v1.subscriptions.update_async
    asked = await update(subscription.id, {"cancel_at_period_end": True})
    assert (asked.cancel_at_period_end, asked.cancel_at, asked.status) == (True, end, "active")
    kept = await update(subscription.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at_period_end, kept.cancel_at, kept.canceled_at) == (False, None, None)
    asked = await update(subscription.id, {"cancel_at": "min_period_end"})
    assert (asked.cancel_at_period_end, asked.cancel_at) == (False, end)
    await stripe_world.stand_in.hook("advance", to=end)
    ended = await stripe_world.again(subscription)
    assert (ended.status, ended.ended_at) == ("canceled", end)
    assert ended.cancellation_details.reason == "cancellation_requested"
    await stripe_world.stand_in.hook("advance", days=2)
    assert len((await stripe_world.v1.invoices.list_async()).data) == 1
    listed = await stripe_world.v1.subscriptions.list_async({"customer": subscription.customer})
    assert listed.data == []
    listed = await stripe_world.v1.subscriptions.list_async({"status": "all"})
    assert [each.id for each in listed.data] == [subscription.id]


async def test_a_subscription_is_cancelled_at_once(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    ended = await stripe_world.v1.subscriptions.cancel_async(
        subscription.id, {"cancellation_details": {"feedback": "too_expensive"}}
    )
    assert (ended.status, ended.cancellation_details.feedback) == ("canceled", "too_expensive")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await stripe_world.v1.subscriptions.cancel_async(subscription.id)
    assert caught.value.http_status == 404
    await stripe_world.stand_in.hook("advance", days=40)
    invoices = await stripe_world.v1.invoices.list_async({"subscription": subscription.id})
    assert len(invoices.data) == 1


async def test_money_goes_back(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    charge = (await stripe_world.v1.charges.list_async()).data[0]
    create = stripe_world.v1.refunds.create_async
    part = await create({"payment_intent": charge.payment_intent, "amount": 400})
    assert (part.status, part.amount, part.charge) == ("succeeded", 400, charge.id)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await create({"charge": charge.id, "amount": 591})
    await create({"charge": charge.id})
    charge = await stripe_world.v1.charges.retrieve_async(charge.id, {"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded, len(charge.refunds.data)) == (True, 990, 2)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await create({"charge": charge.id})
    assert caught.value.code == "charge_already_refunded"
    assert stripe_world.receiver.kinds().count("refund.created") == 2
    assert (await stripe_world.again(subscription)).status == "active"


async def test_a_refund_fails_afterwards(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card="4000000000005126")
    await stripe_world.stand_in.hook("refund", subscription=subscription.id)
    await stripe_world.stand_in.hook("advance", seconds=60)
    (refund,) = stripe_world.receiver.of("refund.failed")
    assert refund["status"] == "failed"
    charge = (await stripe_world.v1.charges.list_async()).data[0]
    assert (charge.refunded, charge.amount_refunded) == (False, 0)


@pytest.mark.parametrize("won", [True, False])
async def test_a_dispute_is_opened_and_decided(stripe_world: World, won: bool) -> None:
    subscription = await stripe_world.subscribed()
    opened = await stripe_world.stand_in.hook("dispute", subscription=subscription.id)
    dispute = await stripe_world.v1.disputes.retrieve_async(opened["id"], {"expand": ["charge"]})
    assert (dispute.status, dispute.charge.disputed) == ("needs_response", True)
    assert not hasattr(dispute, "customer")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await stripe_world.v1.refunds.create_async({"charge": dispute.charge.id})
    assert caught.value.code == "charge_disputed"
    await stripe_world.stand_in.hook("dispute/close", dispute=dispute.id, won=won)
    (closed,) = stripe_world.receiver.of("charge.dispute.closed")
    assert closed["status"] == ("won" if won else "lost")
    assert ("charge.dispute.funds_reinstated" in stripe_world.receiver.kinds()) == won


async def test_a_card_whose_payments_are_disputed(stripe_world: World) -> None:
    await stripe_world.subscribed(card="4000000000000259")
    assert "charge.dispute.created" not in stripe_world.receiver.kinds()
    await stripe_world.stand_in.hook("advance", seconds=60)
    assert "charge.dispute.created" in stripe_world.receiver.kinds()


@pytest.mark.parametrize(
    ("number", "payment_status", "event", "status"),
    [
        (DEBIT, "paid", "checkout.session.async_payment_succeeded", "active"),
        (BAD_DEBIT, "unpaid", "checkout.session.async_payment_failed", "past_due"),
    ],
)
async def test_a_debit_takes_days(
    stripe_world: World, number: str, payment_status: str, event: str, status: str
) -> None:
    subscription = await stripe_world.subscribed(card=number)
    (completed,) = stripe_world.receiver.of("checkout.session.completed")
    assert completed["payment_status"] == "unpaid"
    assert subscription.status == "active"
    await stripe_world.stand_in.hook("advance", days=3)
    (said,) = stripe_world.receiver.of(event)
    assert said["payment_status"] == payment_status
    assert (await stripe_world.again(subscription)).status == status


async def test_a_trial_ends_in_a_payment(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(subscription_data={"trial_period_days": 14})
    end = START + 14 * DAY
    assert (subscription.status, subscription.trial_end) == ("trialing", end)
    first = await stripe_world.v1.invoices.retrieve_async(subscription.latest_invoice)
    assert (first.status, first.total) == ("paid", 0)
    session = (await stripe_world.v1.checkout.sessions.list_async()).data[0]
    assert session.payment_status == "no_payment_required"
    await stripe_world.stand_in.hook("advance", days=11)
    assert "customer.subscription.trial_will_end" in stripe_world.receiver.kinds()
    await stripe_world.stand_in.hook("advance", to=end + HOUR)
    over = await stripe_world.again(subscription)
    assert over.status == "active"
    invoice = await stripe_world.v1.invoices.retrieve_async(over.latest_invoice)
    assert (invoice.status, invoice.amount_paid) == ("paid", 990)


@pytest.mark.parametrize(
    ("wish", "status"),
    [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")],
)
async def test_a_trial_without_a_card(stripe_world: World, wish: str, status: str) -> None:
    data = {
        "trial_period_days": 7,
        "trial_settings": {"end_behavior": {"missing_payment_method": wish}},
    }
    subscription = await stripe_world.subscribed(
        payment_method_collection="if_required", subscription_data=data
    )
    assert subscription.default_payment_method is None
    await stripe_world.stand_in.hook("advance", days=8)
    over = await stripe_world.again(subscription)
    assert over.status == status
    if status != "paused":
        return
    assert over.status_details.paused.subscription.type == "trial_end_without_payment_method"
    assert "customer.subscription.paused" in stripe_world.receiver.kinds()
    method = await stripe_world.v1.payment_methods.attach_async(
        "pm_card_visa", {"customer": subscription.customer}
    )
    await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"default_payment_method": method.id}
    )
    await stripe_world.v1.subscriptions.resume_async(subscription.id)
    assert (await stripe_world.again(subscription)).status == "active"
    await stripe_world.stand_in.settle()
    assert "customer.subscription.resumed" in stripe_world.receiver.kinds()


async def test_a_first_payment_by_the_api_fails_and_expires(stripe_world: World) -> None:
    price = await stripe_world.shop()
    customer = await stripe_world.v1.customers.create_async({"email": "a@example.com"})
    wanted: dict[str, Any] = {"customer": customer.id, "items": [{"price": price.id}]}
    create = stripe_world.v1.subscriptions.create_async
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        await create(wanted)
    method = await stripe_world.v1.payment_methods.attach_async(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    wanted["default_payment_method"] = method.id
    with pytest.raises(stripe.CardError) as caught:
        await create({**wanted, "payment_behavior": "error_if_incomplete"})
    assert caught.value.http_status == 402
    subscription = await create(wanted)
    assert subscription.status == "incomplete"
    first = await stripe_world.v1.invoices.retrieve_async(subscription.latest_invoice)
    assert (first.attempt_count, first.next_payment_attempt) == (1, None)
    with pytest.raises(stripe.InvalidRequestError, match="incomplete"):
        await stripe_world.v1.subscriptions.update_async(
            subscription.id, {"cancel_at_period_end": True}
        )
    await stripe_world.stand_in.hook("advance", seconds=23 * HOUR)
    assert (await stripe_world.again(subscription)).status == "incomplete_expired"
    invoice = await stripe_world.v1.invoices.retrieve_async(subscription.latest_invoice)
    assert invoice.status == "void"


async def test_the_bank_asks_for_the_reader(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card="4000002760003184")
    await stripe_world.stand_in.hook("advance", days=32)
    late = await stripe_world.again(subscription)
    assert late.status == "past_due"
    assert "invoice.payment_action_required" in stripe_world.receiver.kinds()
    intent = (await stripe_world.v1.payment_intents.list_async()).data[0]
    assert intent.status == "requires_action"


async def test_a_sent_invoice_falls_due(stripe_world: World) -> None:
    price = await stripe_world.shop()
    customer = await stripe_world.v1.customers.create_async({"email": "a@example.com"})
    subscription = await stripe_world.v1.subscriptions.create_async(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "collection_method": "send_invoice",
            "days_until_due": 10,
        }
    )
    assert subscription.status == "active"
    invoice = await stripe_world.v1.invoices.retrieve_async(subscription.latest_invoice)
    assert (invoice.status, invoice.due_date) == ("open", START + 10 * DAY)
    await stripe_world.stand_in.hook("advance", days=10)
    assert (await stripe_world.again(subscription)).status == "past_due"
    await stripe_world.v1.invoices.pay_async(invoice.id, {"paid_out_of_band": True})
    assert (await stripe_world.again(subscription)).status == "active"


async def test_an_early_warning(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed()
    await stripe_world.stand_in.hook("warn", subscription=subscription.id)
    (warning,) = stripe_world.receiver.of("radar.early_fraud_warning.created")
    found = await stripe_world.v1.radar.early_fraud_warnings.retrieve_async(warning["id"])
    assert found.charge == warning["charge"]


async def test_a_deleted_customer_takes_its_subscriptions_along(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(card=GOOD)
    gone = await stripe_world.v1.customers.delete_async(subscription.customer)
    assert gone.deleted is True
    assert (await stripe_world.again(subscription)).status == "canceled"
    found = await stripe_world.v1.customers.retrieve_async(subscription.customer)
    assert found.deleted is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        await stripe_world.v1.customers.update_async(subscription.customer, {"name": "A"})
    assert caught.value.code == "resource_missing"
    await stripe_world.stand_in.hook("advance", days=40)


async def test_one_who_is_unpaid_gets_drafts(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("settings", after_last_failure="unpaid")
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    await stripe_world.stand_in.hook("advance", days=64)
    late = await stripe_world.again(subscription)
    assert late.status == "unpaid"
    newest, failed, first = (await stripe_world.v1.invoices.list_async()).data
    assert [newest.status, failed.status, first.status] == ["draft", "open", "paid"]
    assert newest.auto_advance is False
    await stripe_world.stand_in.hook("card", subscription=subscription.id, number=GOOD)
    await stripe_world.v1.invoices.finalize_invoice_async(newest.id)
    await stripe_world.v1.invoices.pay_async(newest.id)
    assert (await stripe_world.again(subscription)).status == "active"


async def test_the_older_billing_mode_says_its_end_by_the_flag(stripe_world: World) -> None:
    subscription = await stripe_world.subscribed(
        subscription_data={"billing_mode": {"type": "classic"}}
    )
    cancelled = await stripe_world.stand_in.hook(
        "cancel", subscription=subscription.id, at_period_end=True
    )
    assert cancelled["cancel_at_period_end"] is True
    with pytest.raises(stripe.InvalidRequestError, match="flexible"):
        await stripe_world.v1.subscriptions.update_async(
            subscription.id, {"cancel_at": "min_period_end"}
        )
    await stripe_world.stand_in.hook("advance", days=32)
    (deleted,) = stripe_world.receiver.of("customer.subscription.deleted")
    assert deleted["status"] == "canceled"


async def test_a_dearer_month_after_a_trial_bills_once(stripe_world: World) -> None:
    """A plan changed in the trial is billed at its end, without prorations."""
    subscription = await stripe_world.subscribed(subscription_data={"trial_period_days": 10})
    dearer = await stripe_world.v1.prices.create_async(
        {
            "product": subscription["items"].data[0].price.product,
            "currency": "eur",
            "unit_amount": 2000,
            "recurring": {"interval": "month"},
        }
    )
    item = subscription["items"].data[0]
    await stripe_world.v1.subscriptions.update_async(
        subscription.id, {"items": [{"id": item.id, "price": dearer.id}]}
    )
    await stripe_world.stand_in.hook("advance", days=11)
    assert [each.total for each in (await stripe_world.v1.invoices.list_async()).data] == [2000, 0]


async def test_an_older_debt_paid_doesnt_open_a_subscription(stripe_world: World) -> None:
    await stripe_world.stand_in.hook("settings", after_last_failure="past_due")
    subscription = await stripe_world.subscribed(card=FAILS_LATER)
    await stripe_world.stand_in.hook("advance", days=64)
    newest, older, _ = (await stripe_world.v1.invoices.list_async()).data
    assert (newest.status, older.status) == ("open", "open")
    await stripe_world.v1.invoices.pay_async(older.id, {"paid_out_of_band": True})
    assert (await stripe_world.again(subscription)).status == "past_due"
    await stripe_world.v1.invoices.pay_async(newest.id, {"paid_out_of_band": True})
    assert (await stripe_world.again(subscription)).status == "active"
