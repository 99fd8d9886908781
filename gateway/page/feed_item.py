"""What a feed says of one of its items, for the caller to judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedItem:
    """``link`` as the feed has it, relative or absolute, maybe empty. ``published_at`` in seconds
    since the epoch."""

    link: str
    categories: tuple[str, ...]
    published_at: float | None
