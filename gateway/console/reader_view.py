"""A reader's page as values for the template. Pure, but for the clock on the wall.

Why may this reader read this, since when, until when: the drawing and the table under it say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.console.dashboard import Dashboard
from gateway.console.dossier import Dossier
from gateway.console.plain_text import plain
from gateway.console.timeline import Timeline
from gateway.console.words import FOR_EVER, Words
from gateway.identity.accounts import Account
from gateway.identity.merging import Summary
from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry
from gateway.money.entries.acts import Act
from gateway.money.folding.held import Held

_BECAUSE_MAX = 6
_YEAR_SECONDS = 366 * 86400.0


def summary(found: Summary, words: Words, language: str) -> dict[str, object]:
    return {
        "id": found.id,
        "email": plain(found.email),
        "name": plain(found.name, longest=80),
        "since": words.day(found.created_at, language),
    }


def account(found: Account, words: Words, language: str) -> dict[str, object]:
    return {
        "id": found.id,
        "email": plain(found.email),
        "verified": found.email_verified,
        "name": plain(found.name, longest=80),
        "language": plain(found.language),
        "since": words.day(found.created_at, language),
        "ways": [
            {"provider": plain(way.provider or way.issuer), "email": plain(way.email)}
            for way in found.ways
        ],
        "sessions": [
            {
                "device": plain(each.device),
                "network": plain(each.network),
                "country": plain(each.country),
                "began": words.moment(each.began_at, language),
                "seen": words.moment(each.last_seen_at, language),
                "provider": plain(each.provider),
            }
            for each in found.sessions
        ],
    }


def held_now(
    entitlements: Iterable[Entitlement], now: float, words: Words, language: str
) -> list[dict[str, object]]:
    """What the request's way goes by, tier by tier."""
    return [
        {
            "tier": plain(each.tier, longest=80),
            "open": each.opens(now),
            "mendable": each.mendable,
            "until": words.until(each.ends_at, language) if each.opens(now) else "",
            "because": list(each.entries[-_BECAUSE_MAX:]),
        }
        for each in entitlements
    ]


def drawn(
    line: Timeline, by_number: Mapping[int, Entry], now: float, words: Words, language: str
) -> dict[str, object]:
    """``left`` and ``width`` are hundredths of the drawing's width. What ends never is drawn a year on."""
    ends = (each.until if each.until < FOR_EVER else now + _YEAR_SECONDS for each in line.spans)
    last = max(ends, default=now)
    first, last = line.since, max(last, now)
    scale = 100.0 / max(last - first, 1.0)
    rows = [
        {
            "tier": plain(tier, longest=80),
            "spans": [
                {
                    "left": round((each.since - first) * scale, 2),
                    "width": round(max((min(each.until, last) - each.since) * scale, 0.4), 2),
                    "ahead": each.until > now,
                }
                for each in line.spans
                if each.tier == tier
            ],
        }
        for tier in line.tiers
    ]
    table = [
        {
            "tier": plain(each.tier, longest=80),
            "since": words.until(each.since, language),
            "until": words.until(each.until, language) if each.until < FOR_EVER else "",
            "open": each.since <= now < each.until,
            "because": [
                {"number": number, "kind": plain(by_number[number].kind)}
                for number in each.entries[-_BECAUSE_MAX:]
                if number in by_number
            ],
            "more": max(len(each.entries) - _BECAUSE_MAX, 0),
        }
        for each in sorted(line.spans, key=lambda span: -span.since)
    ]
    return {
        "rows": rows,
        "table": table,
        "first": words.day(first, language),
        "last": words.day(last, language),
        "today": round(min((now - first) * scale, 100.0), 2),
        "cut": line.cut,
        "failed": plain(line.failed),
    }


def subscription(
    held: Held, words: Words, language: str, *, dashboard: Dashboard
) -> dict[str, object]:
    said = held.subscription
    ends = [item.ends_at for item in said.items if item.ends_at is not None]
    return {
        "id": plain(said.id),
        "customer": plain(said.customer),
        "course": str(held.standing.course),
        "status": plain(said.status, longest=40),
        "why": str(held.whose.why),
        "prices": [plain(item.price, longest=80) for item in said.items],
        "tiers": sorted({plain(each.tier, longest=80) for each in held.standing.openings}),
        "until": words.day(max(ends), language) if ends else "",
        "entry": held.standing.numbers[-1] if held.standing.numbers else 0,
        "url": dashboard.url(said.id),
    }


def invoices(
    found: Dossier,
    payloads: Mapping[int, Mapping[str, Any]],
    words: Words,
    language: str,
    *,
    dashboard: Dashboard,
) -> list[dict[str, object]]:
    """Receipts and open invoices. A link is Stripe's own, or none."""
    return [
        {
            "id": plain(each.said.id),
            "number": plain(str(payloads.get(each.number, {}).get("number") or ""), longest=60),
            "status": plain(each.said.status, longest=40),
            "made": words.day(float(each.said.created or 0), language),
            "amount": words.money(
                each.said.amount_paid if each.said.status == "paid" else each.said.amount_due,
                each.said.currency,
                language,
            ),
            "page": dashboard.link(payloads.get(each.number, {}).get("hosted_invoice_url")),
            "pdf": dashboard.link(payloads.get(each.number, {}).get("invoice_pdf")),
            "url": dashboard.url(each.said.id),
            "entry": each.number,
        }
        for each in found.invoices
    ]


def given(
    found: Dossier, notes: Mapping[int, str], words: Words, language: str
) -> list[dict[str, object]]:
    """Grants and revocations, with who and why."""
    rows: list[dict[str, object]] = []
    for entry in found.given:
        said = entry.said
        until = said.get("until")
        rows.append(
            {
                "number": entry.number,
                "grant": entry.kind == Act.GRANT,
                "live": entry.number in found.live,
                "tier": plain(str(said.get("tier", "")), longest=80),
                "until": "" if until is None else words.until(float(until), language),
                "at": words.moment(entry.at, language),
                "by": plain(str(said.get("by", "")), longest=80),
                "why": plain(notes.get(entry.number, ""), longest=500),
            }
        )
    return rows


def customers(found: Dossier, *, dashboard: Dashboard) -> list[dict[str, object]]:
    return [
        {
            "id": name,
            "shown": plain(name),
            "entries": numbers,
            "url": dashboard.url(name),
        }
        for name, numbers in found.customers
    ]
