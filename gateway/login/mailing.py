"""Writing the mails of the login way: a token, a code, a letter, and one row in the store for all.

Only hashes are kept. The code is six digits, so its hash is keyed and holds for one browser, and the
store counts the tries.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.identity.cookies import set_cookie
from gateway.identity.mailed import MINUTES, Mailed, MailedLogins, Purpose
from gateway.login.limits import Limits
from gateway.rooms.asking import Ask
from gateway.rooms.pages import Drawing

_BROWSER_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """``keys`` key the codes, the newest first. ``cookie_name`` is the one that a browser is known by."""

    site_url: str
    mailed: MailedLogins
    drawing: Drawing
    limits: Limits
    keys: tuple[bytes, ...] = field(repr=False)
    cookie_name: bytes
    secure: bool

    async def send(
        self,
        ask: Ask,
        *,
        purpose: Purpose,
        email: str,
        back: str,
        carried: Mapping[str, Any] | None = None,
        provider: str = "",
    ) -> bytes:
        """Put a mail out, and return the cookie by which this browser may use its code.

        Raises TooManyLogins, StoreUnavailable.
        """
        await self.limits.mail(ask.network, email)
        token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**6):06d}"
        browser = self.browser(ask) or secrets.token_urlsafe(24)
        # Set anew each time: it must outlive the code of this letter.
        cookie = set_cookie(self.cookie_name, browser, secure=self.secure, seconds=_BROWSER_SECONDS)
        # What joins or adds is for the browser that asked alone: its letter holds no link.
        name = "login" if purpose is Purpose.LOGIN else "join"
        link = f"{self.site_url}/-/login/mail/{token}" if purpose is Purpose.LOGIN else ""
        letter = self.drawing.mail(
            name,
            ask.language,
            code=code,
            link=link,
            minutes=MINUTES,
            email=email,
            provider=provider,
        )
        mailed = Mailed(
            token_hash=token_hash(token),
            code_hash=self.code_hashes(browser, code)[0],
            browser_hash=token_hash(browser),
            purpose=purpose,
            email=email,
            return_to=back,
            language=ask.language,
            carried=carried or {},
            created_at=ask.now,
            until=ask.now + MINUTES * 60.0,
        )
        await self.mailed.send(mailed, letter)
        return cookie

    async def login_link(self, email: str, *, language: str, now: float) -> None:
        """A letter that somebody here sends a reader: its link opens in any browser, once it is confirmed
        there; a code would hold for no browser of theirs, so there is none. Raises as ``send``."""
        await self.limits.mail(email, email)
        token = secrets.token_urlsafe(32)
        link = f"{self.site_url}/-/login/mail/{token}"
        letter = self.drawing.mail(
            "login", language, code="", link=link, minutes=MINUTES, email=email, provider=""
        )
        mailed = Mailed(
            token_hash=token_hash(token),
            code_hash=token_hash(secrets.token_urlsafe(32)),
            browser_hash=token_hash(secrets.token_urlsafe(32)),
            purpose=Purpose.LOGIN,
            email=email,
            return_to="/",
            language=language,
            created_at=now,
            until=now + MINUTES * 60.0,
        )
        await self.mailed.send(mailed, letter)

    async def notice(self, ask: Ask, email: str, *, kind: str, provider: str = "") -> None:
        """Tell a reader what happened to their account."""
        letter = self.drawing.mail(
            "notice", ask.language, kind=kind, provider=provider, email=email
        )
        await self.mailed.put_out(email, letter, now=ask.now)

    def browser(self, ask: Ask) -> str:
        """What this browser is known by; empty where it asked for nothing yet."""
        found = [value for name, value in ask.cookies if name == self.cookie_name]
        if len(found) != 1 or not 16 <= len(found[0]) <= 64:
            return ""
        return found[0].decode("latin-1")

    def code_hashes(self, browser: str, code: str) -> tuple[str, ...]:
        """Under each key: a code that is on its way while they turn is taken."""
        named = f"{browser} {code}".encode()
        return tuple(hmac.digest(key, named, hashlib.sha256).hex() for key in self.keys)


def token_hash(token: str) -> str:
    """Of a long random text: nothing needs to be added to it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
