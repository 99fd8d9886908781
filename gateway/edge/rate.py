"""Requests a second of one network, counted in memory, the same for both lanes of one worker.

``[limits] requests_per_second``; a network is a /24 or a /64, since one reader may have many
addresses of it. Counts are of the running second alone: what is bounded is a flood, not a habit.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

NETWORKS_MAX = 100_000
_WEBHOOK = "/-/stripe/webhook"
_LOGIN, _BACK_CHANNEL = "/-/login/", "/backchannel-logout"


@lru_cache(maxsize=16_384)
def network_of(client: str) -> str:
    """The network of an address; an address that can't be read is its own."""
    try:
        address = ip_address(client.partition("%")[0])  # without a link-local address's zone
    except ValueError:
        return client
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return address.exploded[:19]
        address = address.ipv4_mapped
    return str(address).rpartition(".")[0]


def counts(path: str) -> bool:
    """Whether a request there is counted: what others sign is told apart by its signature alone, and
    comes in bursts when much happens."""
    return path != _WEBHOOK and not (path.startswith(_LOGIN) and path.endswith(_BACK_CHANNEL))


class RequestRate:
    """``per_second`` 0 counts nothing and refuses nothing."""

    __slots__ = ("_counts", "_second", "per_second")

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._second = -1
        self._counts: dict[str, int] = {}

    def allows(self, client: str, now: float) -> bool:
        """Count one request, and say whether it is within the limit."""
        if not self.per_second:
            return True
        second = int(now)
        if second != self._second or len(self._counts) > NETWORKS_MAX:
            self._second = second
            self._counts.clear()
        network = network_of(client)
        count = self._counts.get(network, 0) + 1
        self._counts[network] = count
        return count <= self.per_second
