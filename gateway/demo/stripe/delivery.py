"""Webhooks: signed, retried for three days, and late, doubled, shuffled or lost when asked.

The scheme is docs.stripe.com/webhooks/signature: ``t`` and one ``v1`` a secret, HMAC-SHA256 over
``t.body``; in test mode a ``v0`` too, which proves nothing. An event is due by the account's clock.
Must not know what events mean.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import httpx2

from gateway.demo.stripe.account import Account, Thing

# Seconds after each failed try; the last repeats until three days are over.
RETRY_SECONDS = (300, 1800, 7200, 18_000, 36_000, 43_200)
GIVE_UP_SECONDS = 3 * 86_400
TIMEOUT_SECONDS = 20.0


@dataclass(slots=True)
class Endpoint:
    id: str
    url: str
    secrets: list[str]
    payload: str = "snapshot"  # or "thin"
    enabled_events: list[str] = field(default_factory=lambda: ["*"])

    def wants(self, kind: str) -> bool:
        return "*" in self.enabled_events or kind in self.enabled_events


@dataclass(slots=True)
class Behaviour:
    """How badly the net behaves. ``order``: "made", "reversed" or "shuffled".

    ``kinds`` narrows delay, copies and drops to some types of event; empty: all. ``together`` is
    how many are under way at once, as Stripe's are.
    """

    delay_seconds: float = 0.0
    copies: int = 1
    kinds: Sequence[str] = ()
    together: int = 1
    order: str = "made"
    drop: int = 0  # That many of the next events are never sent.
    held: bool = False  # Nothing leaves until it is False again.
    seed: int = 0


@dataclass(slots=True)
class Posting:
    event_id: str
    endpoint: Endpoint
    due: float
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: ``status`` 0 when nobody answered."""

    event_id: str
    kind: str
    endpoint_id: str
    at: float
    status: int


class Delivery:
    def __init__(self, account: Account, endpoints: list[Endpoint]) -> None:
        self._account = account
        self.endpoints = endpoints
        self.behaviour = Behaviour()
        self.waiting: list[Posting] = []
        self.attempts: list[Attempt] = []
        self._client: httpx2.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._shuffle = random.Random(0)  # noqa: S311 - an order to reproduce, not a secret

    def hear(self, event: Thing) -> None:
        """Queue a new event for whoever wants it."""
        wanting = [each for each in self.endpoints if each.wants(event["type"])]
        event["pending_webhooks"] = len(wanting)
        struck = not self.behaviour.kinds or event["type"] in self.behaviour.kinds
        if struck and self.behaviour.drop and wanting:
            self.behaviour.drop -= 1
            return
        delay = self.behaviour.delay_seconds if struck else 0
        for endpoint in wanting:
            for _ in range(self.behaviour.copies if struck else 1):
                self.send(event["id"], endpoint, delay_seconds=delay)

    def send(self, event_id: str, endpoint: Endpoint, *, delay_seconds: float = 0) -> None:
        due = self._account.clock.now() + delay_seconds
        self.waiting.append(Posting(event_id, endpoint, due))

    def behave(self, **changes: object) -> None:
        for name, value in changes.items():
            if name not in Behaviour.__dataclass_fields__:
                raise ValueError(f"no such behaviour: {name}")
            setattr(self.behaviour, name, value)
        self._shuffle.seed(self.behaviour.seed)

    def delivered(self, event: Thing) -> bool:
        return bool(event["pending_webhooks"] == 0)

    def wake(self) -> None:
        """Send what is due in the background, and come back when the next is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._pump())

    async def _pump(self) -> None:
        await self.run_due()
        if self.waiting and not self.behaviour.held:
            wait = min(each.due for each in self.waiting) - self._account.clock.now()
            self._timer = asyncio.get_running_loop().call_later(max(wait, 0.01), self.wake)

    async def wait(self, seconds: float) -> None:
        """Until what is being sent was sent, or that long. Nothing under way is broken off."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=seconds)

    async def settle(self) -> None:
        """Until nothing due is left to be sent."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
        await self.run_due()

    async def run_due(self) -> None:
        while not self.behaviour.held:
            now = self._account.clock.now()
            ready = [each for each in self.waiting if each.due <= now]
            if not ready:
                return
            if self.behaviour.order == "reversed":
                ready.reverse()
            elif self.behaviour.order == "shuffled":
                self._shuffle.shuffle(ready)
            size = max(1, self.behaviour.together)
            for at in range(0, len(ready), size):
                # Another pump may have taken some while we waited for an answer.
                mine = [each for each in ready[at : at + size] if self._take(each)]
                await asyncio.gather(*(self._post(each) for each in mine))

    def _take(self, posting: Posting) -> bool:
        """Whether it is ours to send: not by value, since two copies are alike."""
        before = len(self.waiting)
        self.waiting = [each for each in self.waiting if each is not posting]
        return len(self.waiting) < before

    async def _post(self, posting: Posting) -> None:
        event = self._account.named("event", posting.event_id)
        body = self.body(event, posting.endpoint)
        now = self._account.clock.now()
        status = 0
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        try:
            answer = await self._client.post(
                posting.endpoint.url,
                content=body,
                headers={
                    "content-type": "application/json; charset=utf-8",
                    "stripe-signature": signature(body, posting.endpoint.secrets, int(now)),
                    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                },
            )
            status = answer.status_code
        except httpx2.HTTPError:
            pass
        kind = event["type"]
        self.attempts.append(Attempt(event["id"], kind, posting.endpoint.id, now, status))
        if 200 <= status < 300:
            event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        elif now - event["created"] < GIVE_UP_SECONDS:
            wait = RETRY_SECONDS[min(posting.tries, len(RETRY_SECONDS) - 1)]
            again = Posting(posting.event_id, posting.endpoint, now + wait, posting.tries + 1)
            self.waiting.append(again)

    def body(self, event: Thing, endpoint: Endpoint) -> bytes:
        said = self.thin(event) if endpoint.payload == "thin" else event
        return json.dumps(said, indent=2).encode()

    def thin(self, event: Thing) -> Thing:
        """The notice of an event that has to be fetched: an id, a type, and what it is about."""
        kept = self._account.backstage.setdefault(event["id"], {})
        thin_id = kept.setdefault("thin", self._account.new_id("evt_test"))
        self._account.backstage.setdefault(thin_id, {"event": event["id"]})
        about = event["data"]["object"]
        request = event["request"]
        reason = None
        if request["id"]:
            asked = {"id": request["id"], "idempotency_key": request["idempotency_key"] or ""}
            reason = {"type": "request", "request": asked}
        moment = datetime.fromtimestamp(event["created"], UTC)
        return {
            "id": thin_id,
            "object": "v2.core.event",
            "context": None,
            "created": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "livemode": event["livemode"],
            "reason": reason,
            "related_object": {
                "id": about["id"],
                "type": about["object"],
                "url": f"/v1/{PLURALS.get(about['object'], about['object'] + 's')}/{about['id']}",
            },
            "snapshot_event": event["id"],
            "type": f"v1.{event['type']}",
        }

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._client is not None:
            await self._client.aclose()
            self._client = None


# Where an object's path isn't its type with an s.
PLURALS = {
    "billing_portal.configuration": "billing_portal/configurations",
    "billing_portal.session": "billing_portal/sessions",
    "checkout.session": "checkout/sessions",
    "radar.early_fraud_warning": "radar/early_fraud_warnings",
}


def signature(body: bytes, secrets: list[str], moment: int) -> str:
    def mac(secret: str) -> str:
        return hmac.new(secret.encode(), b"%d." % moment + body, sha256).hexdigest()

    proofs = [f"v1={mac(each)}" for each in secrets]
    return ",".join([f"t={moment}", *proofs, f"v0={mac('test mode')}"])
