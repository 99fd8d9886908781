"""Which links of an origin's head may stand on a page whose article is withheld (RFC 8288).

Pure. It knows neither the page nor its reader: whatever loads more than a page's own looks goes.
"""

from __future__ import annotations

import re

# One link, its target and its parameters; and two of these.
_LINK = re.compile(rb'\s*<[^>]*>(?:[^,"]|"[^"]*")*')
_REL = re.compile(rb';\s*rel\s*=\s*("[^"]*"|[^\s;,]+)')
_AS = re.compile(rb';\s*as\s*=\s*("[^"]*"|[^\s;,]+)')


def harmless(value: bytes) -> bytes:
    """A Link header (RFC 8288) without what loads parts of the article before it may be read:
    images, films, sounds, enclosures. Whatever can't be read as links goes altogether."""
    links = _LINK.findall(value)
    if b",".join(links).replace(b" ", b"") != value.strip(b" ,").replace(b" ", b""):
        return b""
    return b", ".join(link.strip() for link in links if _is_harmless(link.lower()))


def _is_harmless(link: bytes) -> bool:
    named = _REL.search(link)
    rels = frozenset(named[1].strip(b'"').split()) if named is not None else frozenset()
    if rels & {b"preload", b"prefetch", b"prerender", b"modulepreload"}:
        loaded = _AS.search(link)
        return loaded is not None and loaded[1].strip(b'"') in (b"style", b"script", b"font")
    return bool(rels) and b"enclosure" not in rels
