"""From a URL as an operator types it to the target that the gateway judges."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from gateway.edge.target import MovedTo, canonical_target
from gateway.errors import RequestRefused


def target_of(url: str, *, site_url: str) -> str:
    """Path and query of a URL or a path, ASCII as a browser would send it; a fragment never travels.

    Raises RequestRefused: 421 for another site's, 400 for what is no URL.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # half an IPv6 address, as in http://[::1
        raise RequestRefused(400, "url-unreadable", url) from None
    if parts.netloc and parts.netloc.lower() != urlsplit(site_url).netloc:
        raise RequestRefused(421, "host-unknown", f"the site is {site_url}")
    path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    target = quote(path, safe="/%:@!$&'()*+,;=~-._\\")
    return f"{target}?{quote(parts.query, safe='/?%:@!$&()*+,;=~-._')}" if parts.query else target


def canonical(url: str, *, site_url: str) -> str:
    """The canonical path. Raises RequestRefused."""
    target = target_of(url, site_url=site_url).encode()
    for _ in range(2):  # a canonical target moves nowhere further
        found = canonical_target(target, path_parameters_allowed=True)
        if not isinstance(found, MovedTo):
            return found.path
        target = found.location
    raise RequestRefused(400, "path-not-canonical", url)
