"""Where a thing stands in Stripe's own dashboard: refunds and cancellations are made there. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

BASE = "https://dashboard.stripe.com"
PAYERS_PAGES = (
    "https://invoice.stripe.com/",
    "https://pay.stripe.com/",
    "https://files.stripe.com/",
)
_LINK_MAX = 2000
_ID = re.compile(r"([a-z]{2,5})_[A-Za-z0-9_]{1,200}", re.ASCII)
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{1,64}", re.ASCII)
_SECTIONS = {
    "cus": "customers",
    "sub": "subscriptions",
    "in": "invoices",
    "pi": "payments",
    "ch": "payments",
    "py": "payments",
    "dp": "disputes",
    "du": "disputes",
    "prod": "products",
    "price": "prices",
    "evt": "events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """``base`` is empty where there is none: a stand-in for Stripe has no dashboard of Stripe's.
    ``livemode`` is the ledger's own; ``hosts`` are prefixes of pages that Stripe shows to a payer."""

    base: str = BASE
    livemode: bool | None = None
    hosts: tuple[str, ...] = PAYERS_PAGES

    def url(self, thing: str, *, livemode: bool | None = None, account: str = "") -> str:
        """Empty for an id that the dashboard has no page for."""
        found = _ID.fullmatch(thing)
        section = _SECTIONS.get(found[1]) if found else None
        if section is None or not self.base:
            return ""
        whose = f"/{account}" if _ACCOUNT.fullmatch(account) else ""
        live = self.livemode if livemode is None else livemode
        mode = "" if live else "/test"
        return f"{self.base}{whose}{mode}/{section}/{thing}"

    def link(self, value: object) -> str:
        """An address that a payload names, where it is one of Stripe's own: a payload is text of others."""
        if not isinstance(value, str) or len(value) > _LINK_MAX:
            return ""
        return value if value.startswith(self.hosts) else ""
