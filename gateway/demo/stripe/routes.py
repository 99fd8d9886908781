"""The API's table: each method and path, what it accepts, and who answers; and what falls due."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.demo.stripe import (
    account_routes,
    billing,
    cards,
    catalogue,
    changing,
    checkout,
    checkout_opening,
    customers,
    discounts,
    disputes,
    invoice_routes,
    invoices,
    leaving,
    paying,
    portal,
    portal_session,
    refunds,
    subscriptions,
)
from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.agenda import Action
from gateway.demo.stripe.listing import Matches, lister
from gateway.demo.stripe.parameters import NOTHING, Group

Handler = Callable[..., Thing]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    accepts: Group
    answer: Handler
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.compile(self.path.replace("{id}", "([^/]{1,255})"))
        object.__setattr__(self, "pattern", pattern)


def _retriever(table: str) -> Handler:
    def retrieved(account: Account, params: Thing, thing_id: str) -> Thing:
        del params
        return account.find(table, thing_id)

    return retrieved


def _any(thing: Thing, params: Thing) -> bool:
    del thing, params
    return True


def _paid_by(thing: Thing, params: Thing) -> bool:
    return all(params.get(key) in (None, thing.get(key)) for key in ("customer", "payment_intent"))


def _listed(path: str, table: str, accepts: Group, matches: Matches) -> Route:
    return Route("GET", path, accepts, lister(table, path, matches))


_C, _P, _S = "/v1/customers", "/v1/prices", "/v1/subscriptions"
_I, _CS, _PM = "/v1/invoices", "/v1/checkout/sessions", "/v1/payment_methods"
_BC = "/v1/billing_portal/configurations"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/account", NOTHING, account_routes.account_object),
    Route("POST", _C, customers.CREATE, customers.create),
    _listed(_C, "customer", customers.LIST, customers.matches),
    Route("GET", f"{_C}/{{id}}", NOTHING, customers.retrieve),
    Route("POST", f"{_C}/{{id}}", customers.UPDATE, customers.update),
    Route("DELETE", f"{_C}/{{id}}", Group(), customers.delete),
    Route("POST", "/v1/products", catalogue.PRODUCT_CREATE, catalogue.create_product),
    _listed("/v1/products", "product", catalogue.PRODUCT_LIST, catalogue.product_matches),
    Route("GET", "/v1/products/{id}", NOTHING, catalogue.retrieve_product),
    Route("POST", "/v1/products/{id}", catalogue.PRODUCT_UPDATE, catalogue.update_product),
    Route("POST", _P, catalogue.PRICE_CREATE, catalogue.create_price),
    _listed(_P, "price", catalogue.PRICE_LIST, catalogue.price_matches),
    Route("GET", f"{_P}/{{id}}", NOTHING, catalogue.retrieve_price),
    Route("POST", f"{_P}/{{id}}", catalogue.PRICE_UPDATE, catalogue.update_price),
    Route("POST", "/v1/coupons", discounts.COUPON_CREATE, discounts.create_coupon),
    _listed("/v1/coupons", "coupon", discounts.COUPON_LIST, _any),
    Route("GET", "/v1/coupons/{id}", NOTHING, discounts.retrieve_coupon),
    Route("POST", "/v1/promotion_codes", discounts.CODE_CREATE, discounts.create_code),
    _listed("/v1/promotion_codes", "promotion_code", discounts.CODE_LIST, discounts.code_matches),
    Route("GET", "/v1/promotion_codes/{id}", NOTHING, discounts.retrieve_code),
    _listed(_PM, "payment_method", cards.LIST, cards.matches),
    Route("GET", f"{_PM}/{{id}}", NOTHING, cards.retrieve),
    Route("POST", f"{_PM}/{{id}}/attach", cards.ATTACH, cards.attach),
    Route("POST", f"{_PM}/{{id}}/detach", NOTHING, cards.detach),
    Route("POST", _CS, checkout_opening.CREATE, checkout.create),
    _listed(_CS, "checkout.session", checkout_opening.LIST, checkout.matches),
    Route("GET", f"{_CS}/{{id}}", NOTHING, checkout.retrieve),
    Route("GET", f"{_CS}/{{id}}/line_items", invoices.LINES, checkout.line_item_page),
    Route("POST", f"{_CS}/{{id}}/expire", NOTHING, checkout.expire),
    Route("POST", _S, subscriptions.CREATE, subscriptions.create),
    _listed(_S, "subscription", subscriptions.LIST, subscriptions.matches),
    Route("GET", f"{_S}/{{id}}", NOTHING, subscriptions.retrieve),
    Route("POST", f"{_S}/{{id}}", changing.UPDATE, changing.update),
    Route("DELETE", f"{_S}/{{id}}", subscriptions.CANCEL, subscriptions.cancel),
    Route("POST", f"{_S}/{{id}}/pause", changing.PAUSE, changing.pause),
    Route("POST", f"{_S}/{{id}}/resume", changing.RESUME, changing.resume),
    Route("GET", "/v1/subscription_items", subscriptions.ITEM_LIST, subscriptions.items),
    _listed(_I, "invoice", invoices.LIST, invoices.matches),
    Route("GET", f"{_I}/{{id}}", NOTHING, invoices.retrieve),
    Route("GET", f"{_I}/{{id}}/lines", invoices.LINES, invoice_routes.lines),
    Route("POST", f"{_I}/{{id}}/finalize", NOTHING, invoice_routes.finalize),
    Route("POST", f"{_I}/{{id}}/pay", invoice_routes.PAY, invoice_routes.pay),
    Route("POST", f"{_I}/{{id}}/void", NOTHING, invoice_routes.void),
    Route("POST", f"{_I}/{{id}}/mark_uncollectible", NOTHING, invoice_routes.write_off),
    _listed(
        "/v1/invoice_payments",
        "invoice_payment",
        paying.INVOICE_PAYMENT_LIST,
        invoice_routes.payment_matches,
    ),
    Route("GET", "/v1/invoice_payments/{id}", NOTHING, _retriever("invoice_payment")),
    _listed("/v1/payment_intents", "payment_intent", paying.INTENT_LIST, _paid_by),
    Route("GET", "/v1/payment_intents/{id}", NOTHING, _retriever("payment_intent")),
    _listed("/v1/charges", "charge", paying.CHARGE_LIST, _paid_by),
    Route("GET", "/v1/charges/{id}", NOTHING, _retriever("charge")),
    Route("POST", "/v1/refunds", refunds.CREATE, refunds.create),
    _listed("/v1/refunds", "refund", refunds.LIST, refunds.matches),
    Route("GET", "/v1/refunds/{id}", NOTHING, refunds.retrieve),
    _listed("/v1/disputes", "dispute", disputes.LIST, disputes.matches),
    Route("GET", "/v1/disputes/{id}", NOTHING, disputes.retrieve),
    Route("POST", "/v1/disputes/{id}/close", NOTHING, disputes.close),
    Route(
        "GET",
        "/v1/radar/early_fraud_warnings/{id}",
        NOTHING,
        _retriever("radar.early_fraud_warning"),
    ),
    Route("GET", "/v1/events", account_routes.EVENT_LIST, account_routes.events),
    Route("GET", "/v1/events/{id}", NOTHING, account_routes.event),
    Route("GET", "/v1/webhook_endpoints", invoices.LINES, account_routes.endpoints),
    Route("GET", "/v1/webhook_endpoints/{id}", NOTHING, _retriever("webhook_endpoint")),
    Route("POST", "/v1/billing_portal/sessions", portal.SESSION_CREATE, portal_session.create),
    Route("POST", _BC, portal.CONFIGURATION_CREATE, portal.create_configuration),
    _listed(
        _BC,
        "billing_portal.configuration",
        portal.CONFIGURATION_LIST,
        portal.configuration_matches,
    ),
    Route("GET", f"{_BC}/{{id}}", NOTHING, portal.retrieve_configuration),
    Route("POST", f"{_BC}/{{id}}", portal.CONFIGURATION_UPDATE, portal.update_configuration),
)
ACTIONS: Mapping[str, Action] = {
    "cancel_due": leaving.cancel_due,
    "collect_again": billing.collect_again,
    "conclude": checkout.conclude_due,
    "dispute": disputes.dispute_due,
    "expire": billing.expire_due,
    "expire_session": checkout.expire_due,
    "fail_refund": refunds.fail_due,
    "finalize": billing.finalize_due,
    "overdue": billing.overdue,
    "retry": billing.retry_due,
    "trial_will_end": billing.trial_will_end,
    "turn": billing.turn,
}


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    for route in ROUTES:
        match = route.pattern.fullmatch(path) if route.method == method else None
        if match is not None:
            return route, match.groups()
    return None
