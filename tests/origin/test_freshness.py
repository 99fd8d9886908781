"""How long an answer may be used: a table of RFC 9111's cases, and a plain model for all others."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.origin.freshness import (
    LABEL_LAG_SECONDS,
    MISSING_SECONDS,
    STALE_IF_ERROR_SECONDS,
    Freshness,
    Headers,
    directives,
    freshness,
)

NOW = 1_795_428_000.0
DATE = (b"date", formatdate(NOW, usegmt=True).encode())
ETAG = (b"etag", b'"1"')


def of(
    *headers: tuple[bytes, bytes],
    status: int = 200,
    rule: float | None = None,
    shared: bool = False,
    closing: bool = False,
) -> Freshness:
    return freshness(
        status,
        headers,
        received_at=NOW,
        rule_cache_seconds=rule,
        shared_identity=shared,
        page_could_close=closing,
    )


def says(text: str) -> tuple[bytes, bytes]:
    return b"cache-control", text.encode()


def in_seconds(name: str, seconds: float) -> tuple[bytes, bytes]:
    return name.encode(), formatdate(NOW + seconds, usegmt=True).encode()


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ((), None),
        ((ETAG,), 0),
        ((in_seconds("last-modified", -864000),), 0),  # no heuristics: RFC 9111, 4.2.2 is a MAY
        ((says("max-age=60"),), 60),
        ((says("MAX-AGE=60"),), 60),
        ((says('max-age="60"'),), 60),
        ((says("max-age=60, s-maxage=600"),), 600),
        ((says("s-maxage=0, max-age=60"), ETAG), 0),
        ((says("max-age=60"), says("s-maxage=5")), 5),
        ((says("max-age=60, max-age=600"),), 60),
        ((says("max-age=-1"), ETAG), 0),
        ((says("max-age=1.5"), ETAG), 0),
        ((says("max-age=６０"), ETAG), 0),
        ((says("max-age"), ETAG), 0),
        ((says("max-age=" + "9" * 400),), 365 * 86400),
        ((DATE, in_seconds("expires", 90)), 90),
        ((in_seconds("expires", 90),), 90),
        ((DATE, in_seconds("expires", -90), ETAG), 0),
        ((DATE, (b"expires", b"0"), ETAG), 0),
        ((DATE, (b"expires", b"-1"), ETAG), 0),
        ((DATE, in_seconds("expires", 90), says("max-age=5")), 5),
        ((DATE, in_seconds("expires", 90), says("no-cache"), ETAG), 0),
        ((says("public; max-age=60"),), 60),
        ((says('ext="a, s-maxage=600", max-age=60'),), 60),
        ((says("no-store, max-age=60"),), None),
        ((says("private, max-age=60"),), None),
        ((says('private="set-cookie", max-age=60'),), None),
        ((says("max-age=60 , PRIVATE"),), None),
        ((says("max-age=60; no-store"),), None),
        ((says("max-age=60"), (b"vary", b"*")), None),
        ((says("max-age=60"), (b"vary", b"Accept, *")), None),
        ((says("max-age=60"), (b"vary", b"Cookie, Accept-Language, Origin")), 60),
    ],
)
def test_lifetimes(headers: Headers, lifetime: float | None) -> None:
    fresh = of(*headers)
    assert fresh.keepable == (lifetime is not None)
    if lifetime is not None:
        assert fresh.fresh_until - NOW == lifetime


@pytest.fixture
def far_from_greenwich() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize(
    "form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"]
)
def test_all_three_forms_of_a_date_are_in_utc(form: str) -> None:
    expires = time.strftime(form, time.gmtime(NOW + 90)).encode()
    assert of(DATE, (b"expires", expires)).fresh_until == NOW + 90


@pytest.mark.parametrize(
    "status", [201, 204, 206, 302, 303, 304, 307, 400, 403, 429, 500, 502, 503]
)
def test_what_is_never_kept(status: int) -> None:
    headers = (says("max-age=600, stale-while-revalidate=60, stale-if-error=60"), ETAG)
    for rule in (None, 600.0):
        fresh = of(*headers, status=status, rule=rule, shared=True)
        assert not fresh.keepable
        assert fresh.stale_while_revalidate_until <= NOW


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_page_is_kept_for_ten_seconds_whatever_is_said(status: int) -> None:
    for said in ("max-age=86400", "max-age=0", "s-maxage=5"):
        for rule in (None, 600.0):
            fresh = of(says(said), status=status, rule=rule)
            assert fresh.keepable
            assert fresh.fresh_until == NOW + MISSING_SECONDS
            assert fresh.stale_if_error_until == fresh.fresh_until
    assert not of(says("private"), status=status).keepable


def test_a_rule_overrides_the_origin() -> None:
    for said in ("no-store", "private", "no-cache", "max-age=0, must-revalidate", "max-age=9999"):
        fresh = of(says(said), (b"age", b"500"), rule=90.0)
        assert fresh.keepable
        assert (fresh.born_at, fresh.fresh_until) == (NOW, NOW + 90)
        assert fresh.open_caching == b"public, max-age=90"


def test_a_page_marked_private_is_kept_only_with_a_shared_identity() -> None:
    for said in ("private, max-age=60", "no-store, max-age=60"):
        assert not of(says(said)).keepable
        kept = of(says(said), shared=True)
        assert kept.keepable
        assert kept.fresh_until == NOW + 60
        assert kept.open_caching.startswith(b"private"), "what is kept here is kept nowhere else"


@pytest.mark.parametrize("said", ["must-revalidate", "proxy-revalidate", "no-cache"])
def test_what_must_be_revalidated_is_never_used_stale(said: str) -> None:
    fresh = of(says(f"max-age=60, stale-while-revalidate=60, stale-if-error=60, {said}"), ETAG)
    assert fresh.stale_while_revalidate_until == fresh.fresh_until
    assert fresh.stale_if_error_until == fresh.fresh_until


def test_stale_times() -> None:
    fresh = of(says("max-age=60, stale-while-revalidate=30, stale-if-error=120"))
    assert fresh.stale_while_revalidate_until == NOW + 90
    assert fresh.stale_if_error_until == NOW + 180
    assert of(says("max-age=60")).stale_if_error_until == NOW + 60 + STALE_IF_ERROR_SECONDS
    assert of(says("max-age=60, stale-if-error=0")).stale_if_error_until == NOW + 60


def test_age_is_taken_off() -> None:
    for headers in (
        ((b"age", b"20"),),
        (in_seconds("date", -20),),
        ((b"age", b"20"), in_seconds("date", -5)),
        ((b"age", b"5"), in_seconds("date", -20)),
        ((b"age", b"20"), in_seconds("date", 300)),  # a clock that is ahead makes nothing younger
    ):
        fresh = of(says("max-age=60"), *headers)
        assert (fresh.born_at, fresh.fresh_until) == (NOW - 20, NOW + 40)
    assert not of(says("max-age=60"), (b"age", b"60")).keepable
    assert of(says("max-age=60"), (b"age", b"60"), ETAG).keepable


@pytest.mark.parametrize(
    ("said", "open_caching"),
    [
        ("", b"public, max-age=0, must-revalidate"),
        ("no-cache", b"public, max-age=0, must-revalidate"),
        ("no-store", b"private, no-store"),
        ("private, max-age=9", b"private, no-cache"),
        ("max-age=9", b"public, max-age=9"),
        ("max-age=0, s-maxage=9", b"public, max-age=0, s-maxage=9"),
        ("max-age=99, s-maxage=9", b"public, max-age=9"),
        ("max-age=9, stale-while-revalidate=5", b"public, max-age=9, stale-while-revalidate=5"),
        ("max-age=9, immutable, x-odd=1", b"public, max-age=9, immutable"),
    ],
)
def test_what_caches_before_us_are_told(said: str, open_caching: bytes) -> None:
    assert of(says(said), ETAG).open_caching == open_caching


def seconds() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, 100_000)


@given(
    status=st.sampled_from([200, 200, 200, 203, 301, 302, 404, 410, 206, 500, 503]),
    max_age=seconds(),
    s_maxage=seconds(),
    expires=seconds(),
    stale_while=seconds(),
    stale_error=seconds(),
    age=st.none() | st.integers(0, 100_000),
    flags=st.sets(
        st.sampled_from(
            ["private", "no-store", "no-cache", "must-revalidate", "proxy-revalidate", "public"]
        ),
        max_size=2,
    ),
    etag=st.booleans(),
    rule=st.none() | st.integers(1, 100_000).map(float),
    shared=st.booleans(),
    closing=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_freshness_is_what_a_plain_model_says(
    status: int,
    max_age: int | None,
    s_maxage: int | None,
    expires: int | None,
    stale_while: int | None,
    stale_error: int | None,
    age: int | None,
    flags: set[str],
    etag: bool,
    rule: float | None,
    shared: bool,
    closing: bool,
    order: random.Random,
) -> None:
    numbers = {
        "max-age": max_age,
        "s-maxage": s_maxage,
        "stale-while-revalidate": stale_while,
        "stale-if-error": stale_error,
    }
    parts = [*flags, *(f"{name}={value}" for name, value in numbers.items() if value is not None)]
    order.shuffle(parts)
    cut = order.randint(0, len(parts))
    headers: list[tuple[bytes, bytes]] = [DATE]
    headers += [
        says(order.choice([", ", ",", " ,"]).join(some)) for some in (parts[:cut], parts[cut:])
    ]
    headers += [in_seconds("expires", expires)] if expires is not None else []
    headers += [(b"age", b"%d" % age)] if age is not None else []
    headers += [ETAG] if etag else []
    order.shuffle(headers)
    fresh = of(*headers, status=status, rule=rule, shared=shared, closing=closing)

    # The model: who may keep it at all, then how long, then how long beyond.
    secret = bool({"private", "no-store"} & flags)
    revalidate = bool({"must-revalidate", "proxy-revalidate", "no-cache"} & flags)
    lasts = next((value for value in (s_maxage, max_age, expires) if value is not None), 0)
    if "no-cache" in flags or (secret and not shared):
        lasts = 0
    if rule is not None:
        lasts, revalidate, age = int(rule), False, None
    if status in (404, 410):
        lasts = 10
    lasts = min(lasts, 60) if closing else lasts
    if status in (200, 203, 301, 404, 410):
        assert fresh.fresh_until == NOW - (age or 0) + lasts
    may = status in (200, 203, 301, 404, 410) and (not secret or shared or rule is not None)
    assert not fresh.keepable or may
    if may and (lasts > (age or 0) or etag):
        assert fresh.keepable
    swr = fresh.stale_while_revalidate_until - fresh.fresh_until
    sie = fresh.stale_if_error_until - fresh.fresh_until
    if revalidate or status != 200:
        assert swr == sie == 0
    else:
        asked = 0 if secret else stale_while or 0
        assert swr == (min(asked, 60 - lasts) if closing else asked)
        assert sie == min(86400, stale_error if stale_error is not None else 86400)

    # The laws, whatever the model says.
    told = directives(((b"cache-control", fresh.open_caching),))
    if secret and rule is None:
        assert "private" in told
    else:
        outside = max(int(told["max-age"]), int(told.get("s-maxage", 0)))
        assert outside + int(told.get("stale-while-revalidate", 0)) <= lasts + swr
        if closing:
            assert outside + int(told.get("stale-while-revalidate", 0)) <= LABEL_LAG_SECONDS
    if closing:
        assert fresh.stale_while_revalidate_until <= NOW + LABEL_LAG_SECONDS
    assert fresh.born_at <= NOW


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"cache-control", b"expires", b"date", b"age", b"vary"]),
            st.binary(max_size=40),
        ),
        max_size=5,
    )
)
def test_no_header_whatever_breaks_it_or_lives_for_ever(headers: list[tuple[bytes, bytes]]) -> None:
    fresh = of(*headers)
    assert fresh.fresh_until <= NOW + 365 * 86400


@pytest.mark.parametrize(
    ("lag", "lifetime", "stale"), [(60.0, 60.0, 0.0), (5.0, 5.0, 0.0), (0.0, 0.0, 0.0)]
)
def test_a_site_may_follow_its_labels_sooner(lag: float, lifetime: float, stale: float) -> None:
    fresh = freshness(
        200,
        (says("max-age=600, stale-while-revalidate=600"),),
        received_at=NOW,
        rule_cache_seconds=None,
        shared_identity=False,
        page_could_close=True,
        label_lag_seconds=lag,
    )
    assert fresh.fresh_until - NOW == lifetime
    assert fresh.stale_while_revalidate_until - fresh.fresh_until == stale
