"""What a wall is drawn from. A value alone: no template, no policy, no reader by name.

A wall's bytes are shared by everyone who meets the same wall on the same page, so nothing here
may tell one reader from another beyond *signed in* and *not*.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.decision import Wall


@dataclass(frozen=True, slots=True, kw_only=True)
class WallContext:
    """``language`` is the page's own; ``return_to`` the canonical path (and query) of the page.

    ``remaining_percent`` is the withheld share of the body, rounded to tens; 0 says nothing of it.
    ``tiers`` open the page. ``price`` is a ready sentence ("À partir de 9,90 € par mois, TVA
    comprise") and ``plan`` a plan's name in the page's language; either is empty when unknown.
    ``wall`` is None for a page that its reader may read: no wall is drawn.
    """

    wall: Wall | None
    language: str
    signed_in: bool = False
    remaining_percent: int = 0
    return_to: str = "/"
    tiers: tuple[str, ...] = ()
    price: str = ""
    plan: str = ""
