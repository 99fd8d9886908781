"""Where a thing stands in Stripe's own dashboard: refunds and cancellations are made there. Pure."""

from __future__ import annotations

import re

BASE = "https://dashboard.stripe.com"
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


def dashboard_url(thing: str, *, livemode: bool | None, account: str = "", base: str = BASE) -> str:
    """Empty for an id that the dashboard has no page for, and where there is no dashboard (``base``)."""
    found = _ID.fullmatch(thing)
    section = _SECTIONS.get(found[1]) if found else None
    if section is None or not base:
        return ""
    whose = f"/{account}" if _ACCOUNT.fullmatch(account) else ""
    mode = "" if livemode else "/test"
    return f"{base}{whose}{mode}/{section}/{thing}"
