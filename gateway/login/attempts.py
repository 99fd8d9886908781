"""What a browser remembers between the start of a login and its callback.

One cookie a login, named by its state, so that tabs don't disturb one another: a seed from which
state, nonce and PKCE verifier are drawn, and where the reader comes from. It is signed and lasts ten
minutes; the browser keeps it for an hour, so that whoever took longer begins anew where they were.
Nothing is written to the store until the provider has answered; that a state serves once is the
store's to say (``accounts.enter``). Two calls to chance, otherwise pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

from gateway.errors import SessionInvalid
from gateway.identity.cookies import CookieSigner

ATTEMPT_SECONDS = 600
KEPT_SECONDS = 3600
_LEEWAY_SECONDS = 60.0  # clocks are set back, and nodes differ
AT_ONCE_MAX = 5
_TAIL = 12  # of the state, in the cookie's name


@dataclass(frozen=True, slots=True)
class Attempt:
    """``round`` counts how often this login was begun anew after it failed. ``session_key`` names the
    session that the browser had, and ``reader_id`` whose it was: where the answer is posted its cookie
    doesn't come along. ``adding``: that reader adds a way to log in. ``language`` is what the reader
    read when it began: a callback's address doesn't say."""

    seed: str
    provider: str
    return_to: str
    began_at: float
    round: int = 1
    reader_id: str = ""
    session_key: str = ""
    adding: bool = False
    language: str = ""

    def late(self, now: float) -> bool:
        return now - self.began_at >= ATTEMPT_SECONDS

    @property
    def state(self) -> str:
        # The round is readable, so that it is known where the cookie didn't come back.
        return f"{self.round}.{self._drawn('state')}"

    @property
    def nonce(self) -> str:
        return self._drawn("nonce")

    @property
    def verifier(self) -> str:
        """RFC 7636, 4.1: 43 characters."""
        return self._drawn("verifier")

    def _drawn(self, purpose: str) -> str:
        drawn = hmac.digest(self.seed.encode(), purpose.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()


_FIELDS = tuple(each.name for each in fields(Attempt))


class Attempts:
    """``prefix`` is the session cookie's name: ours are called after it."""

    def __init__(self, keys: Iterable[str], *, prefix: bytes) -> None:
        self._signer = CookieSigner(tuple(keys), purpose="login")
        self._prefix = prefix + b"-login-"

    def new(
        self,
        *,
        provider: str,
        return_to: str,
        now: float,
        round_: int = 1,
        session: tuple[str, str] = ("", ""),
        adding: bool = False,
        language: str = "",
    ) -> Attempt:
        """``session`` is the reader's id and the session's key."""
        seed = secrets.token_urlsafe(32)
        return Attempt(seed, provider, return_to, now, round_, *session, adding, language)

    def cookie(self, attempt: Attempt) -> tuple[bytes, str]:
        """Its name and its value."""
        told = json.dumps(asdict(attempt), separators=(",", ":"))
        value = base64.urlsafe_b64encode(told.encode()).rstrip(b"=").decode()
        return self._name(attempt.state), self._signer.sign(value)

    def find(
        self, cookies: Iterable[tuple[bytes, bytes]], *, state: str, provider: str, now: float
    ) -> Attempt | None:
        """The attempt of this state at this provider, which may be late; None where it isn't this
        browser's, or was forgotten."""
        name = self._name(state)
        for key, value in cookies:
            if key != name:
                continue
            attempt = self._read(value)
            if (
                attempt is not None
                and hmac.compare_digest(attempt.state.encode(), state.encode())
                and attempt.provider == provider
                and -_LEEWAY_SECONDS <= now - attempt.began_at < KEPT_SECONDS
            ):
                return attempt
        return None

    def cookie_of(self, state: str) -> bytes:
        return self._name(state)

    def too_many(self, cookies: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
        """Names of those that a further login pushes out: the oldest, and whatever isn't ours."""
        held = [
            (attempt.began_at if (attempt := self._read(value)) else 0.0, name)
            for name, value in cookies
            if name.startswith(self._prefix)
        ]
        held.sort(reverse=True)
        return tuple(name for _, name in held[AT_ONCE_MAX - 1 :])

    def _name(self, state: str) -> bytes:
        tail = "".join(c for c in state[-_TAIL:] if c.isascii() and (c.isalnum() or c in "-_"))
        return self._prefix + tail.encode()

    def _read(self, value: bytes) -> Attempt | None:
        try:
            told = self._signer.verify(value)
            held = json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)))
            # Another version of ours, beside this one while a site is upgraded, may tell more or less.
            return Attempt(**{name: held[name] for name in _FIELDS if name in held})
        except (SessionInvalid, ValueError, TypeError):
            return None


def round_of(state: str) -> int:
    """Which round a state was, as far as it says; nobody's word but the address bar's."""
    digits = state.partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) == 1 else 1
