"""Visitors for commands: one of the public address, and one of the origin as the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.console.visitor import Visitor


def origin_visitor(settings: Settings) -> Visitor:
    """Of the origin, with ``[origin].headers``: what it finds is judged before anyone sees it."""
    from gateway.console.visitor import Visitor

    headers = tuple(
        (name.lower().encode(), value.get_secret_value().encode())
        for name, value in settings.origin.headers.items()
    )
    host = settings.origin.host or urlsplit(settings.site.url).netloc
    visitor = Visitor(settings.site.origin, host=host, headers=headers)
    visitor.also_called(settings.site.url)
    return visitor


def public_visitor(settings: Settings, url: str) -> Visitor:
    """Of a public address, as anyone; pages may name the site by its own URL or the origin's."""
    from gateway.console.visitor import Visitor

    visitor = Visitor(url)
    for also in (settings.site.url, settings.site.origin):
        visitor.also_called(also)
    return visitor
