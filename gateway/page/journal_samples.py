"""The console's lists in each of their states, for ``Templates.check`` and the tests that look at them."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]

_FIELDS = "q state why kind source reader currency amount day month sent late".split()
_STATES = "received applied ignored not-ours needs-a-person failed".split()
_WHYS = (
    "disputed payment-without-a-reader failed unknown-price unknown-status two-live-subscriptions"
    " refund-larger-than-paid refunded-still-subscribed fraud-warning drift two-readers"
    " quantity-over-one more-items missing-at-stripe leaving-by-hand"
).split()
_ALL_WHYS = (
    "to-be-fetched to-be-linked failed kind-not-used not-finished superseded erased desk-work"
    " other-mode other-account other-business"
).split()
_HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script>"


def pages() -> Iterator[tuple[str, str, Context]]:
    """Each a state, a template's name and its context but for the desk."""
    yield from _journals()
    yield from _works()
    yield from _days()


def _row(number: int, **changed: object) -> Context:
    return {
        "number": number,
        "day": "27 nov. 2026",
        "time": "18:06:49",
        "state": "applied",
        "reason": "",
        "kind": "invoice.paid",
        "source": "webhook",
        "reader": "b1946ac92492d2347c62",
        "address": "camille@exemple.example",
        "object": "in_1SXKq2LkdIwHu7ixAbCdEfGh",
        "amount": "9,90\u00a0€",
        "unknown": False,
        "sent": 1,
        "late": (2, "s"),
        "tries": 0,
        "next": "",
        "failure": "",
        **changed,
    }


def _journals() -> Iterator[tuple[str, str, Context]]:
    broken = {"state": "failed", "reason": "failed", "failure": "KeyError('items')", "tries": 3}
    waits = {"state": "received", "reason": "to-be-fetched", "next": "27 nov. 2026 18:10:00"}
    person = {"state": "needs-a-person", "reason": "payment-without-a-reader", "reader": ""}
    other = {
        "state": "not-ours",
        "reason": "other-business",
        "kind": _HOSTILE[:36],
        "address": _HOSTILE[:36],
    }
    act = {"kind": "bind", "source": "operator", "amount": "", "late": None}
    rows = [
        _row(48_211, **broken, next="27 nov. 2026 18:14:49"),
        _row(48_210, **waits),
        _row(48_209, **person),
        _row(48_208, kind="refund.created", amount="-9,90\u00a0€", sent=3, late=(2, "h")),
        _row(48_207, **other, amount="1\u202f200 XAU (?)", unknown=True, reader=""),
        _row(48_206, **act),
        _row(48_205),
    ]
    asked = dict.fromkeys(_FIELDS, "")
    whole: Context = {
        "asked": asked,
        "wrong": {},
        "filtered": False,
        "rows": rows,
        "older": "/-/finance/journal?before=48205",
        "newest": "/-/finance/journal",
        "csv": "/-/finance/journal/export?format=csv",
        "xlsx": "/-/finance/journal/export?format=xlsx",
        "first": True,
        "cut": False,
        "waiting": {"received": "1", "failed": "1", "needs-a-person": "1", "work": "3"},
        "states": _STATES,
        "reasons": [*_ALL_WHYS, *(each for each in _WHYS if each != "failed")],
        "kinds": ["invoice.paid", "refund.created"],
        "sources": ["webhook", "api", "reconcile", "operator"],
        "currencies": ["eur", "usd", "jpy"],
        "lates": {"60": (1, "min"), "600": (10, "min"), "3600": (1, "h"), "86400": (1, "d")},
        "zone": "Europe/Paris",
    }
    yield "journal", "finance-journal", whole
    faults = {
        "amount": "journal.wrong.amount-currency",
        "currency": "journal.wrong.currency",
        "day": "journal.wrong.day",
        "month": "journal.wrong.month",
    }
    typed = asked | {"q": _HOSTILE, "amount": "5..9", "state": "failed", "sent": "2", "late": "60"}
    wrong = {"asked": typed, "wrong": faults, "filtered": True, "rows": [], "first": False}
    yield "journal-wrong", "finance-journal", whole | wrong | {"older": ""}
    exact = {"wrong": {"amount": "journal.wrong.amount"}}
    yield "journal-cut", "finance-journal", whole | wrong | exact | {"cut": True}


def _works() -> Iterator[tuple[str, str, Context]]:
    notes = [
        {
            "act": act,
            "by": "compta@news.example",
            "to": to,
            "at": "27 nov. 2026 18:06:49",
            "text": text,
        }
        for act, to, text in (
            ("assigned", "compta@news.example", ""),
            ("noted", "", "Appelé la lectrice, elle rappelle demain."),
            ("assigned", "", ""),
            ("done", "", _HOSTILE),
        )
    ]
    items: list[Context] = [
        {
            "id": number,
            "why": why,
            "number": 48_000 + number,
            "subject": "sub_1SXKq2LkdIwHu7ix",
            "reader": "b1946ac92492d2347c62" if number % 2 else "",
            "ids": [("customer", "cus_9s6XKzkNRiz8i3"), ("payment", "pi_3MtwBwLkdIwHu7ix")],
            "amount": "9,90\u00a0€" if number % 3 else "",
            "unknown": number == 4,
            "detail": _HOSTILE if number == 2 else "",
            "due": "6 déc. 2026, 23:59" if number < 2 else "",
            "late": number == 1,
            "assignee": "compta@news.example" if number == 1 else "",
            "mine": number == 1,
            "progress": "done" if number == 5 else "open",
            "opened": "27 nov. 2026 18:06:49",
            "notes": notes if number == 1 else [],
        }
        for number, why in enumerate(_WHYS)
    ]
    whole: Context = {
        "items": items,
        "whys": [(each, number % 3) for number, each in enumerate(_WHYS)],
        "progresses": ["open", "done", "settled"],
        "why": "",
        "progress": "open",
        "whose": "",
        "after": "-48001",
        "said": "",
        "note_max": 2000,
        "people": ["ops@news.example"],
    }
    yield "work", "finance-work", whole
    for said in ("take", "give", "assign", "note", "done"):
        yield f"work-{said}", "finance-work", whole | {"said": said, "items": [], "after": ""}


def _days() -> Iterator[tuple[str, str, Context]]:
    states = ("running", "open", "half-signed", "signed", "reopened", "ahead")
    known = ("no-money", "even", "uneven", "not-counted", "no-stripe", "no-money")
    listed = [
        {
            "day": f"2026-11-{27 - back}",
            "shown": f"{27 - back} nov. 2026",
            "state": state,
            "signers": ["compta@news.example", "ops@news.example"] if state == "signed" else [],
            "known": known[back],
        }
        for back, state in enumerate(states)
    ]
    yield "days", "finance-days", {"days": listed, "zone": "Europe/Paris", "wrong": False}
    yield "days-wrong", "finance-days", {"days": listed, "zone": "Europe/Paris", "wrong": True}
    for state in states:
        yield f"day-{state}", "finance-day", _day(state)
    asks = {"counted": "", "may_sign": False, "only_stripe": [], "only_ours": [], "signers": []}
    yield "day-unasked", "finance-day", _day("open") | asks
    bare = asks | {"stripe": False, "asks": False, "currencies": [], "four_eyes": False}
    yield "day-without-stripe", "finance-day", _day("open") | bare
    for wrong in ("stripe", "too-much", "ahead", "not-over", "signed", "not-counted", "gap"):
        yield f"day-{wrong}", "finance-day", _day("open") | {"wrong": f"day.wrong.{wrong}"}


def _day(state: str) -> Context:
    def line(sort: str, amount: str, *, known: bool = True, even: bool = True) -> Context:
        figure = {"count": "12", "amount": amount}
        return {
            "sort": sort,
            "ours": figure,
            "stripe": figure if known else None,
            "others": {"count": "1", "amount": amount} if known else None,
            "gap": {"count": "0", "amount": "0"} if known else None,
            "even": known and even,
        }

    euros = [
        line("payment", "118,80\u00a0€"),
        line("out-of-band", "9,90\u00a0€", known=False),
        line("refund", "-9,90\u00a0€", even=False),
        line("dispute", "-9,90\u00a0€"),
    ]
    yen = [line("payment", "990\u00a0JPY")]
    return {
        "day": "2026-11-26",
        "shown": "26 nov. 2026",
        "before": "2026-11-25",
        "after": "2026-11-27",
        "currencies": [{"code": "EUR", "lines": euros}, {"code": "JPY", "lines": yen}],
        "counted": "27 nov. 2026 08:00:00",
        "whole": state != "running",
        "only_stripe": ["ch_3MmlLrLkdIwHu7ix"],
        "only_ours": ["in_1SXKq2LkdIwHu7ix"],
        "timeless": 2 if state == "reopened" else 0,
        "state": state,
        "signers": [{"who": "compta@news.example", "at": "27 nov. 2026 08:04:12"}]
        if state in ("half-signed", "signed")
        else [],
        "may_sign": state in ("open", "half-signed", "reopened"),
        "note_needed": state != "half-signed",
        "stripe": True,
        "asks": state != "ahead",
        "four_eyes": True,
        "zone": "Europe/Paris",
        "wrong": "",
        "note": "",
        "note_max": 2000,
    }
