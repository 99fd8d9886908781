"""Writing down which plans and settings count from now on: a version that differs is an entry of its own.

So a replay knows by which rules it reads, and whoever asks why can see since when. The account and
the mode that a ledger was begun with are pinned: a key of another account is a fault of the config.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.errors import Faults
from gateway.model.entry import Draft, Entry, canonical
from gateway.model.fault import Fault, Place
from gateway.money.entries import acts
from gateway.money.entries.acts import Act
from gateway.money.ledger import Ledger

PINNED = ("account", "livemode")


async def apply_rules(
    ledger: Ledger, *, prices: Mapping[str, Sequence[str]], values: Mapping[str, Any], now: float
) -> list[Draft]:
    """The entries that were appended: none where nothing changed.

    ``prices``: the tiers that each price opens, of all plans together. ``values``: the keys of
    ``rules.Rules``; ``account`` and ``livemode`` once Stripe told them, and kept from then on.
    Raises Faults, and StoreUnavailable.
    """
    newest, pinned = await _before(ledger, values)
    wanted = (acts.plans(prices, at=now), acts.settings({**pinned, **values}, at=now))
    drafts = [
        draft
        for draft in wanted
        if draft.kind not in newest or newest[draft.kind].facts != canonical(draft.facts)
    ]
    if drafts:
        await ledger.append(drafts, now=now)
    return drafts


async def pin(ledger: Ledger, told: Mapping[str, Any], *, now: float) -> bool:
    """Keep for good which ``account`` and ``livemode`` Stripe said our key speaks for; whether that was
    news. Raises Faults where the ledger belongs to another, and StoreUnavailable."""
    newest, pinned = await _before(ledger, told)
    before = newest[Act.SETTINGS].said if Act.SETTINGS in newest else {}
    wanted = {**before, **pinned, **told}
    if before == wanted:
        return False
    await ledger.append([acts.settings(wanted, at=now)], now=now)
    return True


async def _before(
    ledger: Ledger, told: Mapping[str, Any]
) -> tuple[dict[str, Entry], dict[str, Any]]:
    """The newest entry of each kind, and what the ledger was begun with. Raises Faults where ``told``
    is another's."""
    newest: dict[str, Entry] = {}
    pinned: dict[str, Any] = {}
    for entry in await ledger.objects((Act.PLANS, Act.SETTINGS)):
        newest[entry.kind] = entry
        if entry.kind == Act.SETTINGS:
            # The first that names it counts: two processes may write their settings at once.
            said = entry.said
            pinned = {name: said[name] for name in PINNED if name in said} | pinned
    foreign = [name for name in pinned if told.get(name, pinned[name]) != pinned[name]]
    if foreign:
        whose = f"the ledger belongs to another Stripe {' and '.join(foreign)}: {pinned}"
        raise Faults((Fault(Place("[stripe] secret_key"), whose),))
    return newest, pinned
