"""What leaving asks of Stripe, of the accounts and of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from gateway.model.amount import Amount
from gateway.model.customer import Customer
from gateway.model.entry import Draft
from gateway.model.leaving import Leaving
from gateway.model.letter import Letter


class PaidBack(Protocol):
    @property
    def amounts(self) -> Sequence[Amount]: ...

    @property
    def left(self) -> Sequence[Amount]: ...

    @property
    def before(self) -> bool: ...

    @property
    def drafts(self) -> Sequence[Draft]: ...


class Stripe(Protocol):
    """Every method raises StripeRefused and StripeUnavailable, and may be called again."""

    async def subscription(self, subscription_id: str) -> Draft: ...

    async def end_later(
        self, subscription_id: str, *, at: int | None, comment: str = ""
    ) -> Draft: ...

    async def end_now(self, subscription_id: str, *, comment: str = "") -> Draft: ...

    async def pay_back(self, subscription_id: str, *, key: str) -> PaidBack: ...

    async def customers_at(self, email: str) -> Sequence[str]: ...


class Customers(Protocol):
    """Raises StripeRefused and StripeUnavailable."""

    async def customer(self, customer_id: str) -> Customer: ...

    async def subscriptions_of(self, customer_id: str) -> Sequence[Draft]: ...


class Readers(Protocol):
    """Raises StoreUnavailable."""

    async def with_address(self, email: str) -> Sequence[str]:
        """Accounts that have proved this address."""


class Requests(Protocol):
    """Every method raises StoreUnavailable."""

    async def ask(self, asked: Leaving, sent: Letter) -> None:
        """Keep it and put the letter with its link out, or do neither."""

    async def waiting(self, once: str, *, now: float) -> Leaving | None:
        """One that waits for its link to be followed, and can still be."""

    async def accept(self, once: str, *, subscriptions: Sequence[str], now: float) -> bool:
        """Whether it was waiting until now: of many at once, one is told so."""

    async def begin(self, accepted: Leaving) -> bool:
        """One that waits for nothing. False where its ``once`` was there already."""

    async def known(self, once: str) -> Leaving | None: ...

    async def due(self, *, now: float, limit: int) -> Sequence[Leaving]:
        """Accepted and not done; nobody else is given them for a while."""

    async def finish(
        self,
        done: Leaving,
        letters: Sequence[tuple[str, Letter]],
        *,
        told: Iterable[str] = (),
        now: float,
    ) -> bool:
        """Done, with its receipt put out, once. ``told``: letters of its life that say the same."""

    async def withdrawn(self, *, after: float) -> Sequence[Leaving]:
        """Withdrawals that were carried out since then."""

    async def amend(
        self, done: Leaving, letters: Sequence[tuple[str, Letter]], *, now: float
    ) -> None:
        """More came of it since; its receipt is put out again."""

    async def again(
        self, refused: Leaving, letters: Sequence[tuple[str, Letter]], *, next_at: float, now: float
    ) -> None:
        """With what became of it so far, and to be tried again; of two who tried at once, one says so."""

    async def later(
        self, waiting: Leaving, letters: Sequence[tuple[str, Letter]], *, next_at: float, now: float
    ) -> None:
        """To be tried again. ``letters`` are put out the first time alone."""
