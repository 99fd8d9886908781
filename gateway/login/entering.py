"""The end of every road in: an identity is proved, a session begins, and its cookie is set.

Roads differ in how they prove somebody; from there on there is this one. It also knows what of the
browser is told to the store (a word on the device, the network), so that readers can tell their
sessions apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from gateway.identity.accounts import Accounts, Entered, Entry, Joining, Login, NotEntered
from gateway.identity.cookies import CookieSigner, set_cookie
from gateway.model.identity import Identity
from gateway.rooms.asking import Ask, Reply, see_other

ABSOLUTE_SECONDS = 180 * 86400.0
IDLE_SECONDS = 60 * 86400.0
USED_SECONDS = 3600.0  # longer than anything that may serve once is good for
_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


class Offer(Protocol):
    async def __call__(self, reader: str, back: str, language: str) -> str:
        """A page of ours to be shown to a reader on the way back; empty for most. Raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """``cookie_name`` is the session's."""

    accounts: Accounts
    signer: CookieSigner
    cookie_name: bytes
    secure: bool
    offer: Offer | None = None

    async def login(self, ask: Ask) -> Login | None:
        """That of the live session which this browser has. Raises StoreUnavailable."""
        return await self.accounts.login(ask.session_id, now=ask.now) if ask.session_id else None

    async def enter(
        self,
        ask: Ask,
        identity: Identity,
        *,
        provider: str,
        used: str,
        joining: Joining = Joining.ASK,
        adding_to: str = "",
        id_token: str = "",
    ) -> Entered | NotEntered:
        """Raises StoreUnavailable."""
        entry = Entry(
            identity=identity,
            provider=provider,
            used=used,
            used_until=ask.now + USED_SECONDS,
            joining=Joining.ADD if adding_to else joining,
            adding_to=adding_to,
            previous=ask.session_id,
            device=device_of(ask.header(b"user-agent")),
            network=ask.network,
            country=ask.request.country,
            language=ask.language,
            id_token=id_token,
            absolute_seconds=ABSOLUTE_SECONDS,
            idle_seconds=IDLE_SECONDS,
        )
        return await self.accounts.enter(entry, now=ask.now)

    async def back(self, ask: Ask, entered: Entered, return_to: str) -> Reply:
        """303 to where the reader came from, with the session's cookie; or to what they are offered."""
        offered = ""
        if self.offer is not None:
            offered = await self.offer(entered.reader_id, return_to, ask.language)
        return see_other(offered or return_to).with_cookies(
            set_cookie(
                self.cookie_name,
                self.signer.sign(entered.session_id),
                secure=self.secure,
                seconds=int(ABSOLUTE_SECONDS),
            )
        )

    def out(self, location: str) -> Reply:
        """303 with the session's cookie ended."""
        return self.ended(see_other(location))

    def ended(self, reply: Reply) -> Reply:
        """The reply with the session's cookie ended."""
        return reply.with_cookies(set_cookie(self.cookie_name, "", secure=self.secure, seconds=0))


def device_of(user_agent: str) -> str:
    """ "Firefox · Windows": enough for a reader to know it again. Empty for what names neither."""
    named = user_agent[:500]
    found = (
        next((name for name, pattern in known if re.search(pattern, named)), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(filter(None, found))
