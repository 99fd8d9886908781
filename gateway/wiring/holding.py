"""What a reader holds, for the help page of a worker: in the words of the account page, and its dates.

It must import nothing of Stripe's: workers serve articles.
"""

from __future__ import annotations

from typing import Any

from gateway.config import Settings
from gateway.errors import StoreUnavailable
from gateway.identity.accounts import Account
from gateway.model.reader import Reader
from gateway.page.templates import Templates
from gateway.stores.engine import Store
from gateway.wiring.subscribed import Subscribed
from gateway.wiring.words import Held


class Holding:
    """Implements ``edge.help_page.Holding``. Without a store, or where nothing is sold, it says what the
    session says."""

    def __init__(self, settings: Settings, *, store: Store | None, templates: Templates) -> None:
        sells = settings.stripe is not None
        self._remembered = Held(settings)
        self._sold = (
            Subscribed(settings, store=store, templates=templates) if store and sells else None
        )

    async def shown(self, reader: Reader, language: str, now: float) -> list[dict[str, Any]]:
        account = _account(reader)
        if self._sold is None:
            return _once((await self._remembered.shown(account, language, now)).held)
        try:
            return _once((await self._sold.shown(account, language, now)).held)
        except StoreUnavailable:
            # The end that a session remembers lies some days behind the one that readers are told.
            paid = await self._remembered.shown(account, language, now)
            return _once([{**each, "until": ""} for each in paid.held])


def _once(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A plan of several tiers is one plan."""
    return list({(each["plan"], each["until"], *each["lines"]): each for each in shown}.values())


def _account(reader: Reader) -> Account:
    return Account(
        id=reader.id,
        email=reader.email,
        email_verified=False,
        name=reader.name,
        language="",
        created_at=0.0,
        ways=(),
        sessions=(),
        entitlements=reader.entitlements,
    )
