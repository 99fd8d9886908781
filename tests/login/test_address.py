"""One grammar of e-mail addresses, for what readers type and for what providers claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LoginRefused
from gateway.login.address import CHARACTERS_MAX, address, email_address
from gateway.login.checks import Refusal

LABEL = "a" * 63
GOOD = (
    "a@b.example",
    "jane@news.example",
    "Jane.Doe@News.Example",
    "jane+press@news.example",
    "jane_doe-1@sub.news.example",
    "o'brien@news.example",
    "#!$%&'*+/=?^_`{|}~-@news.example",
    "0@1.example",
    "a@xn--bcher-kva.example",
    "a@b.xn--p1ai",
    "a@b-c.example",
    "a@1-2.example",
    "a" * 64 + "@news.example",
    "a@" + ".".join([LABEL, LABEL, LABEL, "a" * 60]),
)
BAD = (
    "",
    " ",
    "@",
    "a",
    "a@",
    "@b.example",
    "a@b",
    "a@localhost",
    "a.b.example",
    # Two at signs: one program reads the first, another the last.
    "a@evil@company.com",
    "a@@company.com",
    "@a@company.com",
    "a@company.com@",
    "a@evil.example,b@company.com",
    "a@evil.example;b@company.com",
    "a@evil.example b@company.com",
    "a@evil.example\nb@company.com",
    # Quoted local parts, comments, names and literals.
    '"a"@company.com',
    '"a b"@company.com',
    '"a@evil.example"@company.com',
    '"a\\"b"@company.com',
    'a"b@company.com',
    "a\\@b@company.com",
    "a(comment)@company.com",
    "a@(comment)company.com",
    "a@company.com(comment)",
    "<a@company.com>",
    "A <a@company.com>",
    "a@company.com <b@evil.example>",
    "mailto:a@company.com",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@127.0.0.1",
    "a@1.2",
    # Dots.
    ".a@company.com",
    "a.@company.com",
    "a..b@company.com",
    "a@.company.com",
    "a@company.com.",
    "a@company..com",
    "a@.",
    # Labels.
    "a@-company.com",
    "a@company-.com",
    "a@company.-com",
    "a@company.com-",
    "a@com_pany.com",
    "a@company.com/x",
    "a@company.com?x",
    "a@company.com#x",
    "a@company.com:25",
    "a@company.com%00",
    "a@*.com",
    f"a@{LABEL}a.example",
    # Length.
    "a" * 65 + "@company.com",
    "a" * 320 + "@company.com",
    "a@" + "b" * 320 + ".com",
    "a@" + "b." * 150 + "com",
    "a@" + ".".join([LABEL, LABEL, LABEL, "a" * 61]),
    "a" * 100_000,
    # Controls, spaces and marks.
    "a b@company.com",
    "a@ company.com",
    "a @company.com",
    "a@company.com\r\nBcc: b@evil.example",
    "a@company.com\n",
    "a\n@company.com",
    "a\r@company.com",
    "a\t@company.com",
    "a\0@company.com",
    "a@company.com\0",
    "a@company\0.com",
    "a@company.com\x7f",
    "\x1ba@company.com",
    "a\u200b@company.com",
    "\u202emoc.ynapmoc@a",
    "a\u202e@company.com",
    "a@company.com\u2028",
    "\ufeffa@company.com",
    "a\xa0@company.com",
    # Letters that look like others, or become others.
    "\u0430@company.com",
    "é@company.com",
    "日本@company.com",
    "\u212a@company.com",
    "ı@company.com",
    "a＠company.com",
    "a﹫company.com",
    "a@evil＠company.com",
    "\ud800@company.com",
    "a@\ud800.com",
)
# Fine for a reader to type, since the mail then goes to what is made of it; no claim of a provider.
TYPED = {
    "a@bücher.example": "a@xn--bcher-kva.example",
    "a@Bücher.Example": "a@xn--bcher-kva.example",
    "a@例え.example": "a@xn--r8jz45g.example",
    "a@company。com": "a@company.com",
    " a@company.com": "a@company.com",
    "a@company.com\t": "a@company.com",
    "a@\u212aompany.com": "a@kompany.com",
    "a@company.com\u200b": "a@company.com",
}
# Two domains by the two standards for international names.
AMBIGUOUS = ("a@straße.example", "a@βόλος.example", "a@a\u200db.example", "a@a\u200cb.example")


@pytest.mark.parametrize("written", GOOD)
def test_addresses(written: str) -> None:
    assert address(written) == written.lower()
    assert email_address(written) == written.lower()


@pytest.mark.parametrize("written", [*BAD, *AMBIGUOUS])
def test_no_addresses(written: str) -> None:
    assert address(written) == ""
    with pytest.raises(LoginRefused) as caught:
        email_address(written)
    assert caught.value.reason == Refusal.BAD_EMAIL


@pytest.mark.parametrize(("written", "found"), TYPED.items())
def test_what_only_a_reader_may_write(written: str, found: str) -> None:
    assert address(written) == found
    with pytest.raises(LoginRefused):
        email_address(written)


@pytest.mark.parametrize("claimed", [None, 0, True, 1.5, [], ["a@b.example"], {}, b"a@b.example"])
def test_a_claim_is_a_string(claimed: object) -> None:
    with pytest.raises(LoginRefused):
        email_address(claimed)


@given(st.text(max_size=30) | st.text(alphabet='aZ0.@-_+é"\\<>\n ß。K', max_size=20))
def test_what_comes_out_is_one_address_and_stays_itself(written: str) -> None:
    found = address(written)
    if found:
        assert found.isascii()
        assert found.isprintable()
        assert found == found.lower()
        assert found.count("@") == 1
        assert " " not in found
        assert len(found) <= CHARACTERS_MAX
        assert address(found) == found
        assert email_address(found) == found
