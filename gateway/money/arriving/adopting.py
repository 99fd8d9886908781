"""Those who paid before us: a live subscription on a plan's price, and no reader whom its customer is
bound to. A reader takes it along by a link that is mailed to the address which Stripe has of the
customer: whoever reads mail there paid, whatever address they log in with. Never by an address alone.

Whether an address pays is found out behind the page that asks for it, by a job: what a page says and
how long it takes tells nobody. Addresses are kept as keyed hashes, and mail goes to what Stripe says now.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from gateway.identity.address import address
from gateway.model.adoption import Asked, Link
from gateway.model.customer import Customer
from gateway.model.entry import Draft
from gateway.model.letter import Letter
from gateway.money.entries import acts
from gateway.money.ledger import Ledger
from gateway.money.supposing import unbound

PAGE_URL = "/-/adopt"
ASKED_MINUTES = 15
INVITED_DAYS = 7
_PURPOSE = b"lychgate: addresses that pay"
_REASON = "by a link mailed to the customer's address at Stripe"


class AddressKeys:
    """``secrets`` are those of the config, newest first: an address is hashed with the first, and
    looked for with each."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [hmac.digest(each.encode(), _PURPOSE, "sha256") for each in secrets]

    def key(self, written: str) -> str:
        """Empty for what is no address."""
        return next(iter(self.keys(written)), "")

    def keys(self, written: str) -> list[str]:
        plain = address(written)
        if not plain:
            return []
        return [hmac.digest(key, plain.encode(), "sha256").hex() for key in self._keys]


class Customers(Protocol):
    """Stripe. Raises StripeRefused and StripeUnavailable."""

    async def customer(self, customer_id: str) -> Customer: ...


class Adoptions(Protocol):
    """Every method raises StoreUnavailable."""

    async def unknown(self, *, now: float, limit: int) -> Sequence[str]:
        """Customers who pay without a reader, whose address wasn't asked for lately."""

    async def learn(self, customer: str, address_key: str, *, next_at: float) -> None: ...

    async def customers_at(self, address_keys: Collection[str]) -> Sequence[str]:
        """Those who pay without a reader and have an address of these, as far as we know."""

    async def ask(self, asked: Asked, *, now: float) -> None: ...

    async def due(self, *, now: float, limit: int) -> Sequence[Asked]: ...

    async def ask_later(self, number: int, *, next_at: float) -> None: ...

    async def answered(self, number: int) -> None: ...

    async def send(self, link: Link, recipient: str, letter: Letter) -> None:
        """Keep a link and put its letter out, or do neither."""

    async def find(self, token_hash: str, *, now: float) -> Link | None:
        """None for one that never was, or is over."""

    async def take(self, token_hash: str, reader: str, *, now: float) -> Link | None:
        """The first who takes it has it; for anybody else it is None. No other link to any of its
        customers serves from then on."""


class Mails(Protocol):
    def mail(self, name: str, language: str, **context: object) -> Letter: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """What the page, the job and the command line share."""

    ledger: Ledger
    adoptions: Adoptions
    mails: Mails
    keys: AddressKeys
    site_url: str
    language: str

    async def adoptable(self, email: str) -> bool:
        """Whether this address, which its reader has proved, seems to pay already, for no reader.
        Asks the store alone. Raises StoreUnavailable."""
        keys = self.keys.keys(email)
        return bool(keys and await self.adoptions.customers_at(keys))

    async def ask(self, email: str, *, language: str, return_to: str, now: float) -> None:
        """Says nothing of whether the address pays; whoever reads mail there is told."""
        until = now + ASKED_MINUTES * 60.0
        asked = Asked(0, tuple(self.keys.keys(email)), language, return_to, until)
        await self.adoptions.ask(asked, now=now)

    async def mail(
        self,
        customers: Sequence[str],
        recipient: str,
        *,
        language: str = "",
        return_to: str = "/",
        invited: bool,
        now: float,
    ) -> None:
        """One link for all that one address pays. ``invited``: an operator sends it, so it is good for
        longer than what somebody waits for."""
        token = secrets.token_urlsafe(32)
        spoken = language or self.language
        seconds = INVITED_DAYS * 86400.0 if invited else ASKED_MINUTES * 60.0
        letter = self.mails.mail(
            "adopt",
            spoken,
            kind="invited" if invited else "asked",
            link=f"{self.site_url}{PAGE_URL}/{token}",
            minutes=ASKED_MINUTES,
            days=INVITED_DAYS,
        )
        link = Link(
            token_hash=hash_of(token),
            customers=tuple(customers),
            language=spoken,
            return_to=return_to,
            created_at=now,
            until=now + seconds,
        )
        await self.adoptions.send(link, recipient, letter)

    async def find(self, token: str, *, now: float) -> Link | None:
        """A link that can still be taken, with what there is still to take."""
        link = await self.adoptions.find(hash_of(token), now=now)
        if link is None or link.used_by:
            return None
        return link if await unbound(self.ledger, link.customers, now=now) else None

    async def take(self, token: str, reader: str, *, now: float) -> Link | None:
        """Bind to a reader whom the link's customers still pay for nobody else. None where the link is
        over, has served, or leads to nothing any more.

        Whoever is cut off in the middle takes it again and changes nothing by it: the acts are made of
        the moment at which the link was taken first.
        """
        link = await self.adoptions.find(hash_of(token), now=now)
        if link is None or link.used_by not in ("", reader):
            return None
        free = await unbound(self.ledger, link.customers, now=now)
        taken = await self.adoptions.take(hash_of(token), reader, now=now) if free else None
        if taken is None:
            return None
        drafts = [self._bind(each, reader, at=taken.used_at) for each in sorted(free)]
        appended = await self.ledger.append(drafts, now=now)
        return taken if any(each.new for each in appended) else None

    def _bind(self, customer: str, reader: str, *, at: float) -> Draft:
        return acts.bind(customer, reader, by=reader, at=at, reason=_REASON)


def hash_of(token: str) -> str:
    """Of a long random text: nothing needs to be added to it."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def by_address(customers: Iterable[Customer]) -> Mapping[str, list[Customer]]:
    """Those of one address together; who has none can't be written to."""
    found: dict[str, list[Customer]] = {}
    for each in customers:
        plain = address(each.email)
        if plain:
            found.setdefault(plain, []).append(each)
    return found
