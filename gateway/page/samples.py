"""What the preview shows and ``Templates.check`` draws: every wall and page in every state.

Kept apart so that the two can't drift: a state that isn't here is neither looked at nor checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup

from gateway.model.decision import Wall
from gateway.model.letter import Letter
from gateway.page import finance_samples, login_samples
from gateway.page.catalogue import Catalogue
from gateway.page.wall import WallContext

if TYPE_CHECKING:
    from gateway.page.templates import Templates

ERROR_ID = "5f0c1e9a7b3d2846"
STATUSES = (400, 403, 404, 405, 413, 414, 421, 429, 431, 500, 502, 503, 504, 418, 599)
_PATH = "/culture/exemple"
_PLANS = {"fr": "Soutien", "en": "Supporter"}
_ID = re.compile(r'(?<= id=")[\w-]+(?=")')
_TITLE = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_HEADING = re.compile(r"(</?h)([12])(?=[ >])")
# What follows a mail's <body …>, up to its end: the preview is no place for a second body.
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_LINKS: dict[str, object] = {
    "plans_url": f"/-/plans?return_to={_PATH}",
    "login_url": f"/-/login?return_to={_PATH}",
    "register_url": f"/-/login?return_to={_PATH}&register=1",
    "account_url": "/-/account",
    "help_url": f"/-/help?from={_PATH}",
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One language of the preview. Each case is its id, its name and its HTML."""

    code: str
    name: str
    contents: str
    before: str
    walls: list[tuple[str, str, Markup]]
    pages: list[tuple[str, str, Markup]]


def walls(templates: Templates, language: str) -> Iterator[WallContext]:
    """Signed in and out, with and without a price, a plan's name and a share."""
    price = templates.price(Decimal("9.90"), "EUR", language=language)
    plan = _PLANS.get(language, _PLANS["en"])
    for wall in Wall:
        for signed_in in (False, True):
            for bare in (False, True):
                yield WallContext(
                    wall=wall,
                    language=language,
                    signed_in=signed_in,
                    remaining_percent=0 if bare else 70,
                    return_to=_PATH,
                    price=price if wall is Wall.SUBSCRIBE and not bare else "",
                    plan="" if bare else plan,
                )


def pages(language: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Every page of ours but the preview itself, which is made of all the others."""
    for status in STATUSES:
        for error_id in (ERROR_ID, ""):
            said = str(status) if status not in {418, 599} else "client"
            retry = status >= 502
            context = {"status": status, "said": said, "error_id": error_id, "retry": retry}
            yield "error", {**context}
    for level in ("members", "paid"):
        for signed_in in (False, True):
            yield "withheld", {"level": level, "signed_in": signed_in, **_LINKS}
    for back in (_PATH, ""):
        for state in login_samples.helps():
            yield "help", {"back": back, **state, **_LINKS}
    for _, name, context in login_samples.pages(language):
        yield name, context
    for _, name, context in finance_samples.pages():
        yield name, context


def spoken(templates: Templates, catalogue: Catalogue) -> Spoken:
    code = catalogue.language
    return Spoken(
        code=code,
        name=(catalogue.locale.get_display_name() or code).capitalize(),
        contents=f"{catalogue.text('preview.contents')} ({code})",
        before=catalogue.text("preview.before"),
        walls=list(_wall_cases(templates, catalogue)),
        pages=list(_page_cases(templates, catalogue)),
    )


def _wall_cases(templates: Templates, catalogue: Catalogue) -> Iterator[tuple[str, str, Markup]]:
    code = catalogue.language
    for context in walls(templates, code):
        if not context.remaining_percent and context.wall in {Wall.REGISTER, Wall.SETTLE}:
            continue  # these two say neither a share nor a plan: it would be the same wall again
        state = "signed-in" if context.signed_in else "signed-out"
        bare = "bare" if not context.remaining_percent else "whole"
        identity = f"{code}-{context.wall}-{state}-{bare}"
        names = [
            catalogue.text(f"preview.wall.{context.wall}"),
            catalogue.text(f"preview.state.{state}"),
        ]
        if context.wall is Wall.SUBSCRIBE:
            names.append(catalogue.text(f"preview.with{'' if context.price else 'out'}-price"))
        if context.wall is Wall.UPGRADE:
            names.append(catalogue.text(f"preview.with{'' if context.plan else 'out'}-plan"))
        # One page holds many walls here: an id may stand on it once, and each region needs a name
        # of its own, so the state is said before the heading.
        title = f"lg-wall-title-{identity}"
        html = templates.wall(context).replace('id="lg-wall-title"', f'id="{title}"')
        html = html.replace('id="lg-wall"', "").replace(
            '"lg-wall-title"', f'"{identity}-name {title}"'
        )
        yield identity, " · ".join(names), Markup(html)  # noqa: S704 — our own template drew it


def _page_cases(templates: Templates, catalogue: Catalogue) -> Iterator[tuple[str, str, Markup]]:
    code = catalogue.language
    for status in STATUSES[:-2]:
        html = templates.main_of_error(status, code)
        name = catalogue.text("error.status", status=status)
        yield f"{code}-error-{status}", name, _demoted(html)
    for level in ("members", "paid"):
        html = templates.main_of("withheld", code, level=level, signed_in=False, **_LINKS)
        name = catalogue.text("withheld.title")
        action = catalogue.text(f"withheld.action.{level}")
        yield f"{code}-withheld-{level}", f"{name} · {action}", _demoted(html)
    for number, told in enumerate(login_samples.helps()):
        html = templates.main_of("help", code, back=_PATH, **told, **_LINKS)
        identity = f"{code}-help-{number}"
        name = f"{catalogue.text('help.title')} · {number + 1}"
        yield identity, name, _demoted(_renamed(html, identity))
    for state, name, context in login_samples.pages(code):
        identity = f"{code}-{state}"
        html = templates.main_of(name, code, **context)
        heading = _TITLE.search(html)
        said = Markup(heading[1]).striptags() if heading else name  # noqa: S704 — as above
        yield identity, f"{said} · {state}", _demoted(_renamed(html, identity))
    for state, name, context in login_samples.mails(code):
        letter = templates.mail(name, code, **context)
        title = catalogue.text("preview.mail", name=letter.subject)
        yield f"{code}-{state}", title, _letter(letter)


def _letter(letter: Letter) -> Markup:
    """Both parts, the HTML part without its head."""
    body = _BODY.search(letter.html)
    html = Markup(body[1] if body else letter.html)  # noqa: S704 — our own template drew it
    text = Markup("<pre class=lg-preview-mail>{}</pre>").format(letter.text)
    return Markup('<div class="lg-preview-letter">{}</div>{}').format(html, text)


def _renamed(html: str, identity: str) -> str:
    """One page holds many pages here: an id may stand on it once, each region needs a name of its
    own, and none may take the focus."""
    html = html.replace(" autofocus", "")
    for own in set(_ID.findall(html)):
        html = re.sub(rf'(?<=[" #]){own}(?=[" ])', f"{own}-{identity}", html)
    return html.replace('aria-labelledby="', f'aria-labelledby="{identity}-name ')


def _demoted(html: str) -> Markup:
    """The preview has its own h1 and h2: the headings of a page within it come two levels lower."""
    lower = _HEADING.sub(lambda match: f"{match[1]}{int(match[2]) + 2}", html)
    return Markup(lower)  # noqa: S704 — our own template drew it
