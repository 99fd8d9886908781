"""What a feed says of one of its items, for the caller to judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedItem:
    """``link`` as the feed has it, relative or absolute, maybe empty, and ``dates`` of publication as it
    writes them, for ``facts.instant``."""

    link: str
    categories: tuple[str, ...]
    dates: tuple[str, ...]
