"""What is noted of an answer: counters always, a line of the access log where it is on.

The quick lane notes its own, as one addition."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.clock import Clock
from gateway.ops.counters import Counters
from gateway.ops.logs import AccessLog, logger, shown

_LOG = "lychgate.request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    counters: Counters
    access_log: AccessLog
    clock: Clock

    def decided(self, reason: str) -> None:
        self.counters.decisions[reason] += 1

    def answered(self, *, path: str, status: int, body_bytes: int, request_id: str) -> None:
        counters = self.counters
        counters.full_lane += 1
        counters.statuses[status] += 1
        self.access_log.note(self.clock.now(), "full", path, status, body_bytes, request_id)

    def failed(self, *, reason: str, error_id: str, path: str, error: BaseException) -> None:
        self.counters.errors[reason] += 1
        told = {"reason": reason, "error_id": error_id, "path": shown(path)}
        if reason == "internal-error":
            logger(_LOG).error("request-failed", **told, exc_info=error)
        else:
            logger(_LOG).warning("request-failed", **told, detail=type(error).__name__)
