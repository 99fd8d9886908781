"""Which of a reader's headers are believed, which travel on, and which are dropped at the door.

Pure. Hop-by-hop fields go first, so that ``Connection`` can name nothing that is minted later. Then
every name that an origin could take for an identity, another path, method or host; and every name
that isn't letters, digits and hyphens, since CGI folds ``X_User`` and ``X.User`` into ``X-User``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

from gateway.model.remembered import NAME_BYTES_MAX, Remembered

Headers = tuple[tuple[bytes, bytes], ...]
Networks = tuple[IPv4Network | IPv6Network, ...]

_NAME = re.compile(rb"[a-z0-9-]+")
_HOP_BY_HOP = frozenset(
    (
        b"connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer"
        b" transfer-encoding upgrade http2-settings proxy"
    ).split()
)
_FAMILIES = tuple(
    (
        b"x-forwarded- remote- x-remote- x-auth-request- x-webauth- x-lychgate- lychgate- x-real-"
        b" x-authenticated- x-pomerium- cf- x-goog- x-amzn-oidc- x-ms-client-principal x-ms-token-"
        b" oidc- x-ssl- ssl-client- x-client- client-cert x-cluster-client- x-originating- true-client-"
        b" fastly-client x-original- x-rewrite- x-accel- x-sendfile x-litespeed- x-middleware-"
        b" x-nextjs- x-invoke- x-matched- x-now- next-router- proxy- x-proxyuser- x-http-method"
        b" x-method- cloudfront- x-country- x-envoy- x-amz-cf- x-azure- x-appengine- x-vercel-"
        b" x-authentik- x-authelia- x-vouch- x-consumer- x-credential- x-anonymous-consumer x-token-user-"
        b" x-jwt- x-shib- shib- tailscale- x-auth-user x-auth-email x-auth-name x-auth-role x-auth-group"
        b" x-user-name x-user-role x-user-group x-email- x-sso- x-openid- x-gitlab-user x-arr-"
        b" x-override- x-http-host"
    ).split()
)
_NAMES = frozenset(
    (
        b"forwarded via rsc next-url next-action x-host x-url-scheme front-end-https base-url"
        b" destination host-override x-host-override x-forwarded x-forwarder-for eppn persistent-id x-user x-user-id x-username x-userinfo x-email x-user-email"
        b" x-group x-groups x-role x-roles x-token-subject"
    ).split()
)
_COUNTRIES = (b"cf-ipcountry", b"cloudfront-viewer-country", b"x-country-code")
# What a trusted peer may tell of its reader.
TOLD_BY_PROXIES = frozenset((b"x-forwarded-for", b"x-forwarded-proto", *_COUNTRIES))
_COUNTRY = re.compile(rb"[A-Z]{2}")
_SINGLE = frozenset((b"host", b"authorization", b"content-length"))


def doubled(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether a field that must stand once stands twice, even with one value."""
    seen: set[bytes] = set()
    for name, _ in headers:
        if name in _SINGLE:
            if name in seen:
                return True
            seen.add(name)
    return False


def cleaned(headers: Sequence[tuple[bytes, bytes]], *, connection: bytes | None = None) -> Headers:
    """What decisions may look at and the origin may see. ``upgrade`` stays for a WebSocket alone,
    ``transfer-encoding`` never: a body without a length is framed anew.

    ``connection``: the one Connection line's value, where the caller knows that there's only one."""
    if connection == NAMES_NOTHING:
        return tuple([pair for pair in headers if _passes[pair[0]]])
    said = [value for name, value in headers if name == b"connection"]
    named = {token.strip().lower() for value in said for token in value.split(b",")}
    kept = []
    for name, value in headers:
        if name == b"upgrade" and b"upgrade" in named and value.strip().lower() == b"websocket":
            kept.append((name, b"websocket"))
        elif name not in named and _passes[name]:
            kept.append((name, value))
    return tuple(kept)


_HOP_CHARACTERS_MAX = 64  # an address in brackets with its port; longer ones aren't kept either
NAMES_NOTHING = b"keep-alive"  # as browsers say it: names a field that never passes


def _may_pass(name: bytes) -> bool:
    """Whether a line of this lower-case name may go on."""
    return (
        len(name) <= NAME_BYTES_MAX
        and _NAME.fullmatch(name) is not None
        and name not in _HOP_BY_HOP
        and name not in _NAMES
        and not name.startswith(_FAMILIES)
    )


_passes = Remembered(_may_pass)


def client_of(
    headers: Sequence[tuple[bytes, bytes]], *, peer: str, trusts: Callable[[str], bool]
) -> str:
    """The right-most hop that no listed proxy is. A stranger's X-Forwarded-For is ignored.
    ``trusts`` tells whether an address is that of a listed proxy."""
    if not trusts(peer):
        return peer
    hops = [
        hop.strip()
        for name, value in headers
        if name == b"x-forwarded-for"
        for hop in value.decode("latin-1").split(",")
    ]
    client = peer
    for hop in reversed(hops[-50:]):
        address = _address(hop)
        if not address:
            break
        client = address
        if not trusts(address):
            break
    return client


def scheme_of(headers: Sequence[tuple[bytes, bytes]], *, scheme: str) -> str:
    """For a trusted peer: the last X-Forwarded-Proto."""
    told = [value for name, value in headers if name == b"x-forwarded-proto"]
    last = told[-1].rpartition(b",")[2].strip().lower() if told else b""
    return last.decode() if last in (b"http", b"https") else scheme


def country_of(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """For a trusted peer: ISO 3166 alpha-2, or empty. ``XX`` and ``T1`` mean that nobody knows."""
    for wanted in _COUNTRIES:
        for name, value in headers:
            if name == wanted and _COUNTRY.fullmatch(value) and value != b"XX":
                return value.decode()
    return ""


def is_trusted(address: str, trusted: Networks) -> bool:
    """Whether an address is that of a listed proxy."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in network for network in trusted)


def _address(hop: str) -> str:
    """A hop without its port; empty where it isn't an address."""
    return _parsed(hop) if len(hop) <= _HOP_CHARACTERS_MAX else ""


@lru_cache(maxsize=4096)
def _parsed(hop: str) -> str:
    bare = hop[1 : hop.find("]")] if hop.startswith("[") else hop
    if bare.count(":") == 1:
        bare = bare.split(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""
