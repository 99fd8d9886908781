"""What the demo has under ``/-/`` beside the gateway's own: its mail on a page, and short cuts.

Logging in is real here: the demo's provider is asked as any other, and its readers are accounts in a
store. Paying isn't yet, so until there is a money way ``/-/plans`` makes a subscriber of whoever is
logged in, and of whoever isn't once they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote

from gateway.clock import Clock
from gateway.demo.identity import PEOPLE, Person
from gateway.demo.identity_asked import language
from gateway.demo.mail_page import mail_page
from gateway.errors import SessionInvalid
from gateway.identity.accounts import Entered, Entry, Joining
from gateway.identity.cookies import CookieSigner, cookie_name, find, set_cookie
from gateway.jobs.mail import Mailer
from gateway.model.entitlement import Entitlement
from gateway.model.identity import Identity
from gateway.model.letter import Letter
from gateway.rooms.return_to import return_to
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.mailed import Letters as Waiting
from gateway.stores.sessions import Readers

PREFIX = "/-/demo/as/"
MAIL_URL = "/-/demo/mail"
PLANS_URL = "/-/plans"
PROVIDER = "demo"
_DAY_SECONDS = 86_400.0
_KEPT = 20
_KINDS = {"member": "camille", "subscriber": "dominique", "finance": "claude"}


class Letters:
    """Implements ``jobs.mail.Post``: what would be mailed, the newest first."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Letter]] = []

    async def deliver(self, recipient: str, letter: Letter) -> None:
        self.kept.insert(0, (recipient, letter))
        del self.kept[_KEPT:]


class DemoRooms:
    """``tiers`` are all that a subscriber may read. ``heard`` has this process hear the news before
    the reader comes back, a moment later. Mail that waits goes out when its page is looked at."""

    def __init__(
        self,
        *,
        store: Store,
        issuer: str,
        site_url: str,
        keys: list[str],
        tiers: tuple[str, ...],
        clock: Clock,
    ) -> None:
        self._accounts, self._readers = Accounts(store), Readers(store)
        self._issuer, self._site_url = issuer, site_url
        self._signer = CookieSigner(keys)
        self._cookie = cookie_name(site_url)
        self._held = tuple(Entitlement(tier, 0.0, 1e18) for tier in tiers)
        self._letters = Letters()
        self._mailer = Mailer(letters=Waiting(store), post=self._letters, clock=clock)
        self._now = clock.now
        self.heard: Callable[[], Awaitable[object]] | None = None

    async def furnish(self) -> None:
        """The subscriber has an account before anybody logs in. Raises StoreUnavailable."""
        entered = await self._enter("dominique")
        await self._readers.entitle(entered.reader_id, self._held, now=self._now())
        await self._accounts.end_all(entered.reader_id, now=self._now())

    def takes(self, path: str) -> bool:
        return path.startswith(PREFIX) or path in (MAIL_URL, PLANS_URL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        back = return_to(query.get("return_to", ["/"])[0], site_url=self._site_url)
        if path == MAIL_URL:
            await self._mailer.send_due()
            await _page(send, mail_page(self._letters.kept, _language(scope)))
        elif path == PLANS_URL:
            await self._subscribe(scope, send, back)
        else:
            await self._become(path.removeprefix(PREFIX), send, back)

    async def _become(self, kind: str, send: Any, back: str) -> None:
        """It changes nothing but who looks, on a gateway that only this machine can reach."""
        value = ""
        if kind in _KINDS:
            value = self._signer.sign((await self._enter(_KINDS[kind])).session_id)
        seconds = int(_DAY_SECONDS) if value else 0
        await _see_other(send, back, set_cookie(self._cookie, value, secure=False, seconds=seconds))

    async def _subscribe(self, scope: Any, send: Any, back: str) -> None:
        cookies = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
        session_id = self._session_id(find(cookies, self._cookie))
        login = await self._accounts.login(session_id, now=self._now()) if session_id else None
        if login is None:
            here = quote(f"{PLANS_URL}?return_to={quote(back, safe='/')}", safe="/")
            return await _see_other(send, f"/-/login?return_to={here}")
        await self._readers.entitle(login.reader_id, self._held, now=self._now())
        if self.heard is not None:
            await self.heard()
        return await _see_other(send, back)

    def _session_id(self, raw: bytes | None) -> str:
        try:
            return self._signer.verify(raw) if raw else ""
        except SessionInvalid:
            return ""

    async def _enter(self, key: str) -> Entered:
        """A ready-made reader, without asking the provider."""
        person: Person = next(each for each in PEOPLE if each.key == key)
        identity = Identity(
            self._issuer,
            person.key,
            person.email,
            email_verified=True,
            name=person.name,
            groups=person.groups,
        )
        now = self._now()
        entered = await self._accounts.enter(
            Entry(
                identity=identity,
                provider=PROVIDER,
                used=f"demo {secrets.token_hex(12)}",
                used_until=now + _DAY_SECONDS,
                # Whoever logged in by mail with this address is the same reader: nobody else is here.
                joining=Joining.PROVED,
                absolute_seconds=_DAY_SECONDS,
                idle_seconds=_DAY_SECONDS,
            ),
            now=now,
        )
        assert isinstance(entered, Entered), "a fresh entry, whose address is its own"
        return entered


Send = Callable[[Any], Awaitable[None]]


def _language(scope: Any) -> str:
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return language("", accepted.decode("latin-1"))


async def _see_other(send: Send, location: str, cookie: bytes | None = None) -> None:
    headers = [
        (b"location", location.encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"content-length", b"0"),
    ]
    if cookie is not None:
        headers.append((b"set-cookie", cookie))
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _page(send: Send, page: str) -> None:
    body = page.encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
