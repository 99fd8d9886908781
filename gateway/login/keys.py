"""A provider's metadata and signing keys: kept for a while, fetched again when they must be.

Keys turn. A token under an unknown key, or one whose signature fails, makes the keys be fetched once
more, at most every ten seconds: a provider that changes the key behind a name is followed, and a
flood of made-up names asks it nothing. What was fetched last stands in while a provider is away,
however it is: one that hangs isn't waited for where something stands in.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from gateway.clock import Clock
from gateway.errors import LoginRefused, ProviderUnavailable
from gateway.login.refusal import Refusal

LIFETIME_SECONDS = 600.0
STALE_SECONDS = 3600.0  # how long a provider that is away is taken at its last word
THROTTLE_SECONDS = 10.0
STAND_IN_SECONDS = 0.75  # twice this, metadata and keys, leaves time for a code to be redeemed
TOKEN_BYTES_MAX = 16 << 10
_KEYS_MAX = 32
_TRIED_MAX = 8  # keys without a name that a token without one is tried against
T = TypeVar("T")
_KINDS: dict[str, type[Any]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KIND_OF = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}


@dataclass(slots=True, kw_only=True)
class Kept(Generic[T]):
    """Something of a provider's, with a lifetime. ``fetch`` raises ProviderUnavailable."""

    fetch: Callable[[], Awaitable[T]]
    clock: Clock
    value: T | None = None
    fetched_at: float = -math.inf
    again_at: float = -math.inf
    away_until: float = -math.inf
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> T:
        """What is kept, or was fetched just now."""
        if self.value is not None and self._age() < LIFETIME_SECONDS:
            return self.value
        async with self._asking:
            kept, age = self.value, self._age()
            if kept is None or age > STALE_SECONDS:
                return await self._fetched()
            if age < LIFETIME_SECONDS or self.clock.monotonic() < self.away_until:
                return kept
            try:
                async with asyncio.timeout(STAND_IN_SECONDS):
                    return await self._fetched()
            except (ProviderUnavailable, TimeoutError):
                self.away_until = self.clock.monotonic() + THROTTLE_SECONDS
                return kept

    async def newer(self, than: T) -> T | None:
        """Fetched anew, because ``than`` doesn't fit; or by whoever found so first. None where that
        was tried a moment ago."""
        async with self._asking:
            if self.value is not None and self.value is not than:
                return self.value
            now = self.clock.monotonic()
            if now - self.again_at < THROTTLE_SECONDS:
                return None
            self.again_at = now
            return await self._fetched()

    async def _fetched(self) -> T:
        self.value = await self.fetch()
        self.fetched_at = self.clock.monotonic()
        return self.value

    def _age(self) -> float:
        return self.clock.monotonic() - self.fetched_at


@dataclass(frozen=True, slots=True)
class NamedKey:
    """``name`` is empty where the provider gives none; ``algorithm`` likewise."""

    name: str
    kind: str
    algorithm: str
    key: Key


def read_keys(document: object) -> tuple[NamedKey, ...]:
    """The keys that may sign, of a JWK set. One that can't be read is left out, for providers list
    kinds that we don't know. Raises ProviderUnavailable."""
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ProviderUnavailable("no JWK set")
    found = []
    for each in listed[:_KEYS_MAX]:
        if not isinstance(each, dict) or each.get("use", "sig") != "sig":
            continue
        kind = _KINDS.get(str(each.get("kty")))
        public = {name: value for name, value in each.items() if name not in ("d", "key_ops")}
        try:
            key = kind.import_key(public) if kind else None
        except (JoseError, ValueError, TypeError):
            continue
        if key is not None:
            name, algorithm = str(each.get("kid", "")), str(each.get("alg", ""))
            found.append(NamedKey(name, str(each["kty"]), algorithm, key))
    return tuple(found)


class Keys:
    """Verifies what a provider signed."""

    def __init__(self, kept: Kept[tuple[NamedKey, ...]]) -> None:
        self._kept = kept

    async def verified(
        self, token: str, *, algorithms: tuple[str, ...]
    ) -> tuple[dict[str, Any], str]:
        """The claims of a compact JWS, and its algorithm. Raises LoginRefused, ProviderUnavailable.

        The key is chosen before the token is believed in anything: its algorithm must be one of the
        provider's, and of the key's own kind (RFC 8725, 3.1).
        """
        algorithm, name = _header(token, algorithms)
        kept = await self._kept.get()
        claims = _try(token, kept, algorithm, name)
        if claims is None:
            newer = await self._kept.newer(kept)
            claims = _try(token, newer, algorithm, name) if newer is not None else None
        if claims is None:
            raise LoginRefused(Refusal.BAD_SIGNATURE)
        return claims, algorithm


def _header(token: str, algorithms: tuple[str, ...]) -> tuple[str, str]:
    if len(token) > TOKEN_BYTES_MAX:
        raise LoginRefused(Refusal.BAD_TOKEN, "too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise LoginRefused(Refusal.BAD_TOKEN) from None
    algorithm, name = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise LoginRefused(Refusal.BAD_ALGORITHM)
    if not isinstance(name, str) or "crit" in header:
        raise LoginRefused(Refusal.BAD_TOKEN)
    return algorithm, name


def _try(
    token: str, keys: tuple[NamedKey, ...], algorithm: str, name: str
) -> dict[str, Any] | None:
    kind = _KIND_OF.get(algorithm[:2])
    fit = [
        each.key
        for each in keys
        if each.kind == kind
        and each.algorithm in ("", algorithm)
        and (not name or each.name in ("", name))
    ]
    for key in fit[:_TRIED_MAX]:
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        if isinstance(claims, dict):
            return claims
    return None
