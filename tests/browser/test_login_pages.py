"""The login way's pages and mails as a browser shows them: every state, wide, narrow, dark, large."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from gateway.page import login_samples
from tests.browser.looking import TEMPLATES, View, opened, too_wide, violations

pytestmark = pytest.mark.browser

VIEWS = {
    "desk en": View(),
    "phone en": View(width=320),
    "dark phone fr": View(width=320, scheme="dark"),
    "large text en": View(width=390, text_percent=200),
    "narrow large text fr": View(width=320, text_percent=200),
}
STATES = {state: (name, context) for state, name, context in login_samples.pages("fr")}
MAILS = {state: (name, context) for state, name, context in login_samples.mails("fr")}
# One of each page, the fullest: every state in every view would take minutes.
FULLEST = ["login-wrong", "sent-wrong", "join", "link-foreign", "failed-taken", "account", "erase"]
# What is pressed or typed into. A link within a sentence has the line's height (WCAG 2.5.8).
TARGETS = (
    "main :is(button, select, input:not([type=hidden]), .lg-page-links a, .lg-page-ways a,"
    " .lg-page-leave a),"
    " header a, footer a"
)
SMALL = (
    "selector => [...document.querySelectorAll(selector)].filter(each => {"
    " const box = each.getBoundingClientRect(); return box.height < 44 || box.width < 24 })"
    ".map(each => each.outerHTML.slice(0, 120))"
)


def drawn(state: str, language: str) -> bytes:
    name, context = STATES[state]
    return TEMPLATES.page(name, language, **context)


@pytest.mark.parametrize("view", VIEWS)
def test_the_fullest_pages(newspaper: str, chromium: Browser, axe: str, view: str) -> None:
    for state in (*FULLEST, "finance-denied-support", "logged-out"):
        body = drawn(state, view[-2:])
        with opened(chromium, newspaper + "/page", VIEWS[view], body=body) as page:
            assert violations(page, axe) == [], state
            assert too_wide(page) == 0, state
            assert page.evaluate(SMALL, TARGETS) == [], state


@pytest.mark.parametrize("state", [state for state in STATES if state not in FULLEST])
def test_every_other_state_on_a_phone(
    newspaper: str, chromium: Browser, axe: str, state: str
) -> None:
    body = drawn(state, "fr")
    with opened(chromium, newspaper + "/page", View(width=320), body=body) as page:
        assert violations(page, axe) == []
        assert too_wide(page) == 0
        assert page.evaluate(SMALL, TARGETS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", MAILS)
def test_every_mail(newspaper: str, chromium: Browser, axe: str, state: str, scheme: str) -> None:
    name, context = MAILS[state]
    body = TEMPLATES.mail(name, "fr", **context).html
    view = View(width=320, scheme="dark" if scheme == "dark" else "light")
    with opened(chromium, newspaper + "/mail", view, body=body) as page:
        # A mail is no page: it has neither a heading of its own nor landmarks.
        page_only = ("landmark-one-main", "page-has-heading-one", "region")
        found = [each for each in violations(page, axe) if not each.startswith(page_only)]
        assert found == []
        assert too_wide(page) == 0


def test_the_faulty_field_has_the_focus_and_the_keyboard_goes_on_to_the_button(
    newspaper: str, chromium: Browser
) -> None:
    body = drawn("login-wrong", "fr")
    with opened(chromium, newspaper + "/page", View(), body=body) as page:
        email = page.get_by_label("Adresse e-mail")
        assert email.evaluate("each => each === document.activeElement")
        page.keyboard.press("Tab")
        button = page.get_by_role("button", name="Recevez un lien de connexion")
        assert button.evaluate("each => each === document.activeElement")
        outline = button.evaluate(
            "each => { const style = getComputedStyle(each);"
            " return [style.outlineStyle, parseFloat(style.outlineWidth)] }"
        )
        assert outline == ["solid", 3]


@pytest.mark.parametrize("state", FULLEST)
def test_a_shell_s_own_rules_for_links_buttons_and_lists_spare_ours(
    newspaper: str, chromium: Browser, axe: str, state: str
) -> None:
    """What a site's style sheet usually says of bare elements, unlayered."""
    site = (
        "<style>body{background:#fff;color:#222;font:18px/1.6 Georgia,serif}"
        "a{color:#06c;text-decoration:none;border-bottom:1px solid}"
        "button{background:#c00;color:#fff;border:0;padding:12px 20px;border-radius:99px}"
        "ul{padding-left:40px}li{margin:8px 0}p{margin:0 0 24px}</style></head>"
    )
    body = drawn(state, "en").decode().replace("</head>", site)
    with opened(chromium, newspaper + "/page", View(width=600), body=body) as page:
        assert violations(page, axe) == []
        backgrounds = page.evaluate(
            "() => [...document.querySelectorAll('main button')]"
            ".map(each => getComputedStyle(each).backgroundColor)"
        )
        assert set(backgrounds) <= {"rgba(0, 0, 0, 0)"}
        indents = page.evaluate(
            "() => [...document.querySelectorAll('main ul[class]')]"
            ".map(each => getComputedStyle(each).paddingLeft)"
        )
        assert set(indents) <= {"0px"}
