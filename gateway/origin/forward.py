"""Which headers travel: to the origin as the gateway or as the reader, and back to the reader.

Pure. Two laws: the gateway's own identity (``[origin].headers``) and a reader's cookies are never on
one request; and no header of an identity family reaches the origin unless it was minted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from gateway.model.remembered import Remembered
from gateway.model.request import Request
from gateway.origin.links import harmless

Headers = tuple[tuple[bytes, bytes], ...]

VIA = b"1.1 lychgate"
_VIA_LINE = (b"via", VIA)
ASSERTION = b"lychgate-reader"

# What a fetch as the gateway takes over from the reader's request: nothing that could shape a kept
# answer. What a fetch as the reader takes over: all but these, whatever the door let in.
_NOT_FROM_READERS = frozenset(
    b"host via content-length transfer-encoding expect forwarded x-real-ip".split()
)
_NOT_FROM_READERS_FAMILIES = (b"x-forwarded-", b"lychgate-", b"x-lychgate-")
# Names of [origin].headers under which readers may send credentials of their own.
_READERS_OWN = frozenset((b"cookie", b"authorization"))

_HOP_BY_HOP = frozenset(
    (
        b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer"
        b" transfer-encoding upgrade"
    ).split()
)
# Words between servers; and Alt-Svc, which speaks of the origin's own ports.
_INTERNAL = (b"lychgate-", b"x-lychgate-", b"x-accel-", b"x-sendfile", b"alt-svc")

# What may stay of the origin's head on a page that was judged. Lengths, digests, validators and
# timings of the whole page would tell what was withheld.
_KEPT_ON_PAGES = frozenset(
    (
        b"content-language content-security-policy content-security-policy-report-only"
        b" cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy"
        b" feature-policy link location onion-location origin-agent-cluster p3p permissions-policy"
        b" referrer-policy report-to reporting-endpoints nel retry-after strict-transport-security"
        b" x-content-type-options x-frame-options x-robots-tag x-ua-compatible x-xss-protection"
        b" last-modified www-authenticate"
    ).split()
)
_AFTER_AUTHORITY = (b"", b"/", b"?", b"#", b">", b'"', b"'", b" ", b";", b",")
_LOCATIONS = frozenset((b"location", b"content-location", b"link", b"refresh"))


class Fate(Enum):
    """What becomes of a line by its name alone."""

    DROPPED = auto()
    KEPT = auto()
    LOOKED_AT = auto()  # its value decides


# An enum's members cost a look-up each time they are named.
_KEPT, _LOOKED_AT, _DROPPED = Fate.KEPT, Fate.LOOKED_AT, Fate.DROPPED


@dataclass(frozen=True)
class ForwardSettings:
    """``site_url`` and ``origin_url`` without a path; ``host`` is what the origin is asked for;
    ``identity`` are ``[origin].headers``; ``cookie_names`` are ours and never travel."""

    site_url: str
    origin_url: str
    host: str
    identity: Headers
    cookie_names: tuple[bytes, ...]

    @cached_property
    def host_line(self) -> tuple[bytes, bytes]:
        return (b"host", self.host.encode())

    @cached_property
    def minted(self) -> Headers:
        """What every question says of the gateway, whoever asks."""
        site = urlsplit(self.site_url)
        return (
            (b"x-forwarded-host", site.netloc.encode()),
            (b"x-forwarded-proto", site.scheme.encode()),
            (b"via", VIA),
        )

    @cached_property
    def fates(self) -> Remembered[Fate]:
        """What becomes of a line of a reader's head, by its name."""
        gateways_own = frozenset(name.lower() for name, _ in self.identity) - _READERS_OWN
        return Remembered(
            lambda name: Fate.DROPPED if name in gateways_own else _fate_of_asked(name)
        )

    @cached_property
    def addresses(self) -> tuple[bytes, ...]:
        """Every way to write the origin's own address, or the host it is asked for."""
        parts = urlsplit(self.origin_url)
        hosts = {parts.netloc, self.host}
        port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        if parts.port is None:
            hosts.add(parts.netloc + port)
        elif parts.netloc.endswith(port):
            hosts.add(parts.netloc.removesuffix(port))
        return tuple(
            (scheme + host).encode()
            for host in sorted(hosts - {""})
            for scheme in ("http://", "https://", "//")
        )


def as_gateway(
    *,
    settings: ForwardSettings,
    validators: Headers = (),
    identity: bool = True,
    accept_encoding: bytes = b"gzip, br",
) -> Headers:
    """The anonymous fetch: no cookie, language, agent or address of the reader's.

    ``identity`` false leaves out the gateway's own too: what the origin shows to anyone.
    ``accept_encoding`` is the reader's for an answer that is passed on as it comes, never kept.
    """
    own = settings.identity if identity else ()
    named = {name.lower() for name, _ in own}
    common = (
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (b"accept-encoding", accept_encoding),
        (b"user-agent", b"Lychgate"),
    )
    return (
        settings.host_line,
        *((name, value) for name, value in common if name not in named),
        *validators,
        *settings.minted,
        *own,
    )


def as_reader(request: Request, *, settings: ForwardSettings, assertion: bytes = b"") -> Headers:
    """The reader's own request: the reader's cookies but ours, never the gateway's identity.

    Whoever sends a header that the publisher named in ``[origin].headers`` plays the gateway, so it
    goes. Several ranges at once go too, as RFC 9110 section 14.2 allows: in a multipart answer
    nobody could tell a page from a film.
    """
    kept, fates = [settings.host_line], settings.fates
    for pair in request.headers:
        fate = fates[pair[0]]
        if fate is _KEPT:
            kept.append(pair)
        elif fate is _LOOKED_AT and (seen := _seen(*pair, settings)) is not None:
            kept.append(seen)
    if request.client:
        kept += _addressed(request.client)
    kept += settings.minted
    if assertion:
        kept.append((ASSERTION, assertion))
    return tuple(kept)


def _fate_of_asked(name: bytes) -> Fate:
    if (
        name in _NOT_FROM_READERS
        or name in _HOP_BY_HOP
        or name.startswith(_NOT_FROM_READERS_FAMILIES)
    ):
        return Fate.DROPPED
    looked_at = name in (b"cookie", b"accept-encoding", b"range")
    return Fate.LOOKED_AT if looked_at else Fate.KEPT


def _seen(name: bytes, value: bytes, settings: ForwardSettings) -> tuple[bytes, bytes] | None:
    """A line whose value matters, as it travels; None where it doesn't."""
    if name == b"cookie":
        cookies = without_ours(value, settings.cookie_names)
        return (name, cookies) if cookies else None
    if name == b"accept-encoding":
        return (name, _decodable[value])
    return (name, value) if b"," not in value else None


def _known_codings(accept_encoding: bytes) -> bytes:
    """Only codings that the gateway can undo, should it have to judge the answer."""
    known = (b"gzip", b"br", b"zstd", b"identity")
    parts = [part.strip() for part in accept_encoding.lower().split(b",")]
    kept = [part for part in parts if part.split(b";")[0].strip() in known]
    return b", ".join(kept) or b"identity"


_decodable = Remembered(_known_codings)


@lru_cache(maxsize=1024)
def _addressed(client: str) -> Headers:
    return ((b"x-forwarded-for", client.encode()), (b"x-real-ip", client.encode()))


def without_ours(cookie: bytes, names: Iterable[bytes]) -> bytes:
    """A Cookie header without our cookies; empty where nothing is left."""
    ours = tuple(names)
    kept = [
        part.strip()
        for part in cookie.split(b";")
        if part.strip() and not _is_ours(part.split(b"=", 1)[0].strip(), ours)
    ]
    return b"; ".join(kept)


def _is_ours(name: bytes, ours: tuple[bytes, ...]) -> bool:
    """The session's, or one of a login under way, which are called after it."""
    return any(name == each or name.startswith(each + b"-") for each in ours)


def answer_headers(headers: Headers, *, settings: ForwardSettings, gated: bool) -> Headers:
    """What the reader gets of the origin's head. ``gated``: the allow-list of a judged page, without
    Set-Cookie; else all but hop-by-hop, internal names and cookies of our name."""
    connection = _named_by_connection(headers)
    kept: list[tuple[bytes, bytes]] = []
    for pair in headers:
        name, value = pair
        fate = _answered[name]
        if fate is _DROPPED or (connection and name in connection):
            continue
        if gated and name not in _KEPT_ON_PAGES:
            continue
        if fate is _KEPT:
            kept.append(pair)
        elif name == b"set-cookie":
            if not _is_ours(_cookie_name(value), settings.cookie_names):
                kept.append(pair)
        elif (told := _told(name, value, settings, gated)) or not value:
            kept.append((name, told))
    if not gated:
        kept.append(_VIA_LINE)
    return tuple(kept)


def _fate_of_answered(name: bytes) -> Fate:
    if name in _HOP_BY_HOP or name.startswith(_INTERNAL):
        return Fate.DROPPED
    looked_at = name in _LOCATIONS or name == b"set-cookie"
    return Fate.LOOKED_AT if looked_at else Fate.KEPT


_answered = Remembered(_fate_of_answered)


def _told(name: bytes, value: bytes, settings: ForwardSettings, gated: bool) -> bytes:
    """A line that names addresses, as the reader gets it."""
    told = rewritten(value, settings)
    return harmless(told) if gated and name == b"link" else told


def _cookie_name(value: bytes) -> bytes:
    """The name under which browsers send a cookie back: of ``=a=b``, which has none, they send
    ``a=b``, and the next server takes ``a`` for its name."""
    return value.split(b";", 1)[0].lstrip(b" \t=").split(b"=", 1)[0].strip()


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    said = [value for name, value in headers if name == b"connection"]
    if not said or said == [b"keep-alive"]:
        return frozenset()  # most often: a field of that name is hop-by-hop anyway
    return frozenset(token.strip().lower() for value in said for token in value.split(b","))


def rewritten(value: bytes, settings: ForwardSettings) -> bytes:
    """A header's URLs with the origin's own address turned into the site's."""
    site = settings.site_url.encode()
    for address in settings.addresses:
        value = _replaced(value, address, site)
    return value


def _replaced(value: bytes, address: bytes, site: bytes) -> bytes:
    """``address`` only where the URL's authority ends behind it."""
    start = 0
    while (at := value.find(address, start)) >= 0:
        after = value[at + len(address) : at + len(address) + 1]
        before = value[at - 1 : at] if at else b""
        if after in _AFTER_AUTHORITY and before != b":":
            value = value[:at] + site + value[at + len(address) :]
            start = at + len(site)
        else:
            start = at + len(address)
    return value
