"""Pages of ours, and what a publisher may change of them and of the walls."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from gateway.errors import Faults
from gateway.model.decision import Wall
from gateway.page import samples
from gateway.page.templates import Templates
from tests.page.drawing import SITE, TEMPLATES, drawn, lines

STATUSES = (400, 403, 404, 405, 414, 421, 429, 431, 500, 502, 503, 504)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("status", [*STATUSES, 413, 418, 599])
def test_error_pages(status: int, language: str) -> None:
    html = TEMPLATES.error(status=status, language=language, error_id="0123456789abcdef").decode()
    tree = LexborHTMLParser(html)
    main = tree.css_first("main")
    assert main is not None
    assert str(status) in main.text()
    assert "0123456789abcdef" in main.text()
    assert len(tree.css("h1")) == 1
    assert f'lang="{language}"' in html
    assert not tree.css("script, img, iframe, [src]")
    assert [each.attributes for each in tree.css("link")] == [{"rel": "icon", "href": "data:,"}]
    assert "url(" not in html


def test_each_status_has_words_of_its_own_in_both_languages() -> None:
    titles = {
        (language, status): re.findall(
            "<h1>(.*?)</h1>",
            TEMPLATES.error(status=status, language=language, error_id="").decode(),
        )[0]
        for language in ("fr", "en")
        for status in STATUSES
    }
    assert len(set(titles.values())) == len(titles)


def test_withheld_and_help_pages() -> None:
    page = TEMPLATES.withheld(
        level="paid", language="en", return_to="/dossiers/carte.pdf", signed_in=False
    ).decode()
    assert "/-/plans?return_to=/dossiers/carte.pdf" in page
    assert "See plans" in page
    assert 'href="/culture/a?b=1"' in TEMPLATES.help(language="fr", back="/culture/a?b=1").decode()


@pytest.mark.parametrize(
    "back", ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://x", "/a\n", "/é"]
)
def test_the_help_page_leads_back_to_this_site_alone(back: str) -> None:
    page = TEMPLATES.help(language="en", back=back).decode()
    assert "Back to the front page" in page
    assert "Back to the article" not in page
    assert "evil" not in page
    assert "javascript" not in page.lower().replace("without javascript", "")


def test_the_preview_holds_every_wall_and_error_without_a_double_id() -> None:
    tree = LexborHTMLParser(TEMPLATES.preview("en").decode())
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    for language in ("fr", "en"):
        for wall in Wall:
            for state in ("signed-in", "signed-out"):
                assert f"{language}-{wall}-{state}-whole" in ids
        for status in STATUSES:
            assert f"{language}-error-{status}" in ids
    assert not tree.css("iframe")
    for section in tree.css("section.lg-wall"):
        assert set((section.attributes["aria-labelledby"] or "").split()) <= set(ids)


def test_both_catalogues_shipped_hold_the_same_keys() -> None:
    folder = Path(__file__).parents[2] / "templates" / "locale"
    french, english = (json.loads((folder / f"{name}.json").read_text()) for name in ("fr", "en"))
    assert list(french) == list(english)


def test_samples_name_every_wall() -> None:
    assert {context.wall for context in samples.walls(TEMPLATES, "fr")} == set(Wall)


# What a publisher changes.


def with_files(tmp_path: Path, files: dict[str, str]) -> Templates:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Templates([tmp_path], site=SITE)


def test_the_shipped_templates_have_no_fault() -> None:
    assert TEMPLATES.check() == ()


def test_a_text_is_changed_key_by_key(tmp_path: Path) -> None:
    text = json.dumps({"wall.register.heading": "Lisez la suite avec un compte"})
    templates = with_files(tmp_path, {"locale/fr.json": text})
    said = lines(drawn(Wall.REGISTER, templates=templates))
    assert said[:2] == ["Lisez la suite avec un compte", "Sans carte bancaire."]
    assert "Create a free account" in drawn(Wall.REGISTER, language="en", templates=templates)


def test_a_new_language_says_the_rest_in_the_site_s_first(tmp_path: Path) -> None:
    text = json.dumps({"wall.register.heading": "Mit einem Konto weiterlesen"})
    templates = with_files(tmp_path, {"locale/de.json": text})
    html = drawn(Wall.REGISTER, language="de-AT", templates=templates)
    assert 'lang="de"' in html
    assert lines(html)[:2] == ["Mit einem Konto weiterlesen", "Sans carte bancaire."]


def test_one_block_of_the_shipped_wall_is_changed(tmp_path: Path) -> None:
    text = '{% extends "shipped/wall/base.html" %}{% block help %}<p>Tel. 1234</p>{% endblock %}'
    templates = with_files(tmp_path, {"wall/base.html": text})
    assert templates.check() == ()
    assert lines(drawn(Wall.SETTLE, templates=templates))[-1] == "Tel. 1234"


def test_a_file_that_another_includes_is_no_stranger(tmp_path: Path) -> None:
    text = '{% extends "shipped/wall/base.html" %}{% block help %}{% include "wall/a.html" %}{% endblock %}'
    templates = with_files(tmp_path, {"wall/base.html": text, "wall/a.html": "<p>Tel. 5</p>"})
    assert templates.check() == ()
    assert lines(drawn(Wall.SETTLE, templates=templates))[-1] == "Tel. 5"


@pytest.mark.parametrize("text", ["{{ nothing }}", "{% if %}", "{{ 1 // 0 }}"])
def test_a_faulty_file_never_takes_the_page_from_a_reader(tmp_path: Path, text: str) -> None:
    names = ("wall/subscribe.html", "page/layout.html", "page/error.html")
    templates = with_files(tmp_path, dict.fromkeys(names, text))
    assert drawn(Wall.SUBSCRIBE, templates=templates) == drawn(Wall.SUBSCRIBE)
    page = templates.error(status=502, language="fr", error_id="1")
    assert page == TEMPLATES.error(status=502, language="fr", error_id="1")
    assert {Path(fault.place.file).name for fault in templates.check()} >= {
        "subscribe.html",
        "error.html",
    }


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("wall/register.html", "<p>\n{% if %}\n", 2, "Expected"),
        ("wall/settle.html", "<p>\n\n{{ reader.name }}</p>", 3, "'reader' is undefined"),
        ("wall/upgrade.html", "\n{{ t('wall.upgarde.line') }}", 2, "wall.upgarde.line"),
        ("wall/subscribe.html", "{{ t('wall.subscribe.line') }}", 1, "{share}"),
        ("wall/base.html", "a\n{% extends 'shipped/none.html' %}", 2, "shipped/none.html"),
        ("page/error.html", "\n\n\n{{ 1 // 0 }}", 4, "ZeroDivisionError"),
        ("wall/register.html", "é" * 4000, 0, "8000 bytes"),
        ("wall/regsiter.html", "", 0, "no shipped template has this name"),
    ],
)
def test_check_names_a_template_s_fault_with_file_and_line(
    tmp_path: Path, name: str, text: str, line: int, says: str
) -> None:
    faults = with_files(tmp_path, {name: text}).check()
    assert [(fault.place.file, fault.place.line) for fault in faults] == [
        (str(tmp_path / name), line)
    ]
    assert says in faults[0].message


def test_every_fault_of_the_locale_files_is_raised_at_once(tmp_path: Path) -> None:
    french = (
        '{\n "wall.help": 3,\n "wall.halp": "x",\n  "wall.settle.line": "{name}",\n'
        ' "wall.help": "y"\n}'
    )
    with pytest.raises(Faults) as raised:
        with_files(
            tmp_path,
            {"locale/fr.json": french, "locale/en.json": '{\n"a": }', "locale/x.json": "{}"},
        )
    found = [
        (Path(fault.place.file).name, fault.place.line, fault.place.column)
        for fault in raised.value.faults
    ]
    assert found == [
        ("en.json", 2, 6),
        ("fr.json", 2, 2),
        ("fr.json", 3, 2),
        ("fr.json", 4, 3),
        ("x.json", 0, 0),
    ]


def test_a_key_given_twice_is_a_fault(tmp_path: Path) -> None:
    text = '{\n "wall.help": "a",\n "wall.help": "b"\n}'
    with pytest.raises(Faults) as raised:
        with_files(tmp_path, {"locale/en.json": text})
    assert [fault.place.line for fault in raised.value.faults] == [3]
