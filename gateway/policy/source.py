"""A policy as written, all files and packs together: what ``load`` makes and ``compile`` takes."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model.access import Access
from gateway.model.rule import PageSettings, Rule


@dataclass(frozen=True, slots=True)
class PolicySource:
    """``digest`` tells one text of the whole policy from another. ``own`` numbers the rules that
    the publisher wrote: of those alone it is a fault never to match."""

    default: Access
    settings: PageSettings
    rules: tuple[Rule, ...]
    query: frozenset[str]
    previews: tuple[str, ...]
    case_sensitive: bool
    path_parameters_allowed: bool
    digest: str
    own: frozenset[int]
