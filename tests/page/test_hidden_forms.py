"""Encoded text is found in whatever it was encoded, and a page's other long words cost little."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from gateway.page import hidden_forms
from gateway.page.withheld import Withheld
from tests.page import prose

TEXT = " ".join(prose.sentence("gone", n) for n in (1, 2)) + " L\u2019été où l\u2019œuvre naît."


def escaped(text: str) -> str:
    """As ``escape()`` of JavaScript (ECMA-262, annex B.2.1.1)."""
    return "".join(
        char
        if char.isascii() and char.isalnum()
        else f"%{ord(char):02X}"
        if ord(char) < 256
        else f"%u{ord(char):04X}"
        for char in text
    )


def encoded(charset: str) -> Callable[[str], str]:
    return lambda text: base64.b64encode(text.encode(charset, "replace")).decode()


FORMS: dict[str, Callable[[str], str]] = {
    **prose.FORMS,
    "escape": escaped,
    "base64-url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64-mime": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64-twice": lambda text: encoded("utf-8")(encoded("utf-8")(text)),
    "base64-latin-1": encoded("latin-1"),
    "base64-utf-16": encoded("utf-16-le"),
    "base64-json": lambda text: encoded("utf-8")(json.dumps({"t": text})),
    "base64-percent": lambda text: quote(encoded("utf-8")(text), safe=""),
    "base64-slashes": lambda text: encoded("utf-8")(text).replace("/", "\\/"),
    "hexadecimal": lambda text: text.encode().hex(),
}
AROUND = st.sampled_from(
    [
        "",
        " ",
        "<p>Le port</p>\n",
        'var a="',
        "/2024/05/12/une-longue-adresse-de-page-numero-7-du-site-de-la-gazette ",
        "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC ",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5 ",
    ]
)


@examples(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FORMS)), AROUND, AROUND, st.integers(0, 300))
def test_a_copy_is_found_in_any_form_behind_anything(
    form: str, before: str, after: str, times: int
) -> None:
    page = before * times + '"' + FORMS[form](TEXT) + '" ' + after
    assert Withheld([TEXT], []).stands_in(page)


def test_text_without_spaces_is_found_in_base64() -> None:
    text = "市民团体对这项决定表示强烈反对下个月将向法院提起诉讼。专家认为地质条件复杂风险不小。"
    said = base64.b64encode(text.encode()).decode()
    assert Withheld([text], []).stands_in(f"<p data-a='{said}'>")


@pytest.mark.parametrize(
    ("markup", "read"),
    [
        ("<li>un deux</li><li>trois</li>", "un deux trois"),
        ("<td>un</td><td>deux</td>", "un deux"),
        ("un<br>deux<br/>trois<BR>quatre", "un deux trois quatre"),
        ("pha<b>re</b> de <a href='/x'>S</a>ète", "phare de Sète"),
        ("pha<wbr>re<!-- ici -->s", "phares"),
        ("<!-- <b>un</b> deux <p>trois</p> -->", "<!-- un deux trois -->"),
        ("<x-note>un</x-note>deux", "un deux"),
        ("3 < 4 et 5 > 2", "3 < 4 et 5 > 2"),
    ],
)
def test_tags_part_words_as_they_do_for_readers(markup: str, read: str) -> None:
    assert " ".join(hidden_forms.without_tags(markup).split()) == read


@given(st.text(alphabet="<>/!-ab \"'=", max_size=40))
def test_text_outside_of_tags_is_never_lost(text: str) -> None:
    """Only what begins a tag and ends it can be one."""
    kept = hidden_forms.without_tags(f"{text}<p>mot</p>")
    assert "mot" in kept or "<" in text


def test_pictures_and_hashes_say_nothing() -> None:
    picture = base64.b64encode(bytes(range(256)) * 8).decode()
    assert list(hidden_forms.encoded(f'"{picture}" "{"0f" * 40}" "{"a-b" * 30}"')) == []
