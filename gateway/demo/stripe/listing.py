"""Lists: what is asked for, newest first, a page at a time (docs.stripe.com/api/pagination)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.demo.stripe.account import Account, Thing
from gateway.demo.stripe.refused import Refused, missing

Matches = Callable[[Thing, Thing], bool]
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def lister(table: str, url: str, matches: Matches) -> Callable[..., Thing]:
    """A handler that lists ``table``."""

    def listed(account: Account, params: Thing) -> Thing:
        found = [each for each in account.all(table) if matches(each, params)]
        return page(account, found, params, table=table, url=url)

    return listed


def page(account: Account, found: list[Thing], params: Thing, *, table: str, url: str) -> Thing:
    """``found`` newest first. A cursor must exist, though it needn't match the filters."""
    if "starting_after" in params and "ending_before" in params:
        raise Refused("You may only specify one of these: starting_after, ending_before.")
    created = params.get("created")
    if created is not None:
        found = [each for each in found if _within(each["created"], created)]
    limit = params.get("limit", 10)
    backwards = "ending_before" in params
    cursor = params.get("starting_after") or params.get("ending_before")
    if cursor:
        ids = [each["id"] for each in found]
        if cursor not in ids:
            if account.get(table, cursor) is None:
                param = "ending_before" if backwards else "starting_after"
                raise missing(table.replace("_", " "), cursor, param=param, status=400)
            at = _place(account, table, ids, cursor)
        else:
            at = ids.index(cursor)
        found = found[:at] if backwards else found[at + (cursor in ids) :]
    shown = found[-limit:] if backwards else found[:limit]
    return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": url}


def _place(account: Account, table: str, ids: list[str], cursor: str) -> int:
    """Where a cursor that the filters left out would stand among those they kept."""
    order = [each["id"] for each in account.all(table)]
    after = set(order[order.index(cursor) :])
    return next((index for index, each in enumerate(ids) if each in after), len(ids))


def _within(value: int, asked: int | dict[str, int]) -> bool:
    if isinstance(asked, int):
        return value == asked
    return all(_COMPARE[name](value, bound) for name, bound in asked.items())
