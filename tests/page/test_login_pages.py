"""The pages of the login way: what each state says, and what every one of them keeps to."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway import shipped
from gateway.identity.roles import Role
from gateway.login.failing import Failing
from gateway.page import leaving_samples, login_samples
from gateway.page.templates import Templates
from tests.page.drawing import SITE, TEMPLATES

STATES = {state: (name, context) for state, name, context in login_samples.pages("fr")}
_INPUTS = "input:not([type=hidden]), select"


def tree(state: str, language: str = "fr", **changed: object) -> LexborHTMLParser:
    name, context = STATES[state]
    page = TEMPLATES.page(name, language, **{**context, **changed})
    return LexborHTMLParser(page.decode())


def one(page: LexborHTMLParser, selector: str) -> LexborNode:
    (node,) = page.css(selector)
    return node


def said(page: LexborHTMLParser) -> str:
    return _plain(one(page, "main"))


def _plain(node: LexborNode) -> str:
    return re.sub(r"[ \n]+", " ", node.text(separator=" ")).strip()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_keeps_the_house_rules(state: str, language: str) -> None:
    page = tree(state, language)
    assert len(page.css("h1")) == 1
    assert len(page.css("[autofocus]")) <= 1
    assert not page.css("script, img, iframe, [src], [style], [onclick]")
    assert [each.attributes for each in page.css("link")] == [{"rel": "icon", "href": "data:,"}]
    ids = [node.attributes["id"] for node in page.css("[id]")]
    assert len(ids) == len(set(ids))
    for node in page.css("[aria-describedby], [aria-labelledby]"):
        named = node.attributes.get("aria-describedby") or node.attributes.get("aria-labelledby")
        assert set((named or "").split()) <= set(ids)
    for field in page.css(_INPUTS):
        assert one(page, f'label[for="{field.attributes["id"]}"]').text().strip()
        assert field.attributes.get("autocomplete")
    for form in page.css("form"):
        assert form.attributes["method"] == "post"
        # What answers speaks as the page does, whatever the browser's own language is.
        assert re.fullmatch(rf"/-/[\w/]+\?lang={language}", form.attributes["action"] or "")
        assert len(form.css("button[type=submit]")) == 1
    for link in page.css('main a[href*="/-/login"], main a[href^="/-/plans"]'):
        assert link.attributes.get("rel") == "nofollow"
    levels = [int((node.tag or "h0")[1]) for node in page.css("h1, h2, h3, h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    if language == "fr":
        assert not re.search(r" [:;?!»]|« |'", said(page)), "a mark that may begin a line"


@pytest.mark.parametrize("state", ["login-wrong", "sent-wrong", "join-wrong"])
@pytest.mark.parametrize(("language", "error"), [("fr", "Erreur\u00a0: "), ("en", "Error: ")])
def test_an_error_stands_in_the_title_and_at_its_field(
    state: str, language: str, error: str
) -> None:
    page, right = tree(state, language), tree(state.removesuffix("-wrong"), language)
    field = one(page, "input[aria-invalid]")
    alert = one(page, "[role=alert]")
    assert alert.attributes["id"] in (field.attributes["aria-describedby"] or "").split()
    assert "autofocus" in field.attributes
    assert one(page, "title").text().startswith(error)
    assert one(page, "title").text().removeprefix(error) == one(right, "title").text()
    assert not right.css("[aria-invalid], [role=alert], [autofocus]")


def test_the_login_page_lists_its_ways_and_keeps_what_was_typed() -> None:
    page = tree("login-wrong")
    assert [link.text().strip() for link in page.css(".lg-page-way")] == [
        "Continuer avec Google",
        "Continuer avec Apple",
    ]
    assert one(page, "input[name=email]").attributes["value"] == "camille@exemple"
    assert one(page, "input[name=return_to]").attributes["value"] == "/culture/exemple"
    assert "Créez votre compte" in said(tree("register"))
    assert not tree("login-mail").css(".lg-page-way, .lg-page-or")
    assert not tree("login-providers").css("form, .lg-page-or")


def test_a_code_is_typed_as_digits_and_offered_by_the_phone() -> None:
    for state in ("sent", "join"):
        field = one(tree(state), "input[name=code]")
        assert field.attributes["inputmode"] == "numeric"
        assert field.attributes["autocomplete"] == "one-time-code"


def test_a_foreign_link_names_the_address_and_asks_for_a_confirmation() -> None:
    own, foreign = tree("link"), tree("link-foreign")
    assert not own.css("input[name=confirm]")
    assert one(foreign, "input[name=confirm]").attributes["value"] == "1"
    assert "camille@exemple.example" in said(foreign)
    assert "autre navigateur" in said(foreign)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_failure_has_a_sample_and_words_of_its_own(language: str) -> None:
    assert set(login_samples.SAID) == set(Failing)
    pages = [tree(f"failed-{failing}", language) for failing in Failing]
    assert len({one(page, "h1").text() for page in pages}) == len(pages)
    for page in pages:
        assert "5f0c1e9a7b3d2846" in said(page)


def test_after_the_third_round_another_way_comes_first() -> None:
    assert one(tree("failed-refused"), ".lg-page-button").text().strip() == "Recommencer"
    loop = tree("failed-loop")
    assert "Recommencer" not in said(loop)
    assert one(loop, ".lg-page-button").attributes["href"] == login_samples.LOGIN
    assert len(tree("failed-alone").css(".lg-page-ways a")) == 1


def test_the_account_opens_with_the_plan() -> None:
    page = tree("account")
    first = page.css("main section")[0]
    assert _plain(first).startswith(
        "Votre abonnement Soutien Prochain prélèvement\u00a0: 9,90\u00a0€ le"
    )
    assert one(page, 'a[href="/-/cancel"]').text().strip() == "Résilier votre contrat"
    assert not tree("account", cancel_url="").css('a[href="/-/cancel"]')
    assert not page.css('a[href="/-/plans"]')
    assert "Jusqu’au 23 décembre 2026" in said(tree("account-ending"))


def test_a_subscription_on_hold_says_so_before_anything_else() -> None:
    page = tree("account-settle")
    assert one(page, "form[action^='/-/portal'] button").css_first("span") is not None
    assert "lg-page-button" in (
        one(page, "form[action^='/-/portal'] button").attributes["class"] or ""
    )
    assert "Votre abonnement est en attente" in said(page)


def test_an_account_without_a_subscription_leads_to_the_plans_where_some_are_sold() -> None:
    assert one(tree("account-former"), 'a[href="/-/plans"]').text().strip() == "Voir les offres"
    assert "Factures et paiements" in said(tree("account-former"))
    assert "a pris fin le 23 octobre 2026" in said(tree("account-former"))
    assert not tree("account-former", ended="").css("form[action^='/-/portal']")
    free = tree("account-free")
    assert not free.css('a[href="/-/plans"], form[action^="/-/portal"]')
    assert "Compte gratuit" in said(free)


def test_the_only_way_in_can_t_be_removed_and_one_session_has_no_others() -> None:
    page = tree("account-free")
    assert not page.css("form[action^='/-/account/ways/remove']")
    assert not page.css("form[action^='/-/account/sessions/end']")
    assert one(page, "form[action^='/-/logout']")
    names = [
        button.attributes["aria-label"] or ""
        for button in tree("account").css(".lg-page-rows button")
    ]
    # Four buttons of two kinds: each says which row it is for.
    assert len(names) == len(set(names)) == 4


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_role_and_message_has_words(language: str) -> None:
    page = tree("account-former", language, roles=[str(role) for role in Role])
    assert "account.role" not in said(page)
    for code in ("saved", "ended", "removed", "last-way", "added"):
        page = tree("account", language, message=f"account.said.{code}")
        assert one(page, "[role=status]").text().strip()


def test_erasing_is_asked_for_once_more() -> None:
    page = tree("erase-plan")
    form = one(page, "form")
    assert form.attributes["action"] == "/-/account/erase?lang=fr"
    assert one(page, "input[name=confirm]").attributes["value"] == "yes"
    assert one(page, ".lg-page-button").attributes["href"] == "/-/account"
    assert "Soutien" in said(page)
    assert "Soutien" not in said(tree("erase"))


def test_the_finance_desk_tells_a_stranger_from_a_colleague_of_yesterday() -> None:
    denied, stale = tree("finance-denied"), tree("finance-stale")
    assert "réservée à : la comptabilité, l’administration." in said(denied)
    assert "Reconnectez-vous" in said(stale)
    assert "l’assistance aux lecteurs" in said(tree("finance-denied-support"))
    assert "Vous avez accès" not in said(denied) + said(stale)


@pytest.mark.parametrize(
    ("state", "field"), [("login-wrong", "email"), ("sent", "email"), ("join", "provider")]
)
def test_nothing_that_came_from_outside_is_markup(state: str, field: str) -> None:
    page = tree(state, **{field: '"><script>alert(1)</script>'})
    assert not page.css("script")
    assert "alert(1)" in (one(page, "body").html or "")


def test_the_plans_of_a_subscriber_ask_nobody_to_subscribe() -> None:
    mine = tree("plans-mine")
    assert one(mine, "h1").text() == "Nos offres"
    assert one(tree("plans"), "h1").text() == "Le Courrier\u00a0: nos offres"
    label = mine.css(".lg-page-rows a")[0].attributes["aria-label"] or ""
    assert label.startswith("Changer d’offre\u00a0: Abonné, 99\u00a0€ par an")


@pytest.mark.parametrize("way", ["cancel", "withdraw"])
def test_a_page_to_leave_by_has_the_other_one_at_its_foot(way: str) -> None:
    selling = Templates([], site=replace(SITE, sells=True))

    def foot(state: str) -> list[str]:
        name, context = STATES[state]
        page = LexborHTMLParser(selling.page(name, "fr", **context))
        return [each.attributes["href"] or "" for each in page.css(".lg-page-leave a")]

    both = ["/-/cancel?lang=fr", "/-/withdraw?lang=fr"]
    assert foot(way) == [each for each in both if way not in each]
    assert foot(f"{way}-recap") == both


def test_no_french_text_puts_a_preposition_before_the_site_s_name() -> None:
    """The name may begin with an article of its own: "à Le Fanal" is nobody's French."""
    folder = shipped.folder("templates") / "locale"
    files = [folder / "fr.json", *(folder / "fr").glob("*.json")]
    assert len(files) > 3
    for file in files:
        said = re.search(r"(?:\bà|\bde|\bdu|\bau|d’|contrat|compte)\s*\{site\}", file.read_text())
        assert said is None, (file.name, said)


def test_a_contract_that_is_left_has_the_whole_measure_for_its_facts() -> None:
    """A form is as wide as a field should be: an address would break within a word there."""
    states = {state: (name, context) for state, name, context in leaving_samples.pages("fr")}
    name, context = states["cancel-own"]
    page = LexborHTMLParser(TEMPLATES.page(name, "fr", **context).decode())
    assert len(page.css(".lg-page > dl dd")) >= 4
    assert page.css("form dl") == []
