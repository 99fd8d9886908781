"""What the demo has under ``/-/`` beside the gateway's own: its mail, its time, and short cuts.

Logging in and paying are real here: the demo's provider and its payment provider are asked as any
other, and its readers are accounts in a store.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from gateway.clock import Clock
from gateway.demo.clock_page import STEPS, clock_page
from gateway.demo.identity import PEOPLE, Person
from gateway.demo.identity_asked import language
from gateway.demo.mail_page import mail_page
from gateway.identity.accounts import Entered, Entry, Joining
from gateway.identity.cookies import CookieSigner, cookie_name, set_cookie
from gateway.jobs.mail import Mailer
from gateway.login.entering import ABSOLUTE_SECONDS, IDLE_SECONDS
from gateway.model.identity import Identity
from gateway.model.letter import Letter
from gateway.rooms.return_to import return_to
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.mailed import Letters as Waiting

if TYPE_CHECKING:
    from gateway.cli.demo_money import DemoMoney

PREFIX = "/-/demo/as/"
MAIL_URL = "/-/demo/mail"
CLOCK_URL = "/-/demo/clock"
PROVIDER = "demo"
_USED_SECONDS = 600.0
_SUBSCRIBED_SECONDS = 15.0
_FORM_BYTES_MAX = 1000
_KEPT = 50
_KINDS = {"member": "camille", "subscriber": "dominique", "finance": "claude"}


class Letters:
    """Implements ``jobs.mail.Post``: what would be mailed, the newest first."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Letter]] = []
        self.count = 0

    async def deliver(self, recipient: str, letter: Letter, *, key: str) -> None:
        self.count += 1
        self.kept.insert(0, (recipient, letter))
        del self.kept[_KEPT:]


class DemoRooms:
    """``heard`` has this process hear the news before the reader comes back, a moment later. Mail
    that waits goes out when its page is looked at, and before time moves."""

    def __init__(
        self,
        *,
        store: Store,
        issuer: str,
        site_url: str,
        keys: list[str],
        money: DemoMoney,
        clock: Clock,
    ) -> None:
        self._accounts = Accounts(store)
        self._issuer, self._site_url = issuer, site_url
        self._signer = CookieSigner(keys)
        self._cookie = cookie_name(site_url)
        self._money = money
        self._letters = Letters()
        self._mailer = Mailer(letters=Waiting(store), post=self._letters, clock=clock)
        self._now = clock.now
        self._subscribed = asyncio.Event()
        self.heard: Callable[[], Awaitable[object]] | None = None

    async def furnish(self) -> None:
        """The subscriber logs in, pays and leaves, once webhooks are heard. Raises StoreUnavailable."""
        person = _person(_KINDS["subscriber"])
        entered = await self._enter(person)
        await self._accounts.end_all(entered.reader_id, now=self._now())
        await self._money.subscribe(entered.reader_id, email=person.email, name=person.name)
        await self._hear()
        self._subscribed.set()

    async def send_mail(self) -> None:
        """All of it: what is claimed at once is bounded. Raises StoreUnavailable."""
        before = -1
        while before != self._letters.count:
            before = self._letters.count
            await self._mailer.send_due()

    def takes(self, path: str) -> bool:
        return path.startswith(PREFIX) or path in (MAIL_URL, CLOCK_URL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == MAIL_URL:
            await self.send_mail()
            await _page(send, mail_page(self._letters.kept, _language(scope)))
        elif path == CLOCK_URL:
            await self._clock(scope, receive, send)
        else:
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            back = return_to(query.get("return_to", ["/"])[0], site_url=self._site_url)
            await self._become(path.removeprefix(PREFIX), send, back)

    async def _become(self, kind: str, send: Any, back: str) -> None:
        """It changes nothing but who looks, on a gateway that only this machine can reach."""
        value = ""
        if kind == "subscriber":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._subscribed.wait(), _SUBSCRIBED_SECONDS)
        if kind in _KINDS:
            value = self._signer.sign((await self._enter(_person(_KINDS[kind]))).session_id)
        seconds = int(ABSOLUTE_SECONDS) if value else 0
        await _see_other(send, back, set_cookie(self._cookie, value, secure=False, seconds=seconds))

    async def _clock(self, scope: Any, receive: Any, send: Any) -> None:
        """The time for gateway and payment provider alike, and with POST a step of it."""
        if scope["method"] == "POST":
            step = (await _form(receive)).get("step", [""])[0]
            if step in STEPS:
                await self._money.advance(STEPS[step])
                await self._hear()
            return await _see_other(send, CLOCK_URL)
        shown = clock_page(self._now(), _language(scope), dashboard=self._money.dashboard)
        return await _page(send, shown)

    async def _hear(self) -> None:
        if self.heard is not None:
            await self.heard()

    async def _enter(self, person: Person) -> Entered:
        """A ready-made reader, without asking the provider."""
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
                used_until=now + _USED_SECONDS,
                # Whoever logged in by mail with this address is the same reader: nobody else is here.
                joining=Joining.PROVED,
                absolute_seconds=ABSOLUTE_SECONDS,
                idle_seconds=IDLE_SECONDS,
            ),
            now=now,
        )
        assert isinstance(entered, Entered), "a fresh entry, whose address is its own"
        return entered


Send = Callable[[Any], Awaitable[None]]


def _person(key: str) -> Person:
    return next(each for each in PEOPLE if each.key == key)


async def _form(receive: Any) -> dict[str, list[str]]:
    body, more = b"", True
    while more and len(body) <= _FORM_BYTES_MAX:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return parse_qs(body[:_FORM_BYTES_MAX].decode("latin-1"))


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
