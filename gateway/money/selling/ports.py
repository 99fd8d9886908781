"""What selling asks of Stripe and of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gateway.model.entry import Draft
from gateway.model.selling import Attempt, Attempted


class Session(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def payment_status(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def drafts(self) -> Sequence[Draft]: ...


class Stripe(Protocol):
    """Each method raises StripeRefused and StripeUnavailable."""

    async def new_customer(
        self, reader: str, *, email: str, name: str, language: str, key: str
    ) -> str: ...

    async def open_session(self, parameters: Mapping[str, Any], *, key: str) -> Session: ...

    async def session(self, session_id: str) -> Session: ...

    async def expire(self, session_id: str) -> Session: ...

    async def bought(self, session_id: str) -> Session:
        """With the drafts of all that hangs on it."""

    async def live_of(self, customer: str) -> Sequence[Draft]: ...

    async def portal(
        self,
        customer: str,
        *,
        return_url: str,
        language: str,
        configuration: str = "",
        flow: Mapping[str, Any] | None = None,
    ) -> str: ...


class Attempts(Protocol):
    """Each method raises StoreUnavailable."""

    async def begin(self, attempt: Attempt) -> Attempt:
        """The reader's open attempt: this one, or the one that is open already."""

    async def opened(self, attempt_id: str, session_id: str) -> None: ...

    async def ended(self, attempt_id: str, state: Attempted) -> None: ...

    async def of_session(self, session_id: str) -> Attempt | None: ...

    async def customer(self, reader: str) -> tuple[str, float] | None:
        """The one that was made for a reader, and when."""

    async def keep_customer(
        self, reader: str, customer_id: str, *, now: float
    ) -> tuple[str, float]:
        """The first that is kept stays."""

    async def forget_customer(self, reader: str, customer_id: str) -> None:
        """Stripe doesn't know it any more."""
