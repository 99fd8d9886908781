"""The letters of a subscription's life, for ``login_samples``. Times and sums are words."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]
KINDS = (
    "welcome",
    "payment-failed",
    "payment-confirm",
    "card-ending",
    "trial-ending",
    "renewal",
    "ending",
    "ended",
)


_WORDS = {
    "fr": {
        "plan": "Soutien",
        "price": "9,90\u00a0€",
        "day": "23 décembre 2026",
        "withdraw_until": "7 décembre 2026",
        "money": "9,90\u00a0€",
    },
    "en": {
        "plan": "Supporter",
        "price": "€9.90",
        "day": "23 December 2026",
        "withdraw_until": "7 December 2026",
        "money": "€9.90",
    },
}


def mails(language: str) -> Iterator[tuple[str, str, Context]]:
    told: Context = {
        **_WORDS.get(language, _WORDS["en"]),
        "per": "month",
        "count": 1,
        "trial": False,
        "reference": "sub_1QxYz",
        "card": "4242",
        "link": "",
    }
    for kind in KINDS:
        paid = kind.startswith("payment")
        link = "https://invoice.stripe.com/i/acct_1/test_x" if paid else ""
        yield f"mail-life-{kind}", "life", {**told, "kind": kind, "link": link}
    months = {"per": "months", "count": 6, "kind": "renewal"}
    yield "mail-life-renewal-half", "life", {**told, **months}
    bare = {"price": "", "day": "", "withdraw_until": "", "trial": True}
    yield "mail-life-welcome-bare", "life", {**told, **bare, "kind": "welcome"}
