"""The door to Jinja2 and Babel: walls, error pages and the other pages of ours, in each language.

A publisher's folder is searched before the one shipped, file by file; ``shipped/…`` always names
the shipped one, so that a file can extend its own namesake. Autoescape is on for every file and an
undefined name is an error. What must not be here: who the reader is, and what a page costs to be
read; a wall is given its ``WallContext`` and nothing else.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from babel.numbers import format_currency, format_percent
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from gateway import shipped
from gateway.model.fault import Fault, Place
from gateway.page import samples
from gateway.page.catalogue import Catalogue, Catalogues, TextMissing
from gateway.page.wall import WallContext

WALL_BYTES_MAX = 6 * 1024
LAYOUT = "page/layout.html"
BARE = "page/bare.html"
# A path and query of RFC 3986 characters whose second one isn't a slash: it can't name a host.
_LOCAL_PATH = re.compile(r"/([\w.~!$&'()*+,;=:@%?-][\w.~!$&'()*+,;=:@%?/-]*)?", re.ASCII)
# These may succeed when the very same request is made again.
_PASSING = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWords:
    """What our pages say of the site. ``languages``: its default first. ``support`` is a URL."""

    name: str
    url: str
    languages: tuple[str, ...]
    terms: str = ""
    privacy: str = ""
    support: str = ""


class Templates:
    """``folders`` are the publisher's own, searched in order before the one shipped.

    Raises Faults when a locale file can't be used. A faulty template is found by ``check``, or
    raises ``jinja2.TemplateError`` when it is first drawn.
    """

    def __init__(self, folders: Sequence[Path], *, site: SiteWords) -> None:
        own = shipped.folder("templates")
        self.site = site
        self._folders = [*(folder for folder in folders if folder.resolve() != own), own]
        self._catalogues = Catalogues(self._folders, first_language=site.languages[0])
        loaders = [FileSystemLoader(folder) for folder in self._folders]
        self._environment = Environment(
            loader=ChoiceLoader([*loaders, PrefixLoader({"shipped": loaders[-1]})]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def wall(self, context: WallContext) -> str:
        """The wall as a fragment with its own style; empty for a context without a wall."""
        if context.wall is None:
            return ""
        catalogue = self._catalogues.speak(context.language)
        # A wall stands where something is withheld and something shown, so the share is neither
        # nothing nor everything, however the rounding came out.
        percent = min(context.remaining_percent, 90)
        return self._environment.get_template(f"wall/{context.wall}.html").render(
            wall=str(context.wall),
            signed_in=context.signed_in,
            share=_percent(percent, catalogue) if percent > 0 else "",
            price=context.price,
            plan=context.plan,
            **_links(context.return_to),
            **_speech(catalogue),
        )

    def error(self, *, status: int, language: str, error_id: str) -> bytes:
        """A whole page, for any status from 400. ``error_id`` stands in the log too."""
        return self.page("error", language, **self._error_context(status, language, error_id))

    def page(self, name: str, language: str, **context: object) -> bytes:
        """A whole page of ours, ``templates/page/{name}.html``, with ``context`` for it."""
        return self._draw(name, language, layout=LAYOUT, **context).encode()

    def withheld(
        self, *, level: Literal["members", "paid"], language: str, return_to: str, signed_in: bool
    ) -> bytes:
        """The page for a document that has no teaser."""
        context = _links(return_to)
        return self.page("withheld", language, level=level, signed_in=signed_in, **context)

    def help(self, *, language: str, back: str) -> bytes:
        """``back`` comes from the address bar: anything but a path of this site is left out."""
        back = back if _LOCAL_PATH.fullmatch(back) else ""
        return self.page("help", language, back=back, **_links(back or "/"))

    def preview(self, language: str) -> bytes:
        """Every wall in every state and language, and every page of ours, on one page."""
        spoken = [samples.spoken(self, self._catalogues.speak(each)) for each in self._spoken()]
        return self.page("preview", language, spoken=spoken)

    def price(self, amount: Decimal, currency: str, *, language: str, by: str = "month") -> str:
        """ "À partir de 9,90 € par mois, TVA comprise". ``by`` is ``month`` or ``year``."""
        catalogue = self._catalogues.speak(language)
        money = format_currency(amount, currency, locale=catalogue.locale)
        return catalogue.text(f"price.{by}", amount=money)

    def check(self) -> tuple[Fault, ...]:
        """Draws every template in every language of the site; a fault has its file and line."""
        faults = set(self._strangers())
        for language in self._spoken():
            for wall in samples.walls(self, language):
                faults.update(self._trial(f"wall/{wall.wall}.html", wall=wall))
            for name, context in samples.pages(language):
                faults.update(self._trial(f"page/{name}.html", page=(name, language, context)))
        return tuple(sorted(faults))

    def main_of_error(self, status: int, language: str) -> str:
        """Only what stands in the main part, for the preview."""
        context = self._error_context(status, language, samples.ERROR_ID)
        return self._draw("error", language, layout=BARE, **context)

    def main_of(self, name: str, language: str, **context: object) -> str:
        """As ``page``, without its frame."""
        return self._draw(name, language, layout=BARE, **context)

    def _error_context(self, status: int, language: str, error_id: str) -> dict[str, object]:
        texts = self._catalogues.speak(language).texts
        said = str(status)
        if f"error.{said}.title" not in texts:
            said = "server" if status >= 500 else "client"
        retry = status in _PASSING
        return {"status": status, "said": said, "error_id": error_id, "retry": retry}

    def _draw(self, name: str, language: str, **context: object) -> str:
        speech = _speech(self._catalogues.speak(language))
        template = self._environment.get_template(f"page/{name}.html")
        return template.render(site=self.site, **speech, **context)

    def _spoken(self) -> tuple[str, ...]:
        """The languages that differ once each has fallen back to what is there."""
        return tuple(dict.fromkeys(self._catalogues.speak(x).language for x in self.site.languages))

    def _strangers(self) -> list[Fault]:
        """A publisher's file that overrides nothing is most often a misspelt name."""
        own = self._folders[-1]
        return [
            Fault(Place(str(path)), "no shipped template has this name, and none includes it")
            for folder in self._folders[:-1]
            for path in sorted(folder.rglob("*"))
            if path.suffix in {".html", ".css"} and not (own / path.relative_to(folder)).exists()
        ]

    def _trial(
        self,
        name: str,
        *,
        wall: WallContext | None = None,
        page: tuple[str, str, dict[str, object]] | None = None,
    ) -> list[Fault]:
        try:
            if page is not None:
                self.page(page[0], page[1], **page[2])
                return []
            assert wall is not None
            size = len(self.wall(wall).encode())
        except Exception as error:
            # A template can raise anything at all: it calls methods of what it is given.
            return [self._fault(name, error)]
        if size > WALL_BYTES_MAX:
            place = Place(self._file(name))
            return [Fault(place, f"the wall takes {size} bytes, more than {WALL_BYTES_MAX}")]
        return []

    def _fault(self, name: str, error: Exception) -> Fault:
        if isinstance(error, TemplateSyntaxError):
            return Fault(
                Place(error.filename or self._file(name), error.lineno), str(error.message)
            )
        message = f"{type(error).__name__}: {error}"
        if isinstance(error, TemplateNotFound):
            message = f"no template is called {error.name!r}"
        elif isinstance(error, (TemplateError, TextMissing)):
            message = str(error)
        # Jinja2 rewrites the traceback, so that its frames name the template's own file and line.
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if any(Path(frame.filename).is_relative_to(folder) for folder in self._folders):
                return Fault(Place(frame.filename, frame.lineno or 0), message)
        return Fault(Place(self._file(name)), message)

    def _file(self, name: str) -> str:
        found = (folder / name for folder in self._folders if (folder / name).exists())
        return str(next(found, name))


def _percent(percent: int, catalogue: Catalogue) -> str:
    # CLDR sets a narrow no-break space, which many body fonts lack; the plain one looks the same.
    return format_percent(percent / 100, locale=catalogue.locale).replace("\u202f", "\u00a0")


def _speech(catalogue: Catalogue) -> dict[str, object]:
    return {
        "language": catalogue.language,
        "direction": catalogue.direction,
        "t": catalogue.text,
    }


def _links(return_to: str) -> dict[str, str]:
    """The way on from a page, and back to it. A percent sign in a path is encoded again."""
    value = quote(return_to, safe="/")
    return {
        "plans_url": f"/-/plans?return_to={value}",
        "login_url": f"/-/login?return_to={value}",
        "account_url": "/-/account",
        "help_url": f"/-/help?from={value}",
    }
