"""Pages that close: by their label, by their age, by another policy. What was kept open ends in time.

Real caches need real seconds: pages live one or two, and each test looks until the page is closed or
its deadline is over.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable

from tests.caches.conftest import POLICY, Door, Gateway
from tests.caches.origin import WITHHELD, Page, Site

WITHHELD_BYTES = WITHHELD.encode()
LAG_SECONDS = 60


def closed_within(seconds: float, ask: Callable[[], bytes]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if WITHHELD_BYTES not in ask():
            return True
        time.sleep(0.1)
    return False


def test_a_page_turns_from_public_to_paid(
    obedient: Door, gateway: Gateway, origin: Site, fresh: str
) -> None:
    path = f"/{fresh}"
    origin.pages[path] = Page(tier="free", caching="public, max-age=1, stale-while-revalidate=2")
    assert WITHHELD_BYTES in obedient.get(path).body
    origin.pages[path] = Page(tier="locked", caching="public, max-age=1, stale-while-revalidate=2")
    assert closed_within(15, lambda: obedient.get(path).body)
    assert WITHHELD_BYTES not in gateway.door.get(path).body


def test_a_page_that_a_label_could_close_is_nowhere_open_for_over_a_minute(
    obedient: Door, origin: Site, fresh: str
) -> None:
    path = f"/{fresh}"
    origin.pages[path] = Page(
        tier="free", caching="public, max-age=86400, stale-while-revalidate=86400, immutable"
    )
    told = obedient.get(path).headers["cache-control"]
    seconds = {name: int(value) for name, value in re.findall(r"([\w-]+)=(\d+)", told)}
    reuse = max(seconds.get("s-maxage", 0), seconds.get("max-age", 0))
    assert reuse + seconds.get("stale-while-revalidate", 0) <= LAG_SECONDS
    assert "stale-if-error" not in told or seconds["stale-if-error"] <= LAG_SECONDS


def test_what_the_gateway_kept_counts_into_the_age(
    gateway: Gateway, origin: Site, fresh: str
) -> None:
    """Else each cache on the way would begin its minute anew."""
    path = f"/{fresh}"
    origin.pages[path] = Page(tier="free", caching="public, max-age=60")
    gateway.door.get(path)
    deadline = time.monotonic() + 5
    while int(gateway.door.get(path).headers.get("age", "0")) < 1:
        assert time.monotonic() < deadline, "a kept page doesn't age"
        time.sleep(0.1)


def test_an_age_condition_flips(obedient: Door, gateway: Gateway, origin: Site, fresh: str) -> None:
    path = f"/news/{fresh}"
    now = datetime.datetime.now(datetime.UTC)
    flips = now + datetime.timedelta(seconds=4)
    published = (flips - datetime.timedelta(hours=24)).isoformat()
    origin.pages[path] = Page(tier="", published=published, caching="public, max-age=600")
    first = obedient.get(path)
    assert WITHHELD_BYTES in first.body
    (kept,) = re.findall(r"(?:s-maxage|max-age)=(\d+)", first.headers["cache-control"])[:1]
    assert int(kept) <= 4
    assert closed_within(15, lambda: obedient.get(path).body)
    assert WITHHELD_BYTES in gateway.door.get(path, cookie=gateway.subscribers[9]).body


def test_another_policy_closes_what_was_kept(
    obedient: Door, gateway: Gateway, origin: Site, fresh: str
) -> None:
    path = f"/turned/{fresh}"
    origin.pages[path] = Page(tier="free", caching="public, max-age=2")
    assert WITHHELD_BYTES in obedient.get(path).body
    file = gateway.policies / "site.yaml"
    rule = f"rules:\n  - name: turned\n    path: {path}\n    access: members\n"
    try:
        file.write_text(POLICY.replace("rules:\n", rule, 1))
        assert closed_within(15, lambda: obedient.get(path).body)
        assert WITHHELD_BYTES in gateway.door.get(path, cookie=gateway.subscribers[9]).body
    finally:
        file.write_text(POLICY)
