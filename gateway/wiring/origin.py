"""The origin as the settings describe it: one place, for the workers, the jobs and all commands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.edge.tunnel import Tunnels, TunnelSettings
from gateway.identity.cookies import cookie_name
from gateway.origin.fetch import Origin
from gateway.origin.forward import ForwardSettings

if TYPE_CHECKING:
    from gateway.config import Settings


def origin_of(settings: Settings) -> Origin:
    return Origin(
        url=settings.site.origin,
        connect_seconds=settings.origin.connect_timeout_seconds,
        read_seconds=settings.origin.read_timeout_seconds,
        fetches_max=settings.origin.fetches_max,
    )


def tunnels_of(settings: Settings) -> Tunnels:
    timeouts = settings.origin
    return Tunnels(
        TunnelSettings.to(
            settings.site.origin,
            connect_seconds=timeouts.connect_timeout_seconds,
            answer_seconds=timeouts.read_timeout_seconds,
        )
    )


def forward_settings(settings: Settings) -> ForwardSettings:
    """``Host`` is ``[origin] host``, else the site's own."""
    return ForwardSettings(
        site_url=settings.site.url,
        origin_url=settings.site.origin,
        host=settings.origin.host or urlsplit(settings.site.url).netloc,
        identity=tuple(
            (header.lower().encode(), value.get_secret_value().encode())
            for header, value in settings.origin.headers.items()
        ),
        cookie_names=(cookie_name(settings.site.url), b"lychgate", b"__Host-lychgate"),
    )
