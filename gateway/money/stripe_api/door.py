"""The connection to Stripe. Nothing here knows what an answer means for anybody's access.

The API version is pinned, so that an upgrade of the account changes no shape under us. A request
that may have reached Stripe is repeated with the same idempotency key by the library itself, so a
retry never charges twice.

The library is loaded with the first connection: a site that sells nothing would pay for its 400 modules with
half a second at each start and 15 MB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import StripeRefused, StripeUnavailable
from gateway.model.entry import FETCHED, Draft, Source, canonical
from gateway.money.entries.shapes import described

if TYPE_CHECKING:
    import stripe

API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = 10.0
RETRIES_MAX = 2


@dataclass(frozen=True, slots=True)
class Told:
    """``thing`` is a Stripe object as JSON says it; ``at`` is the ``Date`` of the answer it came in."""

    thing: Mapping[str, Any] = field(repr=False)
    at: float

    @property
    def id(self) -> str:
        return str(self.thing.get("id", ""))


class Door:
    """``v1`` are the library's own typed services. One an event loop; ``close`` ends its connections."""

    def __init__(self, *, secret_key: str, api_base: str = "") -> None:
        import stripe

        self._http = stripe.AIOHTTPClient(timeout=TIMEOUT_SECONDS)
        addresses: Any = {"api": api_base} if api_base else {}
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses=addresses,
            http_client=self._http,
            max_network_retries=RETRIES_MAX,
        )
        self.v1 = self._client.v1

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]  # the library leaves it bare

    async def ask(self, call: Awaitable[Any]) -> Told:
        """What one call of ``v1`` answered. Raises StripeRefused and StripeUnavailable."""
        answer = await self._answer(call)
        return Told(_said(answer), _date(answer))

    async def page(self, call: Awaitable[Any]) -> tuple[list[Told], bool]:
        """One page of a list, and whether there is more. Raises as ``ask``."""
        answer = await self._answer(call)
        at = _date(answer)
        said = _said(answer)
        return [Told(each, at) for each in said["data"]], bool(said["has_more"])

    async def _answer(self, call: Awaitable[Any]) -> Any:
        import stripe

        try:
            return await call
        # By the account, whatever was asked.
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            raise StripeUnavailable("stripe-key", type(error).__name__) from None
        except (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError) as error:
            raise StripeRefused(
                status=error.http_status or 400,
                code=str(error.code or ""),
                detail=str(error.user_message or error),
            ) from None
        except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
            raise StripeUnavailable(
                "stripe-unavailable", type(error).__name__, kept=_kept(error)
            ) from None
        except stripe.StripeError as error:
            raise StripeUnavailable("stripe-unavailable", type(error).__name__) from None


def _kept(error: stripe.StripeError) -> bool:
    """Whether Stripe repeated the first answer of an idempotency key, as it does for a day with its own
    faults too (docs.stripe.com/api/idempotent_requests)."""
    said = {str(name).lower(): value for name, value in (error.headers or {}).items()}
    return said.get("idempotent-replayed") == "true"


def _said(answer: Any) -> dict[str, Any]:
    """The words themselves: the library's objects hold decimals, which JSON can't say."""
    said: dict[str, Any] = json.loads(answer.last_response.body)
    return said


def _date(answer: Any) -> float:
    """By Stripe's clock. An answer without a date is none of Stripe's."""
    written = answer.last_response.headers.get("date")
    if not written:
        raise StripeUnavailable("stripe-unavailable", "an answer without a date")
    return parsedate_to_datetime(written).timestamp()


def draft_of(told: Told, *, source: Source = Source.API) -> Draft:
    """An answer as an entry of the ledger: the same facts in the same second are one entry."""
    said = described(told.thing)
    digest = hashlib.sha256(canonical(said["facts"]).encode()).hexdigest()[:24]
    return Draft(
        event_id=f"{source}:{said['object_id']}:{int(told.at)}:{digest}",
        source=source,
        kind=FETCHED,
        observed_at=told.at,
        livemode=told.thing["livemode"] if isinstance(told.thing.get("livemode"), bool) else None,
        api_version=API_VERSION,
        payload=canonical(told.thing).encode(),
        **said,
    )
