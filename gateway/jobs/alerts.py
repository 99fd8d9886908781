"""Telling operators what they would otherwise have to look for: by mail, and to a webhook.

Once a minute, by one node at a time. What holds is told once, and again only when it was over in between.
Mail goes into the store's queue together with the note that it was told; a webhook is tried each minute
until it takes the message, an hour at most. What is told says how much and where to look, and names
nobody: it leaves the house.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx2

from gateway.clock import Clock
from gateway.model.alert import Alert, Condition, Told
from gateway.model.letter import Letter
from gateway.ops.logs import logger

EVERY_SECONDS = 60.0
TIMEOUT_SECONDS = 5.0
TRIES_MAX = 60
_LOG = "lychgate.alerts"


class Conditions(Protocol):
    async def holding(self, *, now: float) -> Sequence[Alert]:
        """All that holds now. Raises StoreUnavailable."""


class Tellings(Protocol):
    """Every method raises StoreUnavailable."""

    async def told(self) -> Mapping[tuple[str, str], Told]: ...

    async def tell(
        self, alert: Alert, letters: Sequence[tuple[str, Letter]], *, posted: bool, now: float
    ) -> None:
        """Note that it was told, and put its letters out, or do neither."""

    async def tried(self, alert: Alert, *, posted: bool) -> None: ...

    async def clear(self, keys: Collection[tuple[str, str]]) -> None:
        """These are over; they may be told again."""


class Post(Protocol):
    async def post(self, text: str) -> bool:
        """Whether it was taken."""


@dataclass(slots=True, kw_only=True)
class Alerts:
    """``recipients`` get a letter each; ``post`` is None where there is no webhook. ``letter`` and ``text``
    say an alert in the site's language."""

    conditions: Conditions
    tellings: Tellings
    recipients: Sequence[str]
    post: Post | None
    letter: Callable[[Alert], Letter]
    text: Callable[[Alert], str]
    clock: Clock

    async def look(self) -> None:
        """Raises StoreUnavailable: then it is looked at again in a minute."""
        now = self.clock.now()
        holding = {each.key: each for each in await self.conditions.holding(now=now)}
        told = await self.tellings.told()
        over = told.keys() - holding.keys()
        if over:
            await self.tellings.clear(over)
        for key, alert in holding.items():
            if key not in told:
                letters = [(each, self.letter(alert)) for each in self.recipients]
                await self.tellings.tell(alert, letters, posted=self.post is None, now=now)
                logger(_LOG).warning("alert", condition=str(alert.condition), detail=alert.detail)
        await self._post([each for key, each in holding.items() if _to_post(told.get(key))], told)

    async def _post(self, alerts: Sequence[Alert], told: Mapping[tuple[str, str], Told]) -> None:
        if self.post is None:
            return
        for alert in alerts:
            taken = await self.post.post(self.text(alert))
            await self.tellings.tried(alert, posted=taken)
            if not taken:
                tries = told[alert.key].tries if alert.key in told else 0
                logger(_LOG).warning("alert-not-posted", tries=tries + 1)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Each condition of alerts as a number for the metrics: how many alerts of it hold, though nobody
    be told of any. Each node looks for itself, for each has metrics of its own."""

    conditions: Conditions
    clock: Clock
    _counts: Counter[Condition] = field(default_factory=Counter)

    async def look(self) -> None:
        """Raises StoreUnavailable: then what held a minute ago is still said."""
        holding = await self.conditions.holding(now=self.clock.now())
        self._counts = Counter(each.condition for each in holding)

    def values(self) -> dict[str, float]:
        return {f"alert_{each.replace('-', '_')}": float(self._counts[each]) for each in Condition}


def _to_post(told: Told | None) -> bool:
    return told is None or (not told.posted and told.tries < TRIES_MAX)


@dataclass(slots=True, kw_only=True)
class Webhook:
    """A URL that takes ``{"text": …}``, as Slack, Mattermost and many others do."""

    url: str = field(repr=False)
    transport: httpx2.AsyncBaseTransport | None = None

    async def post(self, text: str) -> bool:
        """Its address is a secret, so a failure is told by its kind alone."""
        try:
            async with httpx2.AsyncClient(
                timeout=TIMEOUT_SECONDS,
                trust_env=False,
                follow_redirects=False,
                transport=self.transport,
            ) as client:
                answer = await client.post(self.url, json={"text": text})
        except (httpx2.HTTPError, OSError) as error:
            logger(_LOG).warning("alert-webhook-failed", error=type(error).__name__)
            return False
        return answer.is_success
