"""Counters add up over workers, never go back, and stand on the metrics page by their names."""

from __future__ import annotations

import json

from prometheus_client.parser import text_string_to_metric_families

from gateway.ops.counters import ORIGIN_BUCKETS, Counters
from gateway.ops.metrics import Totals, added

Sample = tuple[str, tuple[tuple[str, str], ...]]


def worker(*, misses: int = 0, version: str = "v1", kept: int = 0) -> dict[str, object]:
    counters = Counters()
    counters.cache_misses = misses
    counters.decisions["public-page"] = misses
    counters.statuses[200] = misses
    counters.values = {"kept_pages": kept, "policy_faults": 1}
    for _ in range(misses):
        counters.origin_answered(0.02)
    snapshot = {**counters.snapshot(), "policy_version": version}
    told: dict[str, object] = json.loads(json.dumps(snapshot))
    return told


def samples(totals: Totals) -> dict[Sample, float]:
    found = {}
    for family in text_string_to_metric_families(totals.page().decode()):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_workers_add_up() -> None:
    totals = Totals()
    totals.report(0, worker(misses=3, kept=10))
    totals.report(1, worker(misses=4, kept=5))
    found = samples(totals)
    assert found["lychgate_page_lookups_total", (("result", "miss"),)] == 7
    assert found["lychgate_decisions_total", (("reason", "public-page"),)] == 7
    assert found["lychgate_responses_total", (("status", "200"),)] == 7
    assert found["lychgate_workers", ()] == 2


def test_gauges_add_up_but_what_all_workers_share_counts_once() -> None:
    totals = Totals()
    totals.report(0, worker(kept=10))
    totals.report(1, worker(kept=5))
    totals.report(2, {"values": {"canaries_dead": 2}})  # the background process
    found = samples(totals)
    assert found["lychgate_kept_pages", ()] == 15
    assert found["lychgate_policy_faults", ()] == 1
    assert found["lychgate_canaries_dead", ()] == 2
    assert found["lychgate_workers", ()] == 2


def test_a_worker_that_judges_by_another_policy_is_seen() -> None:
    totals = Totals()
    totals.report(0, worker(version="v1"))
    totals.report(1, worker(version="v2"))
    found = samples(totals)
    assert found["lychgate_policy_workers", (("version", "v1"),)] == 1
    assert found["lychgate_policy_workers", (("version", "v2"),)] == 1


def test_no_count_goes_back_when_a_worker_is_replaced() -> None:
    totals = Totals()
    totals.report(0, worker(misses=3, kept=10))
    totals.retire(0)
    found = samples(totals)
    assert found["lychgate_page_lookups_total", (("result", "miss"),)] == 3
    assert found["lychgate_workers", ()] == 0
    assert ("lychgate_kept_pages", ()) not in found, "its pages went with it"
    totals.report(0, worker(misses=1))
    assert samples(totals)["lychgate_page_lookups_total", (("result", "miss"),)] == 4
    totals.retire(7)  # one that never reported


def test_the_origin_histogram_counts_each_answer_in_one_bucket() -> None:
    counters = Counters()
    for seconds in (0.001, 0.005, 0.3, 60.0):
        counters.origin_answered(seconds)
    assert sum(counters.origin_buckets) == counters.origin_count == 4
    assert counters.origin_buckets[0] == 2
    assert counters.origin_buckets[-1] == 1
    totals = Totals()
    totals.report(0, counters.snapshot())
    found = samples(totals)
    assert found["lychgate_origin_seconds_bucket", (("le", "+Inf"),)] == 4
    assert found["lychgate_origin_seconds_bucket", (("le", str(ORIGIN_BUCKETS[0])),)] == 2
    assert found["lychgate_origin_seconds_count", ()] == 4


def test_snapshots_of_two_versions_still_add_up() -> None:
    assert added({"old": 1}, {"new": 2}) == {"old": 1, "new": 2}


def test_a_snapshot_fits_into_one_write_of_a_pipe() -> None:
    """Linux writes up to 4,096 bytes whole or not at all: a line is never torn."""
    from gateway.model.decision import Reason

    counters = Counters()
    for reason in Reason:
        counters.decisions[reason] = 10**9
    for status in (200, 206, 301, 302, 304, 308, 400, 403, 404, 405, 410, 414, 421, 431, 500, 502):
        counters.statuses[status] = 10**9
    for number in range(10):
        counters.errors[f"some-longer-reason-{number}"] = 10**9
    counters.origin_buckets = [10**9] * len(counters.origin_buckets)
    counters.values = {f"some_longer_gauge_{number}": 1e9 for number in range(12)}
    assert len(json.dumps({"ready": True, "snapshot": counters.snapshot()})) < 4096
