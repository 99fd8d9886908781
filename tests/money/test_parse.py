"""What an event says: hostile bytes, both kinds of event, objects of both generations of the API."""

from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import WebhookRefused
from gateway.model.entry import ID_MAX, Draft, Source, canonical
from gateway.model.subscription import Invoice, Item, Subscription, read
from gateway.money.entries.kinds import EVENTS
from gateway.money.entries.parse import BYTES_MAX, THIN, NoEvent, parse

CREATED = 1_800_000_000


def event(thing: Any = None, **changed: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": CREATED,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": thing if thing is not None else {}},
    } | changed


def parsed(thing: Any = None, **changed: Any) -> Draft:
    return parse(json.dumps(event(thing, **changed)).encode())


ENDIVE = {
    "id": "sub_1",
    "object": "subscription",
    "customer": "cus_1",
    "status": "active",
    "created": CREATED,
    "currency": "eur",
    "cancel_at": CREATED + 50,
    "cancel_at_period_end": False,
    "collection_method": "charge_automatically",
    "pause_collection": {"behavior": "void", "resumes_at": None},
    "latest_invoice": {"id": "in_1", "object": "invoice"},
    "items": {
        "object": "list",
        "has_more": False,
        "data": [
            {
                "id": "si_1",
                "price": {"id": "price_1", "object": "price"},
                "quantity": 2,
                "current_period_start": CREATED,
                "current_period_end": CREATED + 100,
            }
        ],
    },
}


def test_a_subscription_of_the_pinned_version() -> None:
    draft = parsed(ENDIVE)
    assert (draft.event_id, draft.source, draft.observed_at) == ("evt_1", Source.WEBHOOK, CREATED)
    assert (draft.object_type, draft.object_id) == ("subscription", "sub_1")
    assert (draft.customer_id, draft.subscription_id, draft.currency) == ("cus_1", "sub_1", "eur")
    assert read(Subscription, json.loads(canonical(draft.facts))) == Subscription(
        id="sub_1",
        customer="cus_1",
        status="active",
        created=CREATED,
        items=(Item("si_1", "price_1", 2, CREATED, CREATED + 100),),
        cancel_at=CREATED + 50,
        paused_collection=True,
        collection_method="charge_automatically",
        latest_invoice="in_1",
    )


def test_an_older_subscription_has_its_period_for_all_items() -> None:
    older = ENDIVE | {
        "current_period_start": 7,
        "current_period_end": 9,
        "items": {"data": [{"id": "si_1", "plan": {"id": "price_1"}}]},
    }
    facts = read(Subscription, parsed(older).facts)
    assert facts.items == (Item("si_1", "price_1", 1, 7, 9),)


def test_why_a_paused_subscription_is() -> None:
    paused = {"paused": {"type": "subscription", "subscription": {"type": "final_payment_failure"}}}
    facts = read(
        Subscription, parsed(ENDIVE | {"status": "paused", "status_details": paused}).facts
    )
    assert facts.paused_reason == "final_payment_failure"


NEW_INVOICE = {
    "id": "in_1",
    "object": "invoice",
    "customer": "cus_1",
    "status": "paid",
    "created": CREATED,
    "currency": "eur",
    "total": 900,
    "amount_paid": 900,
    "total_taxes": [{"amount": 100}, {"amount": 50}],
    "status_transitions": {"finalized_at": CREATED + 1, "paid_at": CREATED + 2},
    "parent": {"subscription_details": {"subscription": "sub_1"}},
    "payments": {"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]},
    "lines": {
        "data": [
            {
                "period": {"end": CREATED + 100},
                "parent": {"subscription_item_details": {"subscription": "sub_1"}},
            },
            {
                "period": {"end": CREATED + 999},
                "parent": {"invoice_item_details": {"subscription": "sub_other"}},
            },
        ]
    },
}
OLD_INVOICE = {
    **{name: NEW_INVOICE[name] for name in ("id", "object", "customer", "status", "created")},
    "currency": "eur",
    "total": 900,
    "amount_paid": 900,
    "tax": 150,
    "subscription": "sub_1",
    "payment_intent": "pi_1",
    "status_transitions": {"finalized_at": CREATED + 1, "paid_at": CREATED + 2},
    "lines": {"data": [{"period": {"end": CREATED + 100}, "subscription": "sub_1"}]},
}


@pytest.mark.parametrize("shape", [NEW_INVOICE, OLD_INVOICE])
def test_an_invoice_of_either_generation_says_the_same(shape: dict[str, Any]) -> None:
    draft = parsed(shape, type="invoice.paid")
    assert (draft.subscription_id, draft.invoice_id, draft.payment_id) == ("sub_1", "in_1", "pi_1")
    assert (draft.amount_minor, draft.currency) == (900, "eur")
    assert read(Invoice, json.loads(canonical(draft.facts))) == Invoice(
        id="in_1",
        customer="cus_1",
        subscription="sub_1",
        status="paid",
        created=CREATED,
        finalized_at=CREATED + 1,
        paid_at=CREATED + 2,
        amount_paid=900,
        total=900,
        tax=150,
        currency="eur",
        lines_end=CREATED + 100,
        payments=("pi_1",),
    )


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (
            {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "amount": 5},
            {"charge_id": "ch_1", "payment_id": "pi_1", "amount_minor": 5},
        ),
        (
            {"object": "refund", "id": "re_1", "payment_intent": "pi_1", "charge": {"id": "ch_1"}},
            {"charge_id": "ch_1", "payment_id": "pi_1", "amount_minor": None},
        ),
        (
            {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1", "customer": None},
            {"payment_id": "pi_1", "customer_id": "", "object_id": "dp_1"},
        ),
        (
            {"object": "radar.early_fraud_warning", "id": "issfr_1", "charge": "ch_1"},
            {"charge_id": "ch_1"},
        ),
        (
            {"object": "checkout.session", "id": "cs_1", "client_reference_id": "r-1_a"},
            {"reader": "r-1_a"},
        ),
        (
            {"object": "checkout.session", "id": "cs_1", "client_reference_id": "ana@news.example"},
            {"reader": ""},
        ),
        (
            {
                "object": "invoice_payment",
                "invoice": "in_1",
                "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
            },
            {"invoice_id": "in_1", "payment_id": "pi_1"},
        ),
        ({"object": "customer", "id": "cus_1", "email": "a@b.c"}, {"customer_id": "cus_1"}),
        ({"object": "mandate", "id": "m_1", "customer": "cus_1"}, {"customer_id": "cus_1"}),
    ],
)
def test_the_ids_of_other_objects(thing: dict[str, Any], expected: dict[str, Any]) -> None:
    draft = parsed(thing)
    assert {name: getattr(draft, name) for name in expected} == expected


def test_incident_the_wallets_email_differs() -> None:
    """Ghost 11695: no address ever reaches the facts, so none can bind; none can outlive an erasure."""
    customer = {"email": "ana@news.example", "name": "Ana <script>", "phone": "+33", "id": "cus_1"}
    told = {"customer_email": "ana@news.example", "customer_details": customer}
    for thing in (
        customer | {"object": "customer", "deleted": True},
        NEW_INVOICE | told,
        {"object": "checkout.session", "id": "cs_1", **told},
        {"object": "dispute", "id": "dp_1", "evidence": told},
        {"object": "charge", "id": "ch_1", "billing_details": customer},
        ENDIVE | told | {"metadata": customer},
    ):
        draft = parsed(thing)
        assert draft.facts["id"]
        assert "Ana" not in canonical(draft.facts)
        assert "ana" not in repr(draft)


def test_a_thin_event_says_where_to_look() -> None:
    draft = parse(
        json.dumps(
            {
                "id": "evt_2",
                "object": "v2.core.event",
                "type": "v1.customer.subscription.updated",
                "created": "2027-01-15T08:00:00.250Z",
                "livemode": True,
                "related_object": {"id": "sub_1", "type": "subscription", "url": "/v1/x"},
            }
        ).encode()
    )
    assert (draft.observed_at, draft.livemode) == (CREATED + 0.25, True)
    assert (draft.object_type, draft.object_id, draft.subscription_id) == (
        "subscription",
        "sub_1",
        "sub_1",
    )
    assert draft.facts == {"id": "sub_1", THIN: True}
    assert draft.hint


@pytest.mark.parametrize("account", [{"account": "acct_1"}, {"context": "acct_1"}])
def test_whose_account_it_happened_in(account: dict[str, str]) -> None:
    assert parsed({}, **account).account == "acct_1"


@pytest.mark.parametrize(
    ("kind", "thing", "hint"),
    [
        ("customer.subscription.updated", {"object": "subscription", "id": "sub_1"}, True),
        ("charge.refunded", {"object": "charge", "id": "ch_1"}, True),
        ("charge.succeeded", {"object": "charge", "id": "ch_1"}, False),
        ("invoice.created", {"object": "invoice", "id": "in_1"}, False),
        ("price.updated", {"object": "price", "id": "price_1"}, True),
        ("customer.updated", {"object": "customer", "id": "cus_1"}, False),
        ("customer.subscription.updated", {"object": "subscription"}, False),
    ],
)
def test_which_events_are_hints(kind: str, thing: dict[str, Any], hint: bool) -> None:
    assert parsed(thing, type=kind).hint is hint


def test_the_events_to_act_on_are_kinds_that_stripe_knows() -> None:
    known = get_args(get_type_hints(stripe.Event)["type"])
    assert set(EVENTS) <= set(known)
    assert len(EVENTS) == len(set(EVENTS))


GOOD = json.dumps(event()).encode()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", NoEvent.NOT_JSON),
        (b"[]", NoEvent.NOT_AN_EVENT),
        (b"[" + GOOD + b"]", NoEvent.NOT_AN_EVENT),
        (b'"evt_1"', NoEvent.NOT_AN_EVENT),
        (b"null", NoEvent.NOT_AN_EVENT),
        (b"{}", NoEvent.NOT_AN_EVENT),
        (b"\xef\xbb\xbf" + GOOD, NoEvent.NOT_JSON),
        (GOOD.decode().encode("utf-16"), NoEvent.NOT_JSON),
        (GOOD.replace(b"evt_1", b"evt_\xff"), NoEvent.NOT_JSON),
        (GOOD + b"x", NoEvent.NOT_JSON),
        (GOOD.replace(b'"id"', b'"id": "evt_0", "id"'), NoEvent.DOUBLED_KEY),
        (
            GOOD.replace(b'{"object": {}}', b'{"object": {"a": {"b": 1, "b": 1}}}'),
            NoEvent.DOUBLED_KEY,
        ),
        (GOOD.replace(b"1800000000", b"NaN"), NoEvent.NOT_JSON),
        (GOOD.replace(b"1800000000", b"-Infinity"), NoEvent.NOT_JSON),
        (GOOD.replace(b"1800000000", b"1" * 5000), NoEvent.NOT_JSON),
        (GOOD.replace(b"1800000000", b"1e400"), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b"1800000000", b"-1"), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b"1800000000", b"true"), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b"1800000000", b'"2027-01-15T08:00:00"'), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b"1800000000", b'"soon"'), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b'"evt_1"', b'""'), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b'"evt_1"', b'"\\u0000"'), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b'"evt_1"', b'"' + b"e" * (ID_MAX + 1) + b'"'), NoEvent.NOT_AN_EVENT),
        (GOOD.replace(b'"evt_1"', b"7"), NoEvent.NOT_AN_EVENT),
        (b'{"a":' * 100_000, NoEvent.NOT_JSON),
        (b" " * (BYTES_MAX + 1), NoEvent.TOO_LARGE),
    ],
)
def test_hostile_bytes(raw: bytes, reason: NoEvent) -> None:
    with pytest.raises(WebhookRefused) as raised:
        parse(raw)
    assert raised.value.reason == reason


def test_incident_an_unknown_status_was_answered_400() -> None:
    """So Stripe retried for days. Nothing within an event can make us refuse it."""
    for thing in (
        ENDIVE | {"status": "hibernating"},
        ENDIVE | {"status": ["active"], "items": {"data": [None, 7, {"price": 4}]}},
        {"object": "spaceship", "id": "ship_1"},
        {"object": ["subscription"], "id": {}},
    ):
        assert parsed(thing, type="a.kind.nobody.knows").kind == "a.kind.nobody.knows"
    odd: list[dict[str, Any]] = [{}, {"object": []}, {"object": None}]
    for data in odd:
        assert parsed(data=data).event_id == "evt_1"
    assert parsed(data=None).object_id == ""


def test_a_megabyte_is_read() -> None:
    raw = json.dumps(event({"object": "mandate", "id": "m", "note": ""})).encode()
    raw = raw.replace(b'"note": ""', b'"note": "' + b"x" * (BYTES_MAX - len(raw)) + b'"')
    assert len(raw) == BYTES_MAX
    assert parse(raw).object_id == "m"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
KINDS = ["subscription", "invoice", "charge", "refund", "dispute", "checkout.session"]


@settings(deadline=None)
@given(
    st.sampled_from([*KINDS, "invoice_payment", "radar.early_fraud_warning", "customer"]),
    st.dictionaries(st.sampled_from([*ENDIVE, *NEW_INVOICE, *OLD_INVOICE, "payment"]), ANYTHING),
)
def test_no_object_however_odd_is_refused_or_unwritable(kind: str, thing: dict[str, Any]) -> None:
    draft = parsed(thing | {"object": kind})
    assert json.loads(canonical(draft.facts)) is not None
    for name in ("object_id", "customer_id", "subscription_id", "invoice_id", "reader", "currency"):
        value = getattr(draft, name)
        assert len(value) <= ID_MAX
        assert value.isprintable()


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_an_event_or_refused(raw: bytes) -> None:
    with pytest.raises(WebhookRefused):
        parse(raw)
