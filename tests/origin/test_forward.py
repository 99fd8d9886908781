"""Which headers travel: I2 and I3 of the threats, as properties over whatever readers and origins send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.remembered import NAME_BYTES_MAX
from gateway.model.request import Request
from gateway.origin.forward import (
    _HOP_BY_HOP,
    _INTERNAL,
    _NOT_FROM_READERS,
    _NOT_FROM_READERS_FAMILIES,
    ForwardSettings,
    Headers,
    answer_headers,
    as_gateway,
    as_reader,
    rewritten,
    without_ours,
)

SETTINGS = ForwardSettings(
    site_url="https://news.test",
    origin_url="http://127.0.0.1:2368",
    host="cms.news.test",
    identity=((b"cookie", b"ghost-members=all"), (b"x-reader-of-all", b"s3cret")),
    cookie_names=(b"__Host-lychgate", b"lychgate"),
)
OURS = b"__Host-lychgate=session-of-a-reader"


def request(*headers: tuple[bytes, bytes], method: str = "GET") -> Request:
    return Request(
        method=method,
        host="news.test",
        path="/a",
        query=b"",
        headers=headers,
        client="203.0.113.9",
        scheme="https",
    )


def names(headers: Headers) -> set[bytes]:
    return {name for name, _ in headers}


def test_the_gateway_asks_with_its_identity_and_nothing_of_the_readers() -> None:
    assert as_gateway(settings=SETTINGS) == (
        (b"host", b"cms.news.test"),
        (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (b"accept-encoding", b"gzip, br"),
        (b"user-agent", b"Lychgate"),
        (b"x-forwarded-host", b"news.test"),
        (b"x-forwarded-proto", b"https"),
        (b"via", b"1.1 lychgate"),
        (b"cookie", b"ghost-members=all"),
        (b"x-reader-of-all", b"s3cret"),
    )
    bare = as_gateway(settings=SETTINGS, identity=False)
    assert not names(bare) & {b"cookie", b"x-reader-of-all"}


def test_an_identity_may_name_its_own_agent() -> None:
    own = ForwardSettings(
        site_url="https://news.test",
        origin_url="http://127.0.0.1:2368",
        host="news.test",
        identity=((b"user-agent", b"News/1"),),
        cookie_names=(),
    )
    asked = as_gateway(settings=own)
    assert [value for name, value in asked if name == b"user-agent"] == [b"News/1"]


def test_a_reader_asks_with_cookies_ranges_and_validators_of_their_own() -> None:
    asked = as_reader(
        request(
            (b"host", b"news.test"),
            (b"cookie", b"a=1; " + OURS + b";b=2"),
            (b"range", b"bytes=0-99"),
            (b"if-none-match", b'"1"'),
            (b"accept-language", b"fr"),
            (b"authorization", b"Basic eDp5"),
        ),
        settings=SETTINGS,
        assertion=b"word",
    )
    assert asked == (
        (b"host", b"cms.news.test"),
        (b"cookie", b"a=1; b=2"),
        (b"range", b"bytes=0-99"),
        (b"if-none-match", b'"1"'),
        (b"accept-language", b"fr"),
        (b"authorization", b"Basic eDp5"),
        (b"x-forwarded-for", b"203.0.113.9"),
        (b"x-real-ip", b"203.0.113.9"),
        (b"x-forwarded-host", b"news.test"),
        (b"x-forwarded-proto", b"https"),
        (b"via", b"1.1 lychgate"),
        (b"lychgate-reader", b"word"),
    )


def test_a_reader_with_our_cookie_alone_has_none_at_the_origin() -> None:
    assert b"cookie" not in names(as_reader(request((b"cookie", OURS)), settings=SETTINGS))


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, br, zstd"),
        (b"GZIP;q=0.5, br;q=0", b"gzip;q=0.5, br;q=0"),
        (b"deflate, compress", b"identity"),
        (b"*", b"identity"),
        (b"", b"identity"),
        (b"dcb, sdch, gzip", b"gzip"),
    ],
)
def test_only_codings_that_can_be_undone_are_asked_for(sent: bytes, asked: bytes) -> None:
    assert (b"accept-encoding", asked) in as_reader(
        request((b"accept-encoding", sent)), settings=SETTINGS
    )


def test_several_ranges_at_once_dont_travel() -> None:
    """A multipart/byteranges answer would hide an article's HTML from being judged."""
    asked = as_reader(request((b"range", b"bytes=0-9,20-9000")), settings=SETTINGS)
    assert b"range" not in names(asked)


FAMILIES = st.sampled_from(
    [
        b"host",
        b"via",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-user",
        b"x-forwarded-anything",
        b"x-real-ip",
        b"lychgate-reader",
        b"lychgate-anything",
        b"x-lychgate-tier",
        b"x-reader-of-all",
        b"connection",
        b"transfer-encoding",
        b"content-length",
        b"upgrade",
        b"te",
        b"expect",
        b"proxy-authorization",
        b"keep-alive",
    ]
)
ANY_NAME = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode)
COOKIES = st.lists(
    st.sampled_from(
        [
            b"a=1",
            OURS,
            b"lychgate=2",
            b" lychgate =3",
            b"__Host-lychgate",
            b"x=lychgate=1",
            b"",
            b"=",
        ]
    ),
    max_size=5,
).map(b";".join)
ANY_HEADERS = st.lists(
    st.one_of(
        st.tuples(FAMILIES, st.just(b"from-outside")),
        st.tuples(ANY_NAME, st.just(b"from-outside")),
        st.tuples(st.just(b"cookie"), COOKIES),
    ),
    max_size=8,
).map(tuple)


@given(headers=ANY_HEADERS)
def test_nothing_of_an_identity_travels_but_what_was_minted(headers: Headers) -> None:
    """I3; and neither our cookie nor [origin].headers are ever on a reader's own request."""
    minted = {
        b"host": b"cms.news.test",
        b"via": b"1.1 lychgate",
        b"x-forwarded-for": b"203.0.113.9",
        b"x-real-ip": b"203.0.113.9",
        b"x-forwarded-host": b"news.test",
        b"x-forwarded-proto": b"https",
    }
    asked = as_reader(request(*headers), settings=SETTINGS)
    for name, value in minted.items():
        assert [told for given_name, told in asked if given_name == name] == [value]
    for name, value in asked:
        if name not in minted:
            assert not name.startswith((b"x-forwarded-", b"lychgate-", b"x-lychgate-"))
            assert name not in {
                *b"forwarded connection te upgrade expect keep-alive proxy-authorization".split(),
                *b"x-reader-of-all transfer-encoding content-length".split(),
            }
        assert b"ghost-members" not in value
        assert b"s3cret" not in value
        assert b"session-of-a-reader" not in value
        if name == b"cookie":
            assert value
            for part in value.split(b";"):
                assert part.split(b"=")[0].strip() not in SETTINGS.cookie_names


def test_a_long_name_is_judged_like_any_other() -> None:
    known = {*_NOT_FROM_READERS, *_NOT_FROM_READERS_FAMILIES, *_HOP_BY_HOP, *_INTERNAL}
    assert max(map(len, known)) < NAME_BYTES_MAX
    for count in (1, 100, 1000):
        long = b"x-forwarded-" + b"a" * count
        assert (long, b"1") not in as_reader(request((long, b"1")), settings=SETTINGS)


@given(cookie=COOKIES)
def test_cookies_of_others_stay_in_order(cookie: bytes) -> None:
    left = without_ours(cookie, SETTINGS.cookie_names)
    assert left.count(b"a=1") == cookie.split(b";").count(b"a=1")
    assert left.count(b"x=lychgate=1") == cookie.split(b";").count(b"x=lychgate=1")


# What comes back.

PAGE: Headers = (
    (b"content-type", b"text/html"),
    (b"content-language", b"fr"),
    (b"content-length", b"50000"),
    (b"content-md5", b"x"),
    (b"digest", b"sha-256=x"),
    (b"etag", b'"1"'),
    (b"accept-ranges", b"bytes"),
    (b"server-timing", b"render;dur=53"),
    (b"x-runtime", b"0.2"),
    (b"x-content-length", b"50000"),
    (b"set-cookie", b"a=1"),
    (b"content-security-policy", b"default-src 'self'"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-encoding", b"gzip"),
    (b"transfer-encoding", b"chunked"),
    (b"vary", b"Cookie"),
    (b"cache-control", b"max-age=60"),
)


def test_of_a_judged_page_only_an_allow_list_stays() -> None:
    """No length, digest, validator or timing of the whole page, and nobody's Set-Cookie."""
    assert answer_headers(PAGE, settings=SETTINGS, gated=True) == (
        (b"content-language", b"fr"),
        (b"content-security-policy", b"default-src 'self'"),
        (b"referrer-policy", b"no-referrer"),
    )


def test_of_what_passes_all_stays_but_hops_and_words_between_servers() -> None:
    headers: Headers = (
        (b"content-type", b"text/css"),
        (b"connection", b"close, X-Hop"),
        (b"x-hop", b"1"),
        (b"keep-alive", b"timeout=5"),
        (b"transfer-encoding", b"chunked"),
        (b"x-accel-redirect", b"/private"),
        (b"x-sendfile", b"/etc/passwd"),
        (b"lychgate-decision", b"full"),
        (b"alt-svc", b'h3=":2369"'),
        (b"etag", b'"1"'),
        (b"set-cookie", b"a=1"),
    )
    assert answer_headers(headers, settings=SETTINGS, gated=False) == (
        (b"content-type", b"text/css"),
        (b"etag", b'"1"'),
        (b"set-cookie", b"a=1"),
        (b"via", b"1.1 lychgate"),
    )


@pytest.mark.parametrize(
    "cookie",
    [
        b"lychgate=evil; Path=/",
        b" lychgate = evil",
        b"__Host-lychgate=evil; Secure; Path=/",
        b"=__Host-lychgate=evil",
        b"=lychgate=evil",
        b" = \t=lychgate=evil",
        b"lychgate",
        b"lychgate; Max-Age=0",
        b"lychgate-login-Aa0_-=evil",
        b"__Host-lychgate-mail=evil; Secure; Path=/",
        b"=__Host-lychgate-login-x=evil",
    ],
)
def test_an_origin_can_neither_set_nor_clear_our_cookie(cookie: bytes) -> None:
    kept = answer_headers(((b"set-cookie", cookie),), settings=SETTINGS, gated=False)
    assert b"set-cookie" not in names(kept)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (b"/b", b"/b"),
        (b"http://127.0.0.1:2368", b"https://news.test"),
        (b"http://127.0.0.1:2368/b?c=d#e", b"https://news.test/b?c=d#e"),
        (b"https://127.0.0.1:2368/b", b"https://news.test/b"),
        (b"//127.0.0.1:2368/b", b"https://news.test/b"),
        (b"http://cms.news.test/b", b"https://news.test/b"),
        (b"http://127.0.0.1:23680/b", b"http://127.0.0.1:23680/b"),
        (b"http://127.0.0.1:2368.evil.test/", b"http://127.0.0.1:2368.evil.test/"),
        (b"http://127.0.0.1:2368@evil.test/", b"http://127.0.0.1:2368@evil.test/"),
        (b"https://elsewhere.test/", b"https://elsewhere.test/"),
        (b"0; url=http://127.0.0.1:2368/b", b"0; url=https://news.test/b"),
        (b"0; url='http://127.0.0.1:2368'", b"0; url='https://news.test'"),
        (
            b'<http://127.0.0.1:2368/a>; rel="canonical", <http://127.0.0.1:2368/b>; rel=next',
            b'<https://news.test/a>; rel="canonical", <https://news.test/b>; rel=next',
        ),
    ],
)
def test_the_origins_own_address_becomes_the_sites(told: bytes, shown: bytes) -> None:
    assert rewritten(told, SETTINGS) == shown
    for name in (b"location", b"content-location", b"link", b"refresh"):
        kept = answer_headers(((name, told),), settings=SETTINGS, gated=False)
        assert kept[0] == (name, shown)


def test_a_default_port_is_the_same_address() -> None:
    for origin_url, told in (
        ("http://cms.test", b"http://cms.test:80/b"),
        ("https://cms.test:443", b"https://cms.test/b"),
        ("https://cms.test", b"https://cms.test:443/b"),
    ):
        settings = ForwardSettings(
            site_url="https://news.test",
            origin_url=origin_url,
            host="news.test",
            identity=(),
            cookie_names=(),
        )
        assert rewritten(told, settings) == b"https://news.test/b"


@pytest.mark.parametrize(
    ("link", "left"),
    [
        (b'</style.css>; rel=preload; as=style', b'</style.css>; rel=preload; as=style'),
        (b'</paid.jpg>; rel="preload"; as="image"', b""),
        (b"</paid.mp3>; rel=enclosure", b""),
        (b"</paid.mp4>; rel=prefetch", b""),
        (b"</paid.mp4>", b""),
        (b'</paid.mp4>; title="rel=canonical"', b""),
        (b"</a>; rel=canonical, </paid.jpg>; rel=preload; as=image", b"</a>; rel=canonical"),
        (b'</a,b>; rel="next"; title="a, b",</c>;rel=prev', b'</a,b>; rel="next"; title="a, b", </c>;rel=prev'),
        (b"</a>; rel=canonical; x=\"unclosed, </paid.jpg>", b""),
        (b"not a link at all", b""),
        (b'<https://news.test/wp-json/>; rel="https://api.w.org/"', b'<https://news.test/wp-json/>; rel="https://api.w.org/"'),
    ],
)  # fmt: skip
def test_links_of_a_judged_page_load_nothing_of_the_article(link: bytes, left: bytes) -> None:
    kept = answer_headers(((b"link", link),), settings=SETTINGS, gated=True)
    assert kept == (((b"link", left),) if left else ())


@given(st.binary(max_size=200))
def test_no_header_of_an_origin_breaks_it(value: bytes) -> None:
    headers: Headers = tuple(
        (name, value) for name in (b"link", b"location", b"refresh", b"set-cookie", b"connection")
    )
    for gated in (True, False):
        answer_headers(headers, settings=SETTINGS, gated=gated)
