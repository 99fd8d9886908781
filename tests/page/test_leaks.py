"""The search for withheld text: it finds every copy, and leaves the site's own words alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.reader import ReaderKind
from gateway.model.rule import Keep
from gateway.page.withheld import Withheld
from tests.page import prose
from tests.page.showing import article, settings, teased

KEPT = "<p>" + prose.sentence("kept", 1) + "</p><p>" + prose.sentence("kept", 2) + "</p>"
GONE = "".join(f"<p>{prose.sentence('gone', n)}</p>" for n in range(1, 13))
COMMON = "Les services de l'État n'ont pas souhaité commenter ce point précis hier soir."


def text_of(page: str) -> str:
    return teased(page).body.decode("utf-8")


@pytest.mark.parametrize("form", prose.FORMS)
def test_a_copy_in_any_form_goes(form: str) -> None:
    gone = prose.FORMS[form](prose.sentence("gone", 3))
    places = {
        "script": f'<script>var a="{gone}"</script>' if "<" not in gone else "",
        "text": f"<div>{gone}</div>" if form not in ("base64", "url", "plus") else "",
        "attribute": f"<div data-a='{gone}'>x</div>" if "'" not in gone else "",
        "comment": f"<!-- {gone} -->",
    }
    for place, markup in places.items():
        text = text_of(article(KEPT + GONE, after=markup))
        assert prose.markers(text, "gone") == set(), place


@pytest.mark.parametrize("share", ["start", "middle", "end"])
def test_a_part_of_a_sentence_goes_too(share: str) -> None:
    words = prose.sentence("gone", 4).split()
    part = {"start": words[:9], "middle": words[4:13], "end": words[-9:]}[share]
    text = text_of(article(KEPT + GONE, after=f'<div data-a="{" ".join(part)}"><p>Autre</p></div>'))
    assert prose.markers(text, "gone") == set()
    assert "<p>Autre</p>" in text


def test_what_carries_it_goes_and_what_surrounds_it_stays() -> None:
    gone = prose.sentence("gone", 5)
    after = (
        f'<section id="around"><h2>Plus lus</h2><div id="copy"><p>{gone}</p></div>'
        f"<p>{prose.sentence('site', 1)}</p></section>"
    )
    text = text_of(article(KEPT + GONE, after=after))
    assert "Plus lus" in text
    assert prose.markers(text, "site") == {1}
    assert prose.markers(text, "gone") == set()


def test_a_page_built_by_its_script_keeps_no_withheld_text() -> None:
    state = json.dumps({"article": {"blocks": [prose.sentence("gone", n) for n in range(1, 13)]}})
    text = text_of(article(KEPT + GONE, after=f"<script>window.__INITIAL__={state}</script>"))
    assert prose.markers(text, "gone") == set()


def test_innocent_scripts_stay() -> None:
    scripts = (
        '<script>window.dataLayer=[{"page":"article","section":"Mer"}];function le(a){return a}</script>'
        '<script type="application/json" id="cfg">{"a":"de la mer et du sel","b":[1,2,3]}</script>'
    )
    assert scripts in text_of(article(KEPT + GONE, after=scripts))


def test_phrases_shared_with_kept_text_are_no_leak() -> None:
    inner = f"<p>{COMMON} Suite.</p><p>{prose.sentence('kept', 2)}</p>" + GONE + f"<p>{COMMON}</p>"
    after = f'<div class="card"><p>{COMMON}</p></div>'
    text = text_of(
        article(inner, after=after, head=f'<meta name="description" content="{COMMON}">')
    )
    assert text.count("souhaité commenter") == 3


@pytest.mark.parametrize("words", [1, 2, 3, 4])
def test_short_common_phrases_destroy_nothing(words: int) -> None:
    """A menu that says "Le port de Sète" isn't a leak of an article that says it too."""
    phrase = "Le port de Sète en hiver".split()[:words]
    inner = KEPT + GONE + f"<p>On revient toujours vers {' '.join(phrase)} quand il pleut.</p>"
    after = f'<nav><a href="/sete">{" ".join(phrase)}</a></nav>'
    assert f'<a href="/sete">{" ".join(phrase)}</a>' in text_of(article(inner, after=after))


def test_the_headline_repeated_in_the_body_is_no_leak() -> None:
    title = "Enquête sur les comptes du port de Sète après la tempête de novembre"
    page = article(KEPT + f"<h2>{title}</h2>" + GONE).replace("Titre", title)
    text = text_of(page)
    assert f"<h1>{title}</h1>" in text
    assert f"<title>{title}</title>" in text


def test_a_standfirst_that_is_also_withheld_is_shown_as_the_standfirst() -> None:
    """What stands in the head is the publisher's own choice of what may be shown."""
    chapo = prose.sentence("kept", 9)
    page = article(KEPT + GONE + f"<p>{chapo}</p>")
    page = page.replace('<div class="body">', f'<p class="chapo">{chapo}</p><div class="body">')
    text = text_of(
        page.replace("</title>", f'</title><meta property="og:description" content="{chapo}">')
    )
    assert text.count("kept09a") == 2


def test_a_description_that_repeats_a_withheld_sentence_goes() -> None:
    head = f'<meta name="description" content="{prose.sentence("gone", 2)}">'
    text = text_of(article(KEPT + GONE, head=head))
    assert prose.markers(text, "gone") == set()
    assert "gone02" not in text


def test_a_short_body_is_searched_for_as_a_whole() -> None:
    """A withheld body of a few words has no long run; its words together are still its text."""
    inner = "<p>Premier.</p><p>Deuxième.</p><p>Le coupable gone33a était le notaire gone33b.</p>"
    after = '<script>var fin="Le coupable gone33a était le notaire gone33b."</script>'
    assert "gone33" not in text_of(article(inner, after=after))


def test_media_of_the_withheld_part_are_named_nowhere() -> None:
    gated = '<img src="https://cdn.news.example/2026/gated-photo.jpg" alt="Vue"><audio src="/gated.mp3">'
    after = (
        '<link rel=preload as=image href="https://cdn.news.example/2026/gated-photo.jpg">'
        '<script>var p="https:\\/\\/cdn.news.example\\/2026\\/gated-photo.jpg"</script>'
        '<a data-src="/gated.mp3">son</a>'
    )
    text = text_of(article(KEPT + GONE + gated, after=after))
    assert "gated-photo" not in text
    assert "gated.mp3" not in text


def test_the_lead_picture_in_the_body_too_may_stay() -> None:
    lead = '<figure><img src="/une.jpg" alt="Vue"></figure>'
    page = article(KEPT + GONE + lead, head='<meta property="og:image" content="/une.jpg">')
    page = page.replace('<div class="body">', f'{lead}<div class="body">')
    assert "/une.jpg" in text_of(page)


def test_site_assets_used_by_the_withheld_part_stay() -> None:
    inner = KEPT + GONE + '<img src="/logo.svg" alt=""><a href="/plans">Plans</a>'
    page = article(inner, before='<img src="/logo.svg" alt=""><a href="/plans">Plans</a>')
    text = text_of(page)
    assert '<a href="/plans">Plans</a>' in text


def test_a_page_whose_frame_holds_the_text_has_no_body_at_all() -> None:
    """Text cut into single words and spread over the page: nothing of the body is shown then."""
    spread = "".join(f"<span>{word}</span>\n" for word in prose.sentence("gone", 6).split())
    text = text_of(article(KEPT + GONE, after=f"<div>{spread}</div>"))
    assert prose.markers(text, "gone") == set()


def test_removed_pieces_are_told_for_explain() -> None:
    rendered = teased(article(KEPT + GONE, after=f"<!-- {prose.sentence('gone', 1)} -->"))
    assert rendered.removed
    assert all("gone01" not in told for told in rendered.removed), "I1: log lines count too"


def test_cut_in_a_paragraph_the_rest_of_it_is_searched_for() -> None:
    long = " ".join(prose.sentence("kept", n) for n in (1, 2)) + " " + prose.sentence("gone", 8)
    after = f"<!-- {prose.sentence('gone', 8)} -->"
    kept_words = sum(len(prose.sentence("kept", n).split()) for n in (1, 2))
    page = article(f"<p>{long}</p>{GONE}", after=after)
    keep = Keep(paragraphs=2, words_max=kept_words)
    text = teased(page, with_settings=settings(keep=keep)).body.decode()
    assert prose.markers(text, "gone") == set()


def test_scripts_without_spaces_are_searched_by_length() -> None:
    kept = "<p>東京都は昨日、新しい条例を発表した。</p><p>知事は会見を開いた。</p>"
    gone = "市民団体はこの決定に強く反対しており来月にも裁判所へ訴える方針だという。"
    name = "新型コロナウイルス感染症"
    page = article(
        f"{kept}<p>{gone}</p><p>{name}の影響もある。</p>",
        after=f"<script>var a='{gone}'</script><nav><a href=/c>{name}</a></nav>",
        lang="ja",
    )
    text = text_of(page)
    assert "市民団体" not in text
    assert f">{name}</a>" in text


@pytest.mark.parametrize("size", [200_000])
def test_heaps_of_escapes_end_in_time(size: int) -> None:
    script = "<script>var a='" + "\\" * size + "%41" * 10_000 + "&amp;" * 10_000 + "'</script>"
    assert "the-wall" in text_of(article(KEPT + GONE, after=script))


def test_tags_under_the_article_are_no_secret() -> None:
    """They stand inside the root and go; the same words in JSON-LD and in menus are facts."""
    tags = "<ul class=tags><li>transports</li><li>île d'Oursan</li><li>hôpital</li></ul>"
    head = (
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Titre","keywords":'
        '["transports","île d\'Oursan","hôpital"]}</script>'
    )
    page = article(KEPT + GONE, head=head).replace("</article>", f"{tags}</article>")
    text = text_of(page)
    assert '"keywords":["transports","île d\'Oursan","hôpital"]' in text
    assert '"isAccessibleForFree":false' in text


@pytest.mark.parametrize("inside", ["le mot du jour est un mot de la mer ", "a b c d "])
def test_a_text_of_few_words_ends_in_time_and_closed(inside: str) -> None:
    gone = prose.sentence("gone", 1)
    page = article(f"{KEPT}<p>{inside * 20_000}{gone}</p>", after=f"<p>{inside * 20_000}{gone}</p>")
    assert prose.markers(text_of(page), "gone") == set()


LINES = [f"Vers {word} du long poème" for word in "alpha bêta gamma delta êta iota".split()]
LINED = {
    "list": "<ul>" + "".join(f"<li>{line}</li>" for line in LINES) + "</ul>",
    "table": "<table>" + "".join(f"<tr><td>{line}</td></tr>" for line in LINES) + "</table>",
    "verse": "<p>" + "<br>".join(LINES) + "</p>",
    "bare verse": "<div>" + "<br>".join(LINES) + "</div>",
    "figure": f"<figure><pre>{LINES[0]}</pre>"
    + "".join(f"<p>{x}</p>" for x in LINES)
    + "</figure>",
}
COPIES = {
    "lines": f'<div data-a="{"&#10;".join(LINES)}"><p>Autre</p></div>',
    "list": "<template>" + LINED["list"] + "</template>",
    "table": f"<aside>{LINED['table']}</aside>",
    "verse": f"<aside>{LINED['verse']}</aside>",
    "divs": "<aside>" + "".join(f"<div>{line}</div>" for line in LINES) + "</aside>",
    "objects": f"<script>var a={json.dumps([{'t': line} for line in LINES])}</script>",
    "lone": f"<aside><p>{LINES[3]}</p></aside>",
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("lined", LINED)
def test_lines_are_found_wherever_and_however_they_are_parted(lined: str, copy: str) -> None:
    text = text_of(article(KEPT + GONE + LINED[lined], after=COPIES[copy]))
    assert not [line for line in LINES if line in text or json.dumps(line)[1:-1] in text]


def test_points_that_are_shown_are_no_secret() -> None:
    points = "".join(f"<li>{line}</li>" for line in LINES)
    page = article(f"<p>{prose.sentence('kept', 1)}</p><ul>{points}</ul>{GONE}", after=points)
    assert text_of(page).count(LINES[0]) == 2


CLAUSES = st.text(
    alphabet="昨天下午市长宣布新桥将于明年春动工居民反应不一有人担心噪音也期待交通改善", min_size=8
)
STOPS = st.sampled_from(["，", "。", "、", "：", ",", "？", "…"])


@given(st.lists(st.tuples(CLAUSES, STOPS), min_size=1, max_size=4), st.booleans())
def test_short_paragraphs_without_spaces_are_found(
    clauses: list[tuple[str, str]], is_plain: bool
) -> None:
    said = "".join(clause + stop for clause, stop in clauses)
    copy = said.replace("，", ",").replace("？", "?") if is_plain else said
    state = json.dumps([{"type": "p", "text": copy}], ensure_ascii=is_plain)
    assert Withheld([said], []).stands_in(f"<script>{state}</script>")


@pytest.mark.parametrize("when", ["subscriber", "member subscriber"])
def test_a_part_meant_for_others_is_searched_for(when: str) -> None:
    secret = "Le code de la porte du phare est écrit sur la troisième marche."
    part = f'<div data-lg-when="{when}"><p>{secret}</p><img src="/i/marche.jpg"></div>'
    after = f'<script>var s="{secret}",i="/i/marche.jpg"</script>'
    text = text_of(article(KEPT + GONE + part, after=after))
    assert "troisième marche" not in text
    assert "marche.jpg" not in text


def test_a_part_meant_for_anybody_else_is_no_secret() -> None:
    said = "Connectez-vous pour lire la suite de tous nos articles sur la mer."
    after = f'<p data-lg-when="anonymous">{said}</p><script>var s="{said}"</script>'
    page = teased(article(KEPT + GONE, after=after), reader=ReaderKind.MEMBER).body.decode()
    assert page.count(said) == 1


def test_a_marked_part_doesnt_make_a_short_article_longer() -> None:
    """Never the whole of a body, unless there is more of the article."""
    inner = f"<p>{prose.sentence('kept', 1)}</p><p>{prose.sentence('gone', 2)}</p>"
    part = '<p data-lg-when="subscriber">Mon compte et tous mes articles</p>'
    page = article(inner, before=part)
    assert prose.markers(text_of(page), "gone") == set()


def test_many_short_copies_end_in_time() -> None:
    short = [f"Le vers {n} du poème" for n in range(3_000)]
    gone = "".join(f"<p>{line}</p>" for line in short)
    after = "".join(f"<div>{line}</div>" for line in short)
    assert "Le vers 2999" not in text_of(article(KEPT + gone, after=after))
