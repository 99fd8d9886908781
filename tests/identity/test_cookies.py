"""Whatever a browser or an attacker sends as a cookie: a session id of ours, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SessionInvalid
from gateway.identity import cookies
from gateway.identity.cookies import CookieSigner, cookie_name, find, new_session_id, set_cookie

NAME = b"__Host-lychgate"


def test_the_name_is_bound_to_the_host_wherever_it_can_be() -> None:
    assert cookie_name("https://news.example") == b"__Host-lychgate"
    assert cookie_name("http://127.0.0.1:8000") == b"lychgate"


def test_a_cookie_is_set_as_its_prefix_asks() -> None:
    line = set_cookie(NAME, "v.s", secure=True, seconds=60)
    assert line == b"__Host-lychgate=v.s; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure"
    assert b"Domain" not in line
    assert b"Secure" not in set_cookie(b"lychgate", "", secure=False, seconds=0)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"__Host-lychgate=abc.def", b"abc.def"),
        (b"a=1; __Host-lychgate=abc.def; b=2", b"abc.def"),
        (b"a=1;__Host-lychgate=abc.def;b", b"abc.def"),
        (b"  __Host-lychgate = abc.def ", b"abc.def"),
        (b"__Host-lychgate=a=b", b"a=b"),
        # Proving nothing:
        (b"", None),
        (b";;;", None),
        (b"=", None),
        (b"__Host-lychgate", None),
        (b"__Host-lychgate=", None),
        (b"__Host-lychgate=; __Host-lychgate=abc.def", None),
        (b"__Host-lychgate=abc.def; __Host-lychgate=abc.def", None),
        (b"__Host-lychgate=abc.def; a=1; __Host-lychgate=other", None),
        (b"=__Host-lychgate=abc.def", None),
        (b"__host-lychgate=abc.def", None),
        (b"x__Host-lychgate=abc.def", None),
        (b"__Host-lychgate2=abc.def", None),
        (b'a="; __Host-lychgate=abc.def"', b'abc.def"'),  # quotes bind nothing (RFC 6265, 5.4)
        (b"__Host-lychgate=" + b"x" * 513, None),
        (b"a=" + b"x" * (16 << 10) + b"; __Host-lychgate=abc.def", None),
    ],
)
def test_finding(header: bytes, value: bytes | None) -> None:
    assert find(header, NAME) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_found_or_not_and_never_an_error(header: bytes) -> None:
    found = find(header, NAME)
    assert found is None or 0 < len(found) <= cookies.COOKIE_BYTES_MAX


def test_keys_rotate() -> None:
    old, both, new = CookieSigner(["old"]), CookieSigner(["new", "old"]), CookieSigner(["new"])
    signed_before, signed_after = old.sign("id").encode(), both.sign("id").encode()
    assert both.verify(signed_before) == both.verify(signed_after) == new.verify(signed_after)
    with pytest.raises(SessionInvalid):
        new.verify(signed_before)
    with pytest.raises(SessionInvalid):
        old.verify(signed_after)


@given(st.binary(max_size=200))
def test_what_we_did_not_sign_proves_nothing(value: bytes) -> None:
    with pytest.raises(SessionInvalid):
        CookieSigner(["a key"]).verify(value)


def test_no_bit_of_a_signed_cookie_can_change() -> None:
    signer = CookieSigner(["a key"])
    signed = signer.sign(new_session_id()).encode()
    last = len(signed) - 1
    for place in range(len(signed)):
        for bit in range(8):
            changed = bytearray(signed)
            changed[place] ^= 1 << bit
            try:
                signer.verify(bytes(changed))
            except SessionInvalid:
                continue
            # 20 bytes don't fill base64's last letter: two of its bits say nothing.
            assert place == last, (place, bit)


def test_session_ids_are_not_guessable_and_need_no_quoting() -> None:
    ids = {new_session_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 32 and one.replace("-", "").replace("_", "").isalnum() for one in ids)
