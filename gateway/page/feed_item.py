"""What a feed says of one of its items, for the caller to judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedItem:
    """``links`` to the item's page as the feed has them, against a base where the feed names one: its
    link and its permanent one, none of them twice. ``dates`` of publication as it writes them, for
    ``facts.instant``."""

    links: tuple[str, ...]
    categories: tuple[str, ...]
    dates: tuple[str, ...]


def links_of(*links: str) -> tuple[str, ...]:
    """Each once, without the spaces that stand around it."""
    return tuple(dict.fromkeys(filter(None, (link.strip() for link in links))))
