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
from gateway.model.rule import PageSettings
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
_RECORD_BYTES = 4096  # what a record weighs beside its bodies
_VARIANT_BYTES = 1024


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


def page_key(
    host: str,
    path: str,
    query: bytes,
    *,
    significant: frozenset[str],
    asked: frozenset[str] = frozenset(),
) -> PageKey:
    """``significant`` parameters make another page, tracking parameters leave the key unless a rule
    asked for them (``asked``), and any other keeps the page from being kept. The order of different
    parameters makes no difference."""
    if not query:
        return PageKey(host, path, path.encode())
    kept: list[tuple[str, bytes]] = []
    keepable = len(query) <= 512
    for part in query.split(b"&"):
        name = next(iter(parse_qsl(part.decode("latin-1"), keep_blank_values=True)), ("", ""))[0]
        tracking = _tracking(name.lower())
        if name in significant or (tracking and name in asked):
            kept.append((name, part))
        elif not tracking:
            keepable = keepable and not part
    if not keepable:
        return PageKey(host, path, path.encode() + b"?" + query, keepable=False)
    if not kept:
        return PageKey(host, path, path.encode())
    # Of a parameter given twice, origins take the first or the last: those stay in their order.
    kept.sort(key=lambda pair: pair[0])
    return PageKey(host, path, path.encode() + b"?" + b"&".join(part for _, part in kept))


def _tracking(name: str) -> bool:
    return name in _TRACKING or name.startswith(_TRACKING_BEGINNINGS)


@dataclass(slots=True, eq=False)
class PageRecord:
    """``content_type`` is the origin's word, ``format`` what the body turned out to be. ``body`` is
    the origin's, decoded and then compressed. Instants: seconds since the epoch.

    ``flips_at``: when an age condition first changes; ``good_until``: the end of freshness,
    or that flip if it is sooner. ``caching_headers``: the origin's own, brought up to date by a 304.
    ``open_headers``: what a ``private`` record keeps of the origin's head where nothing gates it.
    ``specialised`` and ``sole`` are the policy's (``policy.ways``), opaque here: the rules left open,
    and what every request comes to where no condition on requests is left. ``read_under``: what the
    policy looked for in the page when ``facts`` were read. ``private``: made with one
    reader's own request. ``cookies_dropped``: names of cookies that the origin wanted to set on an
    anonymous fetch, for ``explain``. ``grew``, ``weighed`` and ``used`` are the cache's: whom to tell of new variants, the bytes it counts, whether it was asked for.
    """

    key: PageKey
    status: int
    headers: Headers
    content_type: bytes
    format: bytes
    body: bytes = field(repr=False)
    facts: PageFacts
    specialised: Any
    sole: Any
    policy_version: str
    read_under: PageSettings
    flips_at: float
    fresh: Freshness
    caching_headers: Headers = ()
    open_headers: Headers = ()
    validators: Headers = ()
    tags: frozenset[str] = frozenset()
    private: bool = False
    cookies_dropped: tuple[str, ...] = ()
    variants: dict[VariantKey, Variant] = field(default_factory=dict, repr=False)
    grew: Callable[[int], None] | None = field(default=None, repr=False)
    weighed: int = 0
    used: bool = False
    # The quick lane's: what it answered before, by what it knows at a glance.
    quick: dict[Any, Any] = field(init=False, default_factory=dict, repr=False)
    # A feed some of whose items hang on conditions on the request: nobody gets another's.
    items_by_request: bool = field(init=False, default=False)
    # Variants that are being made just now, each once however many wait for it.
    making: dict[VariantKey, Any] = field(init=False, default_factory=dict, repr=False)
    good_until: float = field(init=False)

    def __post_init__(self) -> None:
        self.good_until = min(self.fresh.fresh_until, self.flips_at)

    def source(self) -> bytes:
        """The origin's bytes, decoded."""
        return zstandard.ZstdDecompressor().decompress(self.body) if self.body else b""

    def keep(self, key: VariantKey, variant: Variant) -> None:
        """Add a variant, and tell the cache how much heavier the record became."""
        before = self.variants.get(key)
        self.variants[key] = variant
        if self.grew is not None:
            self.grew(_weight(variant) - (_weight(before) if before is not None else 0))

    def weight(self) -> int:
        """Bytes, about."""
        return _RECORD_BYTES + len(self.body) + sum(map(_weight, self.variants.values()))


def _weight(variant: Variant) -> int:
    """A head stands there twice: as bytes, and as pairs for the full lane."""
    return _VARIANT_BYTES + len(variant.body) + 2 * len(variant.head) + len(variant.not_modified)


def tags_of(headers: Headers) -> frozenset[str]:
    """The words by which a publisher purges many pages at once."""
    return frozenset(
        tag
        for name, value in headers
        if name in (b"surrogate-key", b"cache-tag", b"xkey")
        for tag in value.decode("latin-1").replace(",", " ").split()
    )


def packed(body: bytes) -> bytes:
    """A body as a record keeps it. Copied, because the library's own bytes go on holding all the
    memory that they might have needed: more than the page had before."""
    return bytes(memoryview(zstandard.ZstdCompressor(level=3).compress(body))) if body else b""
