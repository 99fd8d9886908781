"""No login leads away from the site: a corpus, a generator, and a browser's URL parser as judge."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.rooms.return_to import FRONT_PAGE, LENGTH_MAX, return_to
from tests.rooms.whatwg import resolved

SITE = "https://news.example"
SITES = (SITE, "http://localhost:8000", "https://xn--jrnal-kua.example:8443", "http://[::1]:8000")
# A browser resolves a Location against the address that answered with it.
ANSWERED = "/-/login/google/callback?code=x&state=y"
HERE = Path(__file__).parent
HOSTILE = tuple(
    json.loads(f'"{line}"')
    for line in (HERE.parent / "hostile" / "return_to.txt").read_text("ascii").split("\n")
    if not line.startswith("##")
)[:-1]  # the file's last line feed ends a line and begins none
PLACES = tuple((HERE / "places.txt").read_text("ascii").splitlines())
GENERATED = 160_000
# What is left of an output that is a path: one slash, then neither `/` nor `\`, nothing invisible.
LOCAL = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")

DELIMITERS = (
    "/ / / // \\ /\\ . .. ./ ../ : :: @ ; ? # & = % , | ~ - _ ' \" < > [ ] { } ^ ` $ ! * ( )"
)
ESCAPED = "%2f %2F %5c %5C %2e %2E %252f %25 %00 %09 %0a %0d %20 %c0%af %c3%a9 %ff %3a %40 %3b %zz"
INVISIBLE = (
    "\t",
    "\n",
    "\r",
    "\0",
    " ",
    "\x01",
    "\x1f",
    "\x7f",
    "\xa0",
    "\u200b",
    "\u2028",
    "\ufeff",
)
FOLDING = ("\uff0f", "\u2215", "\u2044", "\u3002", "\uff0e", "\uff20", "\uff1a", "\uff3c", "\u2100")
NAMES = "evil.example news.example a b article 2026 x=1 login - -/login 443 [::1] xn--a 127.0.0.1"
SCHEMES = "https: http: HTTPS: javascript: data: ftp: file: blob: mailto: x:"
ODD = (*INVISIBLE, *FOLDING, "é", "日", "\ud800", "\u202e", "İ", "\u212a", "ß")


def test_the_corpus_is_as_large_as_was_asked_for() -> None:
    assert len(set(HOSTILE)) >= 1_000
    assert len(set(PLACES)) >= 100


def test_nothing_of_the_corpus_is_gone_to() -> None:
    kept = [written for written in HOSTILE if return_to(written, site_url=SITE) != FRONT_PAGE]
    assert not kept


def test_the_corpus_is_hostile() -> None:
    """Were it sent as it stands, much of it would leave the site: the judge can say no."""
    judged = resolved((written, SITE + ANSWERED) for written in HOSTILE)
    assert sum(answer is not None and answer[0] != SITE for answer in judged) >= 600


@pytest.mark.parametrize("site", SITES)
def test_ordinary_places_are_kept_as_they_are(site: str) -> None:
    assert [place for place in PLACES if return_to(place, site_url=site) != place] == []
    assert [place for place in PLACES if return_to(site + place, site_url=site) != place] == []


def test_a_browser_goes_where_an_ordinary_place_says() -> None:
    judged = resolved((place, SITE + ANSWERED) for place in PLACES)
    assert [answer and answer[0] for answer in judged] == [SITE] * len(PLACES)
    for place, answer in zip(PLACES, judged, strict=True):
        path = re.split(r"[?#]", place)[0]
        assert answer is not None
        assert answer[1].startswith(SITE + path)


def _generated(chance: random.Random, site: str) -> str:
    """A string put together from what URL parsers mind, or an ordinary place with some of it put in."""
    pieces = [*DELIMITERS.split(), *ESCAPED.split(), *ODD, *NAMES.split(), *SCHEMES.split(), site]
    shape = chance.random()
    if shape < 0.1:  # the start is left to chance too
        return "".join(chance.choices(pieces, k=chance.randint(1, 9)))
    if shape < 0.4:  # begins as what leads away
        starts = (
            "//",
            "/\\",
            "\\/",
            "https://",
            "https:",
            "/\t/",
            "\t//",
            "///",
            f"{site}.",
            f"{site}@",
        )
        held = chance.choices([*NAMES.split(), *pieces], k=chance.randint(1, 5))
        return chance.choice(starts) + "".join(held)
    if shape < 0.7:  # begins as something that may be kept
        start = chance.choice(("/", "/a", "/a/", site, site + "/", site + "/a?", "/?", "/#", "/-/"))
        mild = [*NAMES.split(), "/", "?", "#", "&", "=", ".", "%c3%a9", "-", "~", "@", ":", ";"]
        held = chance.choices(mild if chance.random() < 0.6 else pieces, k=chance.randint(0, 6))
        return start + "".join(held)
    written = list(chance.choice(PLACES) if shape < 0.9 else chance.choice(HOSTILE)[:400])
    for _ in range(chance.randint(1, 3)):
        place = chance.randint(0, len(written))
        written[place : place + chance.randint(0, 2)] = chance.choice(pieces)
    return "".join(written)


@pytest.mark.parametrize("site", SITES)
def test_no_generated_string_leaves_the_site(site: str) -> None:
    chance = random.Random(f"return to {site}")
    written = [_generated(chance, site) for _ in range(GENERATED // len(SITES))]
    outputs = [return_to(each, site_url=site) for each in written]
    judged = resolved((output, site + ANSWERED) for output in outputs)
    wrong = [
        (before, output)
        for before, output, answer in zip(written, outputs, judged, strict=True)
        if answer is None or answer[0] != site or not LOCAL.fullmatch(output)
    ]
    assert not wrong
    # The law isn't kept by giving up everything, nor by asking nothing that could break it.
    assert len({output for output in outputs if output != FRONT_PAGE}) > 2_000
    raw = resolved((each, site + ANSWERED) for each in written)
    assert sum(answer is not None and answer[0] != site for answer in raw) > 3_000


written_text = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="/\\.:@%;?#aeE25fFcC0 9-\t\n\r", max_size=40),
    st.text(max_size=40).map("/".__add__),
    st.text(max_size=40).map(f"{SITE}/".__add__),
    st.from_regex(LOCAL, fullmatch=True),
)


@settings(max_examples=1_500, deadline=None)
@given(written_text)
@example("/" * 3_000)
@example("/a" * (LENGTH_MAX // 2))
@example("/\ud800")
def test_what_comes_out_is_a_local_path_and_stays_itself(written: str) -> None:
    output = return_to(written, site_url=SITE)
    stripped = re.sub(r"[\t\n\r]", "", output).strip("".join(map(chr, range(0x21))))
    assert stripped == output  # a browser has nothing to strip
    assert LOCAL.fullmatch(output)
    assert output.isascii()
    assert len(output) <= LENGTH_MAX
    assert output in (FRONT_PAGE, written, written.removeprefix(SITE))
    assert return_to(output, site_url=SITE) == output
    assert not re.match(r"/-/log(in|out)", output, re.IGNORECASE)


def test_the_longest_place_is_kept_and_the_next_one_is_not() -> None:
    longest = "/" + "a" * (LENGTH_MAX - 1)
    assert return_to(longest, site_url=SITE) == longest
    assert return_to(longest + "a", site_url=SITE) == FRONT_PAGE
