"""An entry as its page says it: values for the template. Pure, but for the clock on the wall.

Text of others is made plain here: what can't be seen is written out, what is long is cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from gateway.console.comparing import Comparison
from gateway.console.dashboard import Dashboard
from gateway.console.effect import Effect
from gateway.console.journal_table import scaled, source_of
from gateway.console.plain_text import plain
from gateway.console.words import Words
from gateway.model.amount import EXPONENTS
from gateway.model.entitlement import Entitlement
from gateway.model.entry import Entry, Source
from gateway.model.handling import Handling
from gateway.model.journal import Shown, signed_amount
from gateway.model.mark import Mark, State, Why
from gateway.money.entries.acts import Act

_ACTS = frozenset(Act)
_CLOSED = 0.0
_OF_NOTHING = sha256().hexdigest()
# Its own object first; each is a text's key too.
_IDS = (
    "object_id customer_id subscription_id invoice_id charge_id payment_id event_id account"
).split()


def state_of(mark: Mark | None) -> str:
    if mark is None:
        return str(Shown.RECEIVED)
    return str(Shown.FAILED if mark.reason == Why.FAILED else Shown(mark.state))


def head(entry: Entry, handling: Handling, words: Words, language: str) -> dict[str, object]:
    minor = signed_amount(entry)
    waits = handling.state == State.RECEIVED
    fetching = handling.fetch == "wanted"
    tries = handling.tries or (handling.fetch_tries if fetching else 0)
    next_at = handling.fetch_next_at if fetching and not handling.tries else handling.next_at
    return {
        "number": entry.number,
        "kind": plain(entry.kind),
        "source": source_of(entry),
        "signed": entry.source is Source.WEBHOOK,
        "act": entry.kind in _ACTS,
        "at": words.moment(entry.at, language),
        "told": ""
        if entry.source is Source.OPERATOR
        else words.moment(entry.observed_at, language),
        "version": plain(entry.api_version),
        "livemode": entry.livemode,
        "state": state_of(Mark(State(handling.state), handling.reason)),
        "reason": handling.reason,
        "failure": plain(handling.failure),
        "changed": words.moment(handling.changed_at, language),
        "tries": tries if waits else 0,
        "next": words.moment(next_at, language) if waits and tries else "",
        "fetching": fetching,
        "again": handling.state in (State.RECEIVED, State.NEEDS_A_PERSON),
        "sent": handling.sent,
        "deliveries": [
            {"at": words.moment(at, language), "late": scaled(at - entry.observed_at)}
            for at in handling.deliveries
        ],
        "amount": words.money(minor, entry.currency, language),
        "unknown": minor is not None and entry.currency not in EXPONENTS,
        "reader": plain(entry.reader),
        "hash": entry.hash,
        "previous": entry.previous_hash,
        "sha256": "" if entry.payload_sha256 == _OF_NOTHING else entry.payload_sha256,
        "object_type": plain(entry.object_type),
    }


def ids(entry: Entry, *, dashboard: Dashboard) -> list[dict[str, str]]:
    """What leads onward: to the journal, and to Stripe's dashboard."""
    found: list[dict[str, str]] = []
    for name in _IDS:
        value = str(getattr(entry, name))
        if value and value not in [each["id"] for each in found]:
            url = dashboard.url(value, livemode=entry.livemode, account=entry.account)
            found.append({"name": name, "id": value, "shown": plain(value), "url": url})
    return found


def changed(done: Effect, words: Words, language: str) -> dict[str, object]:
    lines = [
        {
            "reader": plain(line.reader),
            "tier": plain(line.tier, longest=80),
            "before": _held(line.before, words, language),
            "after": _held(line.after, words, language),
            "differs": line.differs,
        }
        for line in done.lines
    ]
    return {"failed": plain(done.failed), "lines": lines, "any": any(x["differs"] for x in lines)}


def _held(held: Entitlement | None, words: Words, language: str) -> dict[str, object]:
    """``state``: none, closed, mendable (closed, and its reader can mend it), until or ever."""
    if held is None:
        return {"state": "none", "until": ""}
    if held.ends_at <= _CLOSED:
        return {"state": "mendable" if held.mendable else "closed", "until": ""}
    until = words.until(held.ends_at, language)
    return {"state": "until" if until else "ever", "until": until}


def compared(found: Comparison, words: Words, language: str) -> dict[str, object]:
    return {
        "at": "" if found.asked_at is None else words.moment(found.asked_at, language),
        "missing": found.missing,
        "entry": found.entry,
        "fields": [
            {
                "name": plain(each.name, longest=80),
                "here": plain(each.here, longest=120),
                "known": plain(each.known, longest=120),
                "asked": plain(each.asked, longest=120),
                "differs": each.differs,
            }
            for each in found.fields
        ],
        "differs": any(each.differs for each in found.fields),
    }


def row(entry: Entry, marks: Mapping[int, Mark], words: Words, language: str) -> dict[str, object]:
    mark = marks.get(entry.number)
    return {
        "number": entry.number,
        "at": words.moment(entry.at, language),
        "kind": plain(entry.kind),
        "source": source_of(entry),
        "object": plain(entry.object_id or entry.event_id, longest=60),
        "state": state_of(mark),
        "reason": mark.reason if mark else "",
        "amount": words.money(signed_amount(entry), entry.currency, language),
        "by": plain(str(entry.said.get("by", "")), longest=80) if entry.kind in _ACTS else "",
    }


def review(entry: Entry, note: bytes, words: Words, language: str) -> dict[str, object]:
    return {
        "number": entry.number,
        "act": str(entry.kind),
        "at": words.moment(entry.at, language),
        "by": plain(str(entry.said.get("by", ""))),
        "note": plain(note.decode("utf-8", "replace"), longest=600),
    }
