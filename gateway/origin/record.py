"""One fetched page: its facts, the rules it leaves open, the origin's bytes, and variants of them.

A record is made once and then only gains variants. It knows no policy and no clock; what is good
until when is written into it by whoever made it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import zstandard

from gateway.model.page import PageFacts, Variant, VariantKey
from gateway.origin.freshness import Freshness

Headers = tuple[tuple[bytes, bytes], ...]

# Parameters by which advertisers and mailers follow a click: they make no other page.
_TRACKING = frozenset(
    (
        "fbclid gclid gbraid wbraid dclid msclkid yclid twclid ttclid igshid li_fat_id mc_cid mc_eid"
        " _hsenc _hsmi __hssc __hstc hsctatracking mkt_tok vero_id oly_anon_id oly_enc_id wickedid"
        " attribution_id attribution_type at_medium at_campaign xtor ref_src _ga _gl"
    ).split()
)
_TRACKING_BEGINNINGS = ("utm_", "pk_", "mtm_", "matomo_", "at_custom")
_RECORD_BYTES = 2048  # what a record weighs beside its bodies


@dataclass(frozen=True, slots=True)
class PageKey:
    """``target`` is what the origin is asked for, and so what the page is kept under.

    ``keepable`` is false where the query holds a parameter that the policy doesn't name: such an
    answer is made for one request.
    """

    host: str
    path: str
    target: bytes
    keepable: bool = True


def page_key(host: str, path: str, query: bytes, *, significant: frozenset[str]) -> PageKey:
    """``significant`` parameters make another page, tracking parameters leave the key, and any other
    keeps the page from being kept. Order of parameters makes no difference."""
    if not query:
        return PageKey(host, path, path.encode())
    kept: list[bytes] = []
    keepable = len(query) <= 512
    for part in query.split(b"&"):
        name = next(iter(parse_qsl(part.decode("latin-1"), keep_blank_values=True)), ("", ""))[0]
        if name in significant:
            kept.append(part)
        elif not (name.lower() in _TRACKING or name.lower().startswith(_TRACKING_BEGINNINGS)):
            keepable = keepable and not part
    if not keepable:
        return PageKey(host, path, path.encode() + b"?" + query, keepable=False)
    target = path.encode() + (b"?" + b"&".join(sorted(kept)) if kept else b"")
    return PageKey(host, path, target)


@dataclass(slots=True, eq=False)
class PageRecord:
    """``body`` is the origin's, decoded and then compressed. Instants: seconds since the epoch.

    ``flips_at``: when an age condition first changes; ``good_until``: the end of freshness,
    or that flip if it is sooner. ``caching_headers``: the origin's own, brought up to date by a 304.
    ``specialised`` and ``sole`` are the policy's (``policy.ways``), opaque here: the rules left open,
    and what every request comes to where no condition on requests is left. ``readable``
    false: the page couldn't be parsed within its bounds. ``cookies_dropped``: names of cookies that
    the origin wanted to set on an anonymous fetch, for ``explain``.
    """

    key: PageKey
    status: int
    headers: Headers
    content_type: bytes
    body: bytes = field(repr=False)
    facts: PageFacts
    specialised: Any
    sole: Any
    policy_version: str
    flips_at: float
    fresh: Freshness
    caching_headers: Headers = ()
    validators: Headers = ()
    tags: frozenset[str] = frozenset()
    readable: bool = True
    cookies_dropped: tuple[str, ...] = ()
    variants: dict[VariantKey, Variant] = field(default_factory=dict, repr=False)
    grew: Callable[[int], None] | None = field(default=None, repr=False)
    good_until: float = field(init=False)

    def __post_init__(self) -> None:
        self.good_until = min(self.fresh.fresh_until, self.flips_at)

    def source(self) -> bytes:
        """The origin's bytes, decoded."""
        return zstandard.ZstdDecompressor().decompress(self.body) if self.body else b""

    def keep(self, key: VariantKey, variant: Variant) -> None:
        """Add a variant, and tell the cache how much heavier the record became."""
        self.variants[key] = variant
        if self.grew is not None:
            self.grew(len(variant.body) + len(variant.head))

    def weight(self) -> int:
        """Bytes, about."""
        variants = sum(len(v.body) + len(v.head) for v in self.variants.values())
        return _RECORD_BYTES + len(self.body) + variants


def tags_of(headers: Headers) -> frozenset[str]:
    """The words by which a publisher purges many pages at once."""
    return frozenset(
        tag
        for name, value in headers
        if name in (b"surrogate-key", b"cache-tag", b"xkey")
        for tag in value.decode("latin-1").replace(",", " ").split()
    )


def packed(body: bytes) -> bytes:
    """A body as a record keeps it."""
    return zstandard.ZstdCompressor(level=3).compress(body) if body else b""
