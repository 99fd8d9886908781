"""What the ledger says of one reader, gathered for their page: the fold's own words, nothing new. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.model.entry import Entry
from gateway.model.subscription import Invoice
from gateway.money.entries.acts import Act
from gateway.money.entries.order import Told
from gateway.money.folding.fold import fold
from gateway.money.folding.held import Held
from gateway.money.folding.story import Known, gather
from gateway.money.folding.whose import bindings

INVOICES_MAX = 36
_GIVEN = (Act.GRANT, Act.REVOKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """``customers`` are bound to the reader, by entries. ``invoices`` the newest first. ``given`` are grants
    and revocations, the newest first; ``live`` the numbers of grants that no revocation took back.
    ``failed``: the story can't be folded, and why."""

    customers: tuple[tuple[str, tuple[int, ...]], ...] = ()
    subscriptions: tuple[Held, ...] = ()
    invoices: tuple[Known[Invoice], ...] = ()
    given: tuple[Entry, ...] = ()
    live: frozenset[int] = frozenset()
    merged_into: str = ""
    merged_from: tuple[str, ...] = ()
    erased: bool = False
    failed: str = ""


def dossier(entries: Iterable[Entry], reader: str, *, merges: Sequence[Entry] = ()) -> Dossier:
    """``entries``: all that hangs together with the reader, and every version of the rules. ``merges`` are
    the acts by which this account became part of another."""
    everything = list(entries)
    try:
        folded = fold(everything, now=0.0)
        story = gather(everything)
        bound = bindings(story)
    except Exception as error:
        return Dossier(failed=repr(error)[:300])
    customers = {name: each.numbers for name, each in bound.items() if each.reader == reader}
    held = [each for each in folded.held.values() if each.subscription.customer in customers]
    invoices = [each for each in story.invoices.values() if each.said.customer in customers]
    invoices.sort(key=lambda each: (each.said.created or 0, each.said.id), reverse=True)
    own = [told for told in story.acts if told.entry.reader == reader]
    given = [told.entry for told in own if told.entry.kind in _GIVEN]
    return Dossier(
        customers=tuple(sorted(customers.items())),
        subscriptions=tuple(sorted(held, key=_newest, reverse=True)),
        invoices=tuple(invoices[:INVOICES_MAX]),
        given=tuple(sorted(given, key=lambda each: -each.number)),
        live=_live(own),
        merged_into=max(merges, key=_number).reader if merges else "",
        merged_from=tuple(
            str(told.facts.get("from", "")) for told in own if told.entry.kind == Act.MERGED
        ),
        erased=any(told.entry.kind == Act.ERASED for told in own),
    )


def _newest(held: Held) -> tuple[int, str]:
    return held.subscription.created or 0, held.subscription.id


def _live(own: Sequence[Told]) -> frozenset[int]:
    live: dict[int, str] = {}
    for told in own:
        tier = str(told.facts.get("tier", ""))
        if told.entry.kind == Act.GRANT:
            live[told.entry.number] = tier
        elif told.entry.kind == Act.REVOKE:
            live = {number: each for number, each in live.items() if tier not in ("", each)}
    return frozenset(live)


def _number(entry: Entry) -> int:
    return entry.number
