"""The workers' snapshots added up, in Prometheus' words. The door to prometheus-client.

A worker that was replaced takes its counts along: what it counted is added to a base, so that no
counter ever goes back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from gateway.ops.counters import ORIGIN_BUCKETS, Counters

Snapshot = Mapping[str, Any]
_NOT_COUNTS = ("values", "policy_version")


def added(one: Snapshot, other: Snapshot) -> dict[str, Any]:
    """Two snapshots' counts together, by their places. Gauges aren't counts: they stay out."""
    together: dict[str, Any] = {}
    for key in {**one, **other}:
        left, right = one.get(key), other.get(key)
        if key in _NOT_COUNTS:
            continue
        if left is None or right is None:
            together[key] = right if left is None else left
        elif isinstance(left, Mapping):
            together[key] = added(left, right)
        elif isinstance(left, list):
            together[key] = [a + b for a, b in zip(left, right, strict=True)]
        else:
            together[key] = left + right
    return together


def gauges(snapshots: Iterable[Snapshot]) -> dict[str, float]:
    """What stands in every worker alike counts once, the rest adds up."""
    whole: dict[str, float] = {}
    for snapshot in snapshots:
        for name, value in snapshot.get("values", {}).items():
            before = whole.get(name, 0)
            alike = name.startswith("policy_")
            whole[name] = max(before, value) if alike else before + value
    return whole


class Totals(Collector):
    """``report`` takes a worker's newest snapshot, ``retire`` folds in one that has ended."""

    def __init__(self) -> None:
        self._base: dict[str, Any] = Counters().snapshot()
        self._workers: dict[int, Snapshot] = {}

    def report(self, worker: int, snapshot: Snapshot) -> None:
        self._workers[worker] = snapshot

    def retire(self, worker: int) -> None:
        last = self._workers.pop(worker, None)
        if last is not None:
            self._base = added(self._base, last)

    def total(self) -> dict[str, Any]:
        whole = self._base
        for snapshot in self._workers.values():
            whole = added(whole, snapshot)
        return whole

    def page(self) -> bytes:
        """What ``/metrics`` answers."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        total = self.total()
        at_work = [each for each in self._workers.values() if "policy_version" in each]
        yield GaugeMetricFamily("lychgate_workers", "Workers at work", len(at_work))
        versions = Counter(str(each["policy_version"]) for each in at_work)
        policies = GaugeMetricFamily(
            "lychgate_policy_workers", "Workers by the policy they judge by", labels=["version"]
        )
        for version, count in sorted(versions.items()):
            policies.add_metric([version], count)
        yield policies
        lanes = CounterMetricFamily("lychgate_answers", "Answers by lane", labels=["lane"])
        lanes.add_metric(["quick"], total["quick_lane"])
        lanes.add_metric(["full"], total["full_lane"])
        yield lanes
        yield _labelled("lychgate_decisions", "Decisions by reason", "reason", total["decisions"])
        yield _labelled("lychgate_responses", "Answers by status", "status", total["statuses"])
        yield _labelled("lychgate_errors", "Errors by reason", "reason", total["errors"])
        lookups = CounterMetricFamily("lychgate_page_lookups", "Page records", labels=["result"])
        lookups.add_metric(["hit"], total["cache_hits"])
        lookups.add_metric(["miss"], total["cache_misses"])
        yield lookups
        yield _origin(total)
        for name, value in sorted(gauges(self._workers.values()).items()):
            yield GaugeMetricFamily(f"lychgate_{name}", name.replace("_", " "), value)


def _labelled(
    name: str, help_text: str, label: str, counts: Mapping[str, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=[label])
    for word, count in sorted(counts.items()):
        family.add_metric([word], count)
    return family


def _origin(total: Mapping[str, Any]) -> HistogramMetricFamily:
    running, buckets = 0, []
    for bound, count in zip((*ORIGIN_BUCKETS, "+Inf"), total["origin_buckets"], strict=True):
        running += count
        buckets.append((str(bound), running))
    return HistogramMetricFamily(
        "lychgate_origin_seconds",
        "Seconds to the origin's head",
        buckets=buckets,
        sum_value=total["origin_seconds"],
    )
