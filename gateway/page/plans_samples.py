"""The pages of selling in every state, for ``login_samples``. Amounts and days are words."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]
_BACK = "/culture/exemple"
_WORDS = {
    "fr": {
        "reader": "Abonné",
        "supporter": "Soutien",
        "month": "9,90\u00a0€",
        "year": "99\u00a0€",
        "monthly": "8,25\u00a0€",
        "more": "19\u00a0€",
        "nothing": "0\u00a0€",
        "day": "27 décembre 2026",
    },
    "en": {
        "reader": "Subscriber",
        "supporter": "Supporter",
        "month": "€9.90",
        "year": "€99",
        "monthly": "€8.25",
        "more": "€19",
        "nothing": "€0",
        "day": "27 December 2026",
    },
}


def pages(language: str) -> Iterator[tuple[str, str, Context]]:
    words = _WORDS.get(language, _WORDS["en"])
    shown: Context = {
        "plans": [_reader(words), _supporter(words)],
        "unsold": False,
        "subscribed": False,
        "promotion_codes": True,
        "tax_included": True,
        "adopt_url": "",
        "signed_in": False,
        "login_url": f"/-/login?return_to={_BACK}",
        "return_to": _BACK,
    }
    yield "plans", "plans", shown
    signed_in: Context = {"signed_in": True, "adopt_url": "/-/adopt"}
    yield "plans-trial", "plans", {**shown, **signed_in, "plans": [_reader(words, trial_days=14)]}
    mine = [_reader(words, mine=True), _supporter(words)]
    yield "plans-mine", "plans", {**shown, "signed_in": True, "subscribed": True, "plans": mine}
    yield "plans-none", "plans", {**shown, "plans": [], "return_to": "/"}
    yield "plans-unsold", "plans", {**shown, "plans": [], "unsold": True}
    yield "checkout", "checkout", _order(words)
    year = {"amount": words["year"], "period": "plans.per.year", "monthly": words["monthly"]}
    trial: Context = {"trial_days": 14, "today": words["nothing"], "yearly": True}
    yield "checkout-trial", "checkout", {**_order(words), **year, **trial, "adopt_url": "/-/adopt"}
    yield "checkout-change", "checkout", {**_order(words), "subscribed": True, "return_to": "/"}
    for state in ("pending", "unknown"):
        told: Context = {"state": state, "again_url": "/-/checkout/done", "return_to": _BACK}
        yield f"checkout-{state}", "checkout-done", told
    failed: Context = {"again_url": "/-/plans", "error_id": "5f0c1e9a7b3d2846", "return_to": _BACK}
    failed["unclear"] = False
    yield "checkout-failed", "checkout-failed", failed
    yield "checkout-failed-unclear", "checkout-failed", failed | {"unclear": True}


def _reader(words: dict[str, str], *, trial_days: int = 0, mine: bool = False) -> Context:
    year = {**_offer(words["year"], "year"), "monthly": words["monthly"], "free_to_leave": False}
    month = {**_offer(words["month"], "month"), "mine": mine}
    plan: Context = {"name": words["reader"], "opens": [words["reader"]], "trial_days": trial_days}
    return plan | {"mine": mine, "offers": [month, year]}


def _supporter(words: dict[str, str]) -> Context:
    names = [words["reader"], words["supporter"]]
    plan: Context = {"name": words["supporter"], "opens": names, "trial_days": 0, "mine": False}
    return plan | {"offers": [_offer(words["more"], "month")]}


def _offer(amount: str, period: str) -> Context:
    return {
        "amount": amount,
        "period": f"plans.per.{period}",
        "count": 1,
        "monthly": "",
        "free_to_leave": True,
        "mine": False,
        "url": f"/-/checkout?plan=reader&price=price_1&return_to={_BACK}",
    }


def _order(words: dict[str, str]) -> Context:
    return {
        **_offer(words["month"], "month"),
        "plan_name": words["supporter"],
        "today": words["month"],
        "trial_days": 0,
        "next_day": words["day"],
        "tax_included": True,
        "yearly": False,
        "subscribed": False,
        "action": "/-/checkout",
        "plan": "supporter",
        "price": "price_1",
        "adopt_url": "",
        "plans_url": f"/-/plans?return_to={_BACK}",
        "return_to": _BACK,
    }
