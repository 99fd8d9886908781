"""``gateway``: what the corpora are thrown at.

The echo gateway stands behind the real protocol and the real ingress; the whole gateway, with an
origin that records what it hears, answers to the same names.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.edge.ingress import Ingress, known_hosts
from gateway.edge.protocol import Limits, server_config
from tests.hostile.serving import EchoGateway, Served, listening

LIMITS = Limits(body_bytes=1 << 20)


def echo() -> EchoGateway:
    return EchoGateway(
        Ingress(
            hosts=known_hosts("a.test", ()),
            trusted_proxies=(),
            cookie_names=(b"lychgate",),
        )
    )


@pytest.fixture(scope="module")
def serving() -> Iterator[Served]:
    app = echo()
    with listening(server_config(app, limits=LIMITS)) as address:
        yield Served(address, app)


@pytest.fixture
def gateway(serving: Served) -> Served:
    """One server a file; what it saw is forgotten before each test."""
    serving.app.seen.clear()
    return serving
