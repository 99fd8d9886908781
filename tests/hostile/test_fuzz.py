"""Generated requests against the whole gateway, before an origin that believes everything.

Whatever is sent by an anonymous reader, no withheld byte comes back and the origin hears only
canonical paths; with path parameters allowed too.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.edge.target import Target, canonical_target
from tests.hostile.headers import IDENTITY, OVERRIDES
from tests.hostile.lenient import MARKER, POLICY, lenient_house
from tests.hostile.wire import Wire
from tests.ways.house import House

_WORDS = (
    "/ / / // . .. ; ;x=1 %2e %2E%2e %2f %5c %252e %25 %00 %0d%0a %3b %3f %23 %ff %c0%ae %ef%bc%8e"
    " %e2%80%a5 %ef%bc%8f %ef%bd%90aid %c5%bf %e2%84%aa ? # \\ paid PAID p%61id pa%49d paid%20 a"
    " public members index.html x.css .json %20 + @ : ~ * |"
).split()
_TARGETS = st.lists(st.sampled_from(_WORDS), max_size=10).map(
    lambda words: ("/" + "".join(words)).encode("latin-1")
)
_LINES = st.lists(
    st.one_of(
        st.sampled_from(OVERRIDES),
        st.tuples(st.sampled_from(IDENTITY), st.just(b"root")),
        st.sampled_from(
            (
                (b"Cookie", b"lychgate=x"),
                (b"Cookie", b"lychgate=; lychgate=y"),
                (b"Range", b"bytes=0-"),
                (b"Accept", b"application/activity+json"),
                (b"Accept", b"text/event-stream"),
                (b"Sec-Fetch-Dest", b"image"),
                (b"If-None-Match", b"*"),
                (b"Authorization", b"Basic eDp4"),
                (b"Connection", b"close, Host, Cookie"),
                (b"Upgrade", b"websocket"),
            )
        ),
    ),
    max_size=4,
)
_METHODS = st.sampled_from((b"GET", b"GET", b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT"))
_FUZZ = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module", params=["refused", "allowed"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, bool]]:
    allowed = request.param == "allowed"
    policy = POLICY + ("path_parameters: allow\n" if allowed else "")
    with lenient_house(tmp_path_factory.mktemp("fuzz"), policy=policy) as found:
        yield found, allowed


@_FUZZ
@given(_METHODS, _TARGETS, _LINES)
@example(b"GET", b"/paid;x=1/a", [])
@example(b"GET", b"/paid%3bx/a", [])
@example(b"GET", b"/PAID;/a;", [])
@example(b"GET", b"/paid.;x/a", [])
@example(b"GET", b"/paid%20/a", [])
def test_nothing_generated_opens_anything(
    whole: tuple[House, bool], method: bytes, target: bytes, lines: list[tuple[bytes, bytes]]
) -> None:
    house, allowed = whole
    house.origin.seen.clear()
    head = [b"%b %b HTTP/1.1" % (method, target), b"Host: a.test"]
    head += [b"%b: %b" % line for line in lines]
    with Wire(house.address) as wire:
        wire.send(b"\r\n".join(head) + b"\r\n\r\n")
        answered = wire.answer(method)
    assert answered is not None
    assert answered.status < 500
    assert MARKER not in answered.body
    for seen in house.origin.seen:
        found = canonical_target(seen.target, path_parameters_allowed=allowed)
        assert isinstance(found, Target)
        assert found.path.encode() == seen.target.partition(b"?")[0]
        assert b"root" not in [value for _, value in seen.headers]
        assert b"lychgate=" not in (seen.header(b"cookie") or b"")
