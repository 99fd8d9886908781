"""The console's pages in each of their states, for ``Templates.check`` and the tests that look at them.

They aren't in the preview: that is of what readers see.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.page import finance_reader_samples, journal_samples

Context = dict[str, object]

DESK: Context = {
    "who": "compta@news.example",
    "roles": ["admin", "finance"],
    "tabs": [
        {"name": name, "href": f"/-/finance/{name}", "here": name == "journal", "count": count}
        for name, count in (
            ("journal", 0),
            ("work", 3),
            ("day", 0),
            ("readers", 0),
            ("explain", 0),
            ("site", 0),
            ("audit", 0),
        )
    ],
    "languages": [
        {"code": code, "name": name, "href": f"/-/finance/journal?lang={code}", "here": here}
        for code, name, here in (("fr", "Français", True), ("en", "English", False))
    ],
    "plans": {"soutien": "Soutien"},
}


HELD: list[Context] = [
    {"tier": "soutien", "open": True, "mendable": False, "until": "27 déc. 2026", "because": [4]},
    {"tier": "archives", "open": True, "mendable": False, "until": "", "because": [7, 9]},
    {"tier": "club", "open": False, "mendable": True, "until": "", "because": []},
]


def pages() -> Iterator[tuple[str, str, Context]]:
    """Each a state, a template's name and its context."""
    for state, name, context in (
        *_explaining(),
        *_entries(),
        *finance_reader_samples.pages(HELD, ROW),
        *journal_samples.pages(),
        *_audit(),
        *_site(),
        ("missing", "finance-missing", {}),
    ):
        yield state, name, {"desk": DESK, **context}


def mails() -> Iterator[tuple[str, str, Context]]:
    """What operators are told by themselves."""
    kinds = {"dispute": "pi_3PLqXJ", "drift": "2", "events-failed": "3", "late": "1"}
    for kind, detail in {**kinds, "signatures-refused": "12"}.items():
        alert: Context = {"kind": kind, "detail": detail, "path": "/-/finance/work"}
        yield f"mail-alert-{kind}", "alert", alert


def _explaining() -> Iterator[tuple[str, str, Context]]:
    asked: Context = {"url": "/culture/exemple", "named": "anonymous", "wrong": "", "told": []}
    asked |= {"reader": "r_4f2c", "held": HELD, "sums": True, "doubt": {}, "wrong_reader": False}
    facts: list[Context] = [
        {"name": name, "value": value, "key": key, "tiers": tiers}
        for name, value, key, tiers in (
            ("status", "200", "", []),
            ("decision", "teaser", "explain.decision.teaser", []),
            ("reason", "account-needed", "explain.reason.account-needed", []),
            ("access", "paid(soutien)", "explain.access.paid", ["soutien"]),
        )
    ]
    yield "explain", "finance-explain", {**asked, "told": facts}
    doubt: Context = {"tier": "soutein", "named": "archives, soutien"}
    yield "explain-doubt", "finance-explain", {**asked, "told": facts, "doubt": doubt}
    yield "explain-wrong", "finance-explain", {**asked, "wrong": "console.origin"}
    nobody: Context = {"wrong": "console.which-reader", "wrong_reader": True}
    yield "explain-nobody", "finance-explain", {**asked, **nobody}


ROW: Context = {
    "number": 41,
    "at": "27 nov. 2026 09:00:01",
    "kind": "invoice.paid",
    "source": "webhook",
    "object": "in_1PLqXJB",
    "state": "applied",
    "reason": "",
    "amount": "9,90 €",
    "by": "",
}


def _head() -> Context:
    return {
        "number": 42,
        "kind": "customer.subscription.updated",
        "source": "webhook",
        "signed": True,
        "act": False,
        "at": "27 nov. 2026 09:00:02",
        "told": "27 nov. 2026 09:00:00",
        "version": "2026-10-28.endive",
        "livemode": True,
        "state": "failed",
        "reason": "failed",
        "failure": "KeyError('price')",
        "changed": "27 nov. 2026 09:00:03",
        "tries": 3,
        "next": "27 nov. 2026 09:15:00",
        "fetching": False,
        "again": True,
        "sent": 21,
        "deliveries": [{"at": "27 nov. 2026 09:00:02", "late": (2, "s")}],
        "amount": "9,90 €",
        "unknown": False,
        "reader": "r_4f2c",
        "hash": "9f" * 32,
        "previous": "0" * 64,
        "sha256": "1c" * 32,
        "object_type": "subscription",
    }


def _entries() -> Iterator[tuple[str, str, Context]]:
    head = _head()
    url = "https://dashboard.stripe.com/subscriptions/sub_1"
    until: Context = {"state": "until", "until": "27 déc. 2026, 09:00"}
    line = {"reader": "r_4f2c", "tier": "soutien", "before": {"state": "none", "until": ""}}
    asked = {"name": "status", "here": "active", "known": "active", "asked": "past_due"}
    full: Context = {
        "entry": head,
        "ids": [
            {"name": "object_id", "id": "sub_1", "shown": "sub_1", "url": url},
            {"name": "event_id", "id": "evt_1", "shown": "evt_1", "url": ""},
        ],
        "raw": {"text": '{\n  "id": "evt_1"\n}', "json": True, "cut": True},
        "changed": {
            "failed": "",
            "any": True,
            "lines": [{**line, "after": until, "differs": True}],
        },
        "compared": {
            "at": "27 nov. 2026 09:01:00",
            "missing": False,
            "entry": 43,
            "differs": True,
            "fields": [{**asked, "differs": True}, {**asked, "name": "id", "differs": False}],
        },
        "fetchable": True,
        "story": [ROW, {**ROW, "number": 40, "state": "needs-a-person", "reason": "disputed"}],
        "more": 12,
        "reviews": [
            {
                "number": 44,
                "act": "reviewed",
                "at": "27 nov. 2026 10:00:00",
                "by": "compta@news.example",
                "note": "Vu avec la banque.",
            }
        ],
        "said": "retried",
    }
    yield "entry", "finance-entry", full
    nothing: Context = {"failed": "", "any": False, "lines": []}
    never: Context = {"at": "", "missing": False, "entry": 0, "differs": False, "fields": []}
    applied = {**head, "state": "applied", "reason": "", "failure": "", "next": "", "again": False}
    bare: Context = {
        **full,
        "entry": {
            **applied,
            "kind": "bind",
            "source": "checkout",
            "signed": False,
            "deliveries": [],
            "told": "",
            "sha256": "",
        },
        "raw": None,
        "changed": nothing,
        "compared": never,
        "story": [],
        "more": 0,
        "reviews": [],
        "said": "",
    }
    yield "entry-bare", "finance-entry", bare
    broken = {**nothing, "failed": "KeyError('price')"}
    missing = {**never, "at": "27 nov. 2026 09:01:00", "missing": True, "entry": 43}
    yield "entry-missing", "finance-entry", {**full, "changed": broken, "compared": missing}


def _audit() -> Iterator[tuple[str, str, Context]]:
    line: Context = {
        "number": 7,
        "at": "27 nov. 2026 09:00:00",
        "who": "compta@news.example",
        "act": "reader",
        "what": "r_4f2c",
        "why": "",
    }
    asked = {"who": "", "act": "reader", "what": "", "day": "2026-11-27", "until": ""}
    full: Context = {
        "asked": asked,
        "wrong": frozenset(),
        "acts": [("entry", "voir une écriture"), ("reader", "voir un lecteur")],
        "lines": [line],
        "first": False,
        "newest": "/-/finance/audit",
        "older": "/-/finance/audit?before=7",
        "csv": "/-/finance/audit/export?format=csv",
        "xlsx": "/-/finance/audit/export?format=xlsx",
        "zone": "Europe/Paris",
    }
    yield "audit", "finance-audit", full
    wrong: Context = {"wrong": frozenset({"day"}), "lines": [], "first": True, "older": ""}
    yield "audit-wrong", "finance-audit", {**full, **wrong}


def _site() -> Iterator[tuple[str, str, Context]]:
    opening = {"path": "/culture/exemple", "until": "", "by": "ops@news.example", "reason": "Une"}
    full: Context = {
        "version": "9f2c4e1a7b3d2846",
        "rules": ["the supporters' section", "what the newsroom labelled"],
        "faults": ["policies/policy.yaml:3:5: unknown key `acces`"],
        "openings": [opening, {**opening, "path": "", "until": "27 nov. 2026, 18:00"}],
        "said": "opened",
        "wrong": "",
    }
    yield "site", "finance-site", full
    bare: Context = {"faults": [], "openings": [], "said": "", "wrong": "moment-over"}
    yield "site-bare", "finance-site", {**full, **bare}
