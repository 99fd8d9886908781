"""Accounts: how an identity becomes a reader, and what a reader may see and change of their own.

The values and the port. An identity is a provider's ``(issuer, subject)``; an account may have
several, and an identity belongs to one account. An address joins nothing by itself: where a new
identity bears the verified address of an account that is there already, ``enter`` says so and
changes nothing, and the two are linked once a code that was mailed to that address came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gateway.model.entitlement import Entitlement
from gateway.model.identity import Identity


class Joining(StrEnum):
    """What to do with an identity that no account has yet."""

    ASK = "ask"  # make an account, unless its verified address is another account's
    APART = "apart"  # make an account of its own: the reader wants two
    PROVED = "proved"  # the address was proved by mail just now: its account takes the identity
    ADD = "add"  # to the account of the session that asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One login that is complete but for its account.

    ``used``: what may serve once, as a state; a second entry with it is refused. ``previous`` is the
    session that the browser came with: it ends. ``adding_to`` is the reader of ``Joining.ADD``.
    ``language`` is that of the pages on which it began: an account without one takes it, for it is
    nearer than what a provider says.
    """

    identity: Identity
    provider: str
    used: str
    used_until: float
    joining: Joining = Joining.ASK
    adding_to: str = ""
    previous: str = ""
    device: str = ""
    network: str = ""
    country: str = ""
    language: str = ""
    id_token: str = ""
    absolute_seconds: float
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class Entered:
    """A session has begun. ``added`` names an identity that the account didn't have before."""

    session_id: str
    reader_id: str
    is_new: bool = False
    added: bool = False


class NotEntered(StrEnum):
    USED = "used"  # the state, link or code has served before
    ADDRESS_TAKEN = "address-taken"  # its verified address is another account's
    IDENTITY_TAKEN = "identity-taken"  # it was to be added, and belongs to another account
    LOGGED_OUT = "logged-out"  # its provider has ended it since it was proved
    ENDED = "ended"  # it was to be added, and the session that asked for it is over


@dataclass(frozen=True, slots=True)
class Way:
    """One way to log in to an account. ``key`` names it in forms; ``proved``: that ``email`` is its own."""

    key: str
    provider: str
    issuer: str
    email: str
    proved: bool
    added_at: float


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A live session as its reader sees it. ``key`` names it in forms and opens nothing."""

    key: str
    device: str
    network: str
    country: str
    began_at: float
    last_seen_at: float
    provider: str
    current: bool


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str
    email_verified: bool
    name: str
    language: str
    created_at: float
    ways: tuple[Way, ...]
    sessions: tuple[OpenSession, ...]
    entitlements: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Login:
    """What the login of a live session proved: operators' roles and logging out hang on it."""

    session_id: str
    reader_id: str
    began_at: float
    provider: str
    issuer: str
    proved_email: str
    groups: tuple[str, ...]
    id_token: str


@dataclass(frozen=True, slots=True)
class Paid:
    """What an account pays for or was given, in the words of its page. ``ended`` is of who holds nothing:
    which subscription ended last, and when; empty where there never was any."""

    held: list[dict[str, Any]]
    ended: str = ""


class Accounts(Protocol):
    """Every method raises StoreUnavailable where the store can't answer; each is one transaction."""

    async def enter(self, entry: Entry, *, now: float) -> Entered | NotEntered: ...

    async def login(self, session_id: str, *, now: float) -> Login | None:
        """None where the session isn't live."""

    async def account(self, reader_id: str, *, session_id: str, now: float) -> Account | None: ...

    async def ways_of_address(self, email: str) -> Sequence[str]:
        """Providers by which accounts with this verified address log in, or those that its mailed links
        log in to; the oldest first."""

    async def rename(self, reader_id: str, *, name: str, language: str, now: float) -> None: ...

    async def remove_way(self, reader_id: str, key: str, *, now: float) -> bool:
        """False where there is no such way, or it is the last one. Its sessions end with it, and its
        address is the account's no longer, unless another way proves it."""

    async def end(self, session_id: str, *, now: float) -> None: ...

    async def end_by_key(self, reader_id: str, key: str, *, now: float) -> bool: ...

    async def end_all(self, reader_id: str, *, but: str = "", now: float) -> int:
        """End every session of a reader, but one; the number of those that ended."""

    async def end_by_provider(
        self,
        issuer: str,
        *,
        subject: str,
        provider_session: str,
        said_at: float,
        used: str,
        until: float,
        now: float,
    ) -> int | NotEntered:
        """Back-channel logout: by subject, by the provider's session, or by both. ``used`` serves once.
        A login that is under way and was proved before ``said_at`` begins no session any more."""

    async def export(self, reader_id: str) -> dict[str, Any]:
        """All that is kept of an account, but what opens something."""

    async def erase(self, reader_id: str, *, now: float) -> None: ...
