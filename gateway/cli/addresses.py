"""Addresses of sites as they are typed, held to what the config will take: it is told at once."""

from __future__ import annotations

from urllib.parse import urlsplit

import typer


def address(url: str) -> str:
    """Where a site answers; also without a scheme, as one types it. Raises BadParameter."""
    try:
        return root_of(url if "://" in url else f"http://{url}")
    except ValueError as error:
        raise typer.BadParameter(f"`{url}` is no address of a site: {error}") from None


def public_address(url: str) -> str:
    """What readers will type, as ``--url``. Raises BadParameter."""
    from gateway.config import site_url

    try:
        return site_url(url)
    except ValueError as error:
        raise typer.BadParameter(f"`{url}`: {error}", param_hint="--url") from None


def root_of(url: str) -> str:
    """Scheme, host and port of a whole URL. Raises ValueError with what is wanted instead."""
    from gateway.config import bare_url

    parts = urlsplit(url)
    return bare_url(f"{parts.scheme}://{parts.netloc}")
