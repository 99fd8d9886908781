"""The console's pages of one reader in each of their states: a part of ``finance_samples``."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]

_BECAUSE: list[Context] = [{"number": 41, "kind": "invoice.paid"}, {"number": 7, "kind": "bind"}]
_SPANS: list[Context] = [
    {"left": 0.0, "width": 40.5, "ahead": False},
    {"left": 55.0, "width": 45.0, "ahead": True},
]
ACCOUNT: Context = {
    "id": "r_4f2c",
    "email": "camille@lecteurs.example",
    "verified": False,
    "name": "Camille Le Goff",
    "language": "fr",
    "since": "3 mars 2024",
    "ways": [{"provider": "google", "email": "camille@lecteurs.example"}],
    "sessions": [
        {
            "device": "Firefox, Linux",
            "network": "192.0.2.0/24",
            "country": "FR",
            "began": "26 nov. 2026 08:00:00",
            "seen": "27 nov. 2026 09:00:00",
            "provider": "google",
        }
    ],
}


def pages(held: list[Context], row: Context) -> Iterator[tuple[str, str, Context]]:
    found = {"id": "r_4f2c", "email": "c@lecteurs.example", "name": "C", "since": "3 mars 2024"}
    asked: Context = {"query": "", "found": [], "looked": False}
    yield "readers", "finance-readers", asked
    yield "readers-several", "finance-readers", {**asked, "found": [found, found], "looked": True}
    yield "readers-nobody", "finance-readers", {**asked, "query": "x@y.example", "looked": True}
    full = _full(held, row)
    yield "reader", "finance-reader", full
    seen: Context = {"sums": False, "invoices": [], "binds": False, "revokes": False}
    support: Context = {**full, **seen, "always": False, "said": "", "wrong": "too-long"}
    yield "reader-support", "finance-reader", support
    gone: Context = {"account": None, "held": [], "gives": False, "mails": False}
    line: Context = {**_line(), "rows": [], "table": [], "failed": "KeyError('price')"}
    nothing: Context = dict.fromkeys(("customers", "subscriptions", "invoices", "given"), ())
    over: Context = {**full, **gone, **nothing, "line": line, "entries": [], "more": 0}
    yield "reader-gone", "finance-reader", {**over, "merged_into": "r_1", "failed": "KeyError"}
    yield "reader-erased", "finance-reader", {**over, "erased": True, "said": ""}
    merge: Context = {"kept": ACCOUNT, "gone": {**ACCOUNT, "id": "r_9", "ways": []}}
    yield (
        "merge",
        "finance-merge",
        {**merge, "customers": ["cus_1"], "grants": 1, "reason": "Deux adresses"},
    )


def _line() -> Context:
    return {
        "rows": [{"tier": "soutien", "spans": _SPANS}],
        "table": [
            {
                "tier": "soutien",
                "since": "1 janv. 2026",
                "until": "27 déc. 2026",
                "open": True,
                "because": _BECAUSE,
                "more": 3,
            },
            {
                "tier": "soutien",
                "since": "3 mars 2024",
                "until": "",
                "open": False,
                "because": [],
                "more": 0,
            },
        ],
        "first": "3 mars 2024",
        "last": "27 déc. 2026",
        "today": 92.0,
        "cut": True,
        "failed": "",
    }


def _full(held: list[Context], row: Context) -> Context:
    url = "https://dashboard.stripe.com/customers/cus_1"
    invoice: Context = {
        "id": "in_1",
        "number": "LG-0041",
        "status": "paid",
        "made": "27 nov. 2026",
        "amount": "9,90 €",
        "page": "https://invoice.stripe.com/i/1",
        "pdf": "https://pay.stripe.com/invoice/1/pdf",
        "url": url,
        "entry": 41,
    }
    subscription: Context = {
        "id": "sub_1",
        "customer": "cus_1",
        "course": "in-grace",
        "status": "past_due",
        "why": "quantity-over-one",
        "prices": ["price_soutien"],
        "tiers": ["soutien"],
        "until": "27 déc. 2026",
        "entry": 41,
        "url": url,
    }
    given: Context = {
        "number": 7,
        "grant": True,
        "live": False,
        "tier": "club",
        "until": "27 déc. 2026",
        "at": "27 nov. 2026 09:00:00",
        "by": "aide@news.example",
        "why": "Geste commercial",
    }
    return {
        "id": "r_4f2c",
        "account": ACCOUNT,
        "held": held,
        "line": _line(),
        "merged_into": "",
        "merged_from": ("r_9",),
        "erased": False,
        "failed": "",
        "customers": [{"id": "cus_1", "shown": "cus_1", "entries": (7,), "url": url}],
        "subscriptions": [subscription],
        "invoices": [invoice, {**invoice, "number": "", "page": "", "pdf": "", "url": ""}],
        "given": [given, {**given, "grant": False, "tier": "", "until": "", "why": ""}],
        "entries": [row],
        "more": 3,
        "sums": True,
        "slack_hours": 72,
        "gives": True,
        "always": True,
        "revokes": True,
        "binds": True,
        "mails": True,
        "tiers": ["club", "soutien"],
        "said": "granted",
        "wrong": "",
    }
