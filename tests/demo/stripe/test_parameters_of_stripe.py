"""Every parameter that the stand-in takes is one that Stripe takes, as strictly or more so."""

from __future__ import annotations

import importlib

import pytest

from gateway.demo.stripe.parameters import (
    Flag,
    Group,
    Kind,
    Many,
    Metadata,
    Number,
    One,
    Text,
    Whole,
    decode,
)
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.routes import ROUTES, Route
from tests.demo.stripe.oracle import parameter_faults

# Path → the class of stripe.params for each method.
CLASSES = {
    "GET /v1/account": "_account_retrieve_current_params.AccountRetrieveCurrentParams",
    "POST /v1/customers": "CustomerCreateParams",
    "GET /v1/customers": "CustomerListParams",
    "GET /v1/customers/{id}": "CustomerRetrieveParams",
    "POST /v1/customers/{id}": "CustomerModifyParams",
    "DELETE /v1/customers/{id}": "CustomerDeleteParams",
    "POST /v1/products": "ProductCreateParams",
    "GET /v1/products": "ProductListParams",
    "GET /v1/products/{id}": "ProductRetrieveParams",
    "POST /v1/products/{id}": "ProductModifyParams",
    "POST /v1/prices": "PriceCreateParams",
    "GET /v1/prices": "PriceListParams",
    "GET /v1/prices/{id}": "PriceRetrieveParams",
    "POST /v1/prices/{id}": "PriceModifyParams",
    "POST /v1/coupons": "CouponCreateParams",
    "GET /v1/coupons": "CouponListParams",
    "GET /v1/coupons/{id}": "CouponRetrieveParams",
    "POST /v1/promotion_codes": "PromotionCodeCreateParams",
    "GET /v1/promotion_codes": "PromotionCodeListParams",
    "GET /v1/promotion_codes/{id}": "PromotionCodeRetrieveParams",
    "GET /v1/payment_methods": "PaymentMethodListParams",
    "GET /v1/payment_methods/{id}": "PaymentMethodRetrieveParams",
    "POST /v1/payment_methods/{id}/attach": "PaymentMethodAttachParams",
    "POST /v1/payment_methods/{id}/detach": "PaymentMethodDetachParams",
    "POST /v1/checkout/sessions": "checkout.SessionCreateParams",
    "GET /v1/checkout/sessions": "checkout.SessionListParams",
    "GET /v1/checkout/sessions/{id}": "checkout.SessionRetrieveParams",
    "GET /v1/checkout/sessions/{id}/line_items": "checkout.SessionListLineItemsParams",
    "POST /v1/checkout/sessions/{id}/expire": "checkout.SessionExpireParams",
    "POST /v1/subscriptions": "SubscriptionCreateParams",
    "GET /v1/subscriptions": "SubscriptionListParams",
    "GET /v1/subscriptions/{id}": "SubscriptionRetrieveParams",
    "POST /v1/subscriptions/{id}": "SubscriptionModifyParams",
    "DELETE /v1/subscriptions/{id}": "SubscriptionCancelParams",
    "POST /v1/subscriptions/{id}/pause": "SubscriptionPauseParams",
    "POST /v1/subscriptions/{id}/resume": "SubscriptionResumeParams",
    "GET /v1/subscription_items": "SubscriptionItemListParams",
    "GET /v1/invoices": "InvoiceListParams",
    "GET /v1/invoices/{id}": "InvoiceRetrieveParams",
    "GET /v1/invoices/{id}/lines": "InvoiceListLinesParams",
    "POST /v1/invoices/{id}/finalize": "InvoiceFinalizeInvoiceParams",
    "POST /v1/invoices/{id}/pay": "InvoicePayParams",
    "POST /v1/invoices/{id}/void": "InvoiceVoidInvoiceParams",
    "POST /v1/invoices/{id}/mark_uncollectible": "InvoiceMarkUncollectibleParams",
    "GET /v1/invoice_payments": "InvoicePaymentListParams",
    "GET /v1/invoice_payments/{id}": "InvoicePaymentRetrieveParams",
    "GET /v1/payment_intents": "PaymentIntentListParams",
    "GET /v1/payment_intents/{id}": "PaymentIntentRetrieveParams",
    "GET /v1/charges": "ChargeListParams",
    "GET /v1/charges/{id}": "ChargeRetrieveParams",
    "POST /v1/refunds": "RefundCreateParams",
    "GET /v1/refunds": "RefundListParams",
    "GET /v1/refunds/{id}": "RefundRetrieveParams",
    "GET /v1/disputes": "DisputeListParams",
    "GET /v1/disputes/{id}": "DisputeRetrieveParams",
    "POST /v1/disputes/{id}/close": "DisputeCloseParams",
    "GET /v1/radar/early_fraud_warnings/{id}": "radar.EarlyFraudWarningRetrieveParams",
    "GET /v1/events": "EventListParams",
    "GET /v1/events/{id}": "EventRetrieveParams",
    "GET /v1/webhook_endpoints": "WebhookEndpointListParams",
    "GET /v1/webhook_endpoints/{id}": "WebhookEndpointRetrieveParams",
    "POST /v1/billing_portal/sessions": "billing_portal.SessionCreateParams",
    "POST /v1/billing_portal/configurations": "billing_portal.ConfigurationCreateParams",
    "GET /v1/billing_portal/configurations": "billing_portal.ConfigurationListParams",
    "GET /v1/billing_portal/configurations/{id}": "billing_portal.ConfigurationRetrieveParams",
    "POST /v1/billing_portal/configurations/{id}": "billing_portal.ConfigurationModifyParams",
}


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_route_takes_nothing_that_stripe_refuses(route: Route) -> None:
    package, _, name = CLASSES[named(route)].rpartition(".")
    cls = getattr(importlib.import_module(f"stripe.params.{package}".rstrip(".")), name)
    assert not parameter_faults(route.accepts, cls, cls.__module__, name)


def test_every_route_is_held_against_a_class() -> None:
    assert {named(route) for route in ROUTES} == set(CLASSES)


def test_the_judge_sees_each_way_of_being_looser() -> None:
    from stripe.params import CustomerCreateParams, PriceCreateParams

    def judged(fields: dict[str, Kind], cls: type = CustomerCreateParams) -> str:
        return " ".join(parameter_faults(Group(fields), cls, cls.__module__, "p"))

    assert "doesn't know colour" in judged({"colour": Text()})
    assert "doesn't know api_key" in judged({"api_key": Text()})
    assert "can't be cleared" in judged({"name": Text(clears=True)})
    assert "isn't a whole number" in judged({"name": Whole()})
    assert "isn't free text" in judged({"tax_exempt": Text()})
    assert "isn't among" in judged({"tax_exempt": One(("none", "half"))})
    assert "isn't a list" in judged({"name": Many(Text())})
    assert "isn't a boolean" in judged({"preferred_locales": Many(Flag())})
    assert "isn't a number" in judged({"balance": Number(10)})
    assert "isn't a hash" in judged({"email": Group()})
    assert "isn't a free hash" in judged({"email": Metadata(clears=False)})
    assert "currency is needed" in judged({}, PriceCreateParams)


def test_the_form_is_decoded_as_stripe_encodes_it() -> None:
    read = decode("items[0][price]=price_1&items[1][price]=p2&metadata[a%20b]=%C3%A9+%26&x=")
    assert read == {
        "items": {"0": {"price": "price_1"}, "1": {"price": "p2"}},
        "metadata": {"a b": "é &"},
        "x": "",
    }
    assert decode("expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}


@pytest.mark.parametrize(
    "form",
    ["a=1&a=2", "a[b]=1&a=2", "a=1&a[b]=2", "a[b=1", "a]b[=1", "=1", "a=%ff", "[a]=1", "a[b]c=1"],
)
def test_a_form_that_says_two_things_is_refused(form: str) -> None:
    with pytest.raises(Refused):
        decode(form)


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (Text(3), "four", None),
        (Text(), "", "parameter_invalid_empty"),
        (Text(), {"a": "b"}, None),
        (Whole(), "1.0", "parameter_invalid_integer"),
        (Whole(), "١", "parameter_invalid_integer"),
        (Whole(least=1), "0", "parameter_invalid_integer"),
        (Whole(most=100), "101", "parameter_invalid_integer"),
        (Flag(), "True", None),
        (Flag(), "1", None),
        (One(("a", "b")), "c", None),
        (Many(Text()), "a", None),
        (Many(Text()), {"x": "a"}, None),
        (Metadata(), {"k" * 41: "v"}, None),
        (Metadata(), {"k": "v" * 501}, None),
        (Metadata(), {str(n): "v" for n in range(51)}, None),
        (Group({"a": Text()}), {"b": "c"}, "parameter_unknown"),
        (Group({"a": Text()}, needs=("a",)), {}, "parameter_missing"),
        (Number(100), "100.1", None),
        (Number(100), "0", None),
    ],
)
def test_a_value_out_of_its_kind_is_refused(kind: Kind, raw: object, code: str | None) -> None:
    with pytest.raises(Refused) as caught:
        kind.read(raw, "field")  # type: ignore[arg-type]  # what must be refused
    assert caught.value.error.get("code") == code
    assert caught.value.status == 400
    assert caught.value.error["param"].startswith("field")
