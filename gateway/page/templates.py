"""The door to Jinja2 and Babel: walls, error pages and the other pages of ours, in each language.

A publisher's folder is searched before the one shipped, file by file; ``shipped/…`` always names
the shipped one, so that a file can extend its own namesake. Autoescape is on for every file but a mail's text, and an
undefined name is an error. What must not be here: who the reader is, and what a page costs to be
read; a wall is given its ``WallContext`` and nothing else.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Literal

from babel.numbers import format_percent
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.meta import find_referenced_templates

from gateway import shipped
from gateway.model.fault import Fault, Place
from gateway.model.letter import Letter
from gateway.page import login_samples, samples, wording
from gateway.page.anchor import NAME
from gateway.page.catalogue import Catalogue, Catalogues, TextMissing
from gateway.page.links import links, local
from gateway.page.wall import WallContext

WALL_BYTES_MAX = 6 * 1024
LAYOUT = "page/layout.html"
BARE = "page/bare.html"
# Control characters and Unicode's own line ends, with the spaces around: not those that don't break.
_LINE_BREAKS = re.compile("[ \x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOBODY_ASKS: dict[str, object] = dict.fromkeys(
    ("who", "email", "reason", "support", "error_id"), ""
)
_NOBODY_ASKS |= {"signed_in": False, "held": (), "on_hold": False, "open": False}
# These may succeed when the very same request is made again.
_PASSING = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWords:
    """What our pages say of the site. ``languages``: its default first. ``support`` is a URL. ``sells``:
    subscriptions are sold here, so every page leads to where they are left."""

    name: str
    url: str
    languages: tuple[str, ...]
    terms: str = ""
    privacy: str = ""
    support: str = ""
    sells: bool = False


class Templates:
    """``folders`` are the publisher's own, searched in order before the one shipped.

    Raises Faults when a locale file can't be used. ``check`` finds a faulty template; when one is
    drawn all the same, the shipped one is drawn in its stead, so that a publisher's slip never
    takes an article or an error page from a reader.
    """

    def __init__(self, folders: Sequence[Path], *, site: SiteWords) -> None:
        own = shipped.folder("templates")
        self.site = site
        self._folders = [*(folder for folder in folders if folder.resolve() != own), own]
        self._catalogues = Catalogues(self._folders, first_language=site.languages[0])
        self._environment = _environment(self._folders)
        self._shipped = _environment([own])
        self._forgiving = True

    def wall(self, context: WallContext) -> str:
        """The wall as a fragment with its own style; empty for a context without a wall."""
        if context.wall is None:
            return ""
        catalogue = self._catalogues.speak(context.language)
        # A wall stands where something is withheld and something shown, so the share is neither
        # nothing nor everything, however the rounding came out.
        percent = min(context.remaining_percent, 90)
        return self._render(
            f"wall/{context.wall}.html",
            wall=str(context.wall),
            signed_in=context.signed_in,
            share=_percent(percent, catalogue) if percent > 0 else "",
            price=context.price,
            plan=context.plan,
            **links(f"{context.return_to}#{NAME}", catalogue.language, back=context.return_to),
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
        context = links(return_to, language)
        return self.page("withheld", language, level=level, signed_in=signed_in, **context)

    def help(self, *, language: str, back: str, **context: object) -> bytes:
        """``back`` comes from the address bar: anything but a path of this site is left out.
        ``context`` as in ``page/help.html``."""
        back = local(back)
        told = {**_NOBODY_ASKS, **context, **links(back or "/", language)}
        return self.page("help", language, back=back, **told)

    def mail(self, name: str, language: str, **context: object) -> Letter:
        """A mail, ``templates/mail/{name}``, in both its parts. What it carries is on one line each:
        an address or a name can't begin a line of its own."""
        catalogue = self._catalogues.speak(language)
        told = {key: _one_line(value) for key, value in context.items()}
        key = f"mail.{name}.{told['kind']}" if "kind" in told else f"mail.{name}"
        subject = catalogue.text(f"{key}.subject", **{**told, "site": self.site.name})
        every = {"site": self.site, "subject": subject, **_speech(catalogue), **told}
        text = self._render(f"mail/{name}.txt", **every)
        return Letter(subject, text.strip() + "\n", self._render(f"mail/{name}.html", **every))

    def preview(self, language: str) -> bytes:
        """Every wall in every state and language, and every page of ours, on one page."""
        return self._preview(language).encode()

    def price(self, amount: Decimal, currency: str, *, language: str, by: str = "month") -> str:
        """ "À partir de 9,90 € par mois, TVA comprise". ``by`` is ``month`` or ``year``."""
        catalogue = self._catalogues.speak(language)
        money = wording.money(amount, currency, catalogue.locale)
        return catalogue.text(f"price.{by}", amount=money)

    def text(self, key: str, language: str, **values: object) -> str:
        """One text, with what stands in its places."""
        return self._catalogues.speak(language).text(key, **values)

    def check(self) -> tuple[Fault, ...]:
        """Draws every template in every language of the site; a fault has its file and line."""
        strict = copy(self)
        strict._forgiving = False
        faults = set(self._strangers())
        for language in self._spoken():
            for wall in samples.walls(self, language):
                draw = partial(strict.wall, wall)
                faults.update(self._trial(f"wall/{wall.wall}.html", draw, WALL_BYTES_MAX))
            for name, context in samples.pages(language):
                draw = partial(strict._draw, name, language, layout=LAYOUT, **context)
                faults.update(self._trial(f"page/{name}.html", draw))
            for _, name, context in login_samples.mails(language):
                draw = partial(strict._mailed, name, language, context)
                faults.update(self._trial(f"mail/{name}.html", draw))
            faults.update(self._trial("page/preview.html", partial(strict._preview, language)))
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
        return self._render(f"page/{name}.html", site=self.site, **speech, **context)

    def _mailed(self, name: str, language: str, context: dict[str, object]) -> str:
        return self.mail(name, language, **context).html

    def _preview(self, language: str) -> str:
        spoken = [samples.spoken(self, self._catalogues.speak(each)) for each in self._spoken()]
        return self._draw("preview", language, layout=LAYOUT, spoken=spoken)

    def _render(self, name: str, **context: object) -> str:
        try:
            return self._environment.get_template(name).render(context)
        except Exception:
            # A template can raise anything at all: it calls methods of what it is given.
            if not self._forgiving:
                raise
            return self._shipped.get_template(name).render(context)

    def without_texts(self) -> tuple[str, ...]:
        """The site's languages that its pages aren't written in: whoever asks for one gets another."""
        return tuple(each for each in self.site.languages if not self._catalogues.knows(each))

    def _spoken(self) -> tuple[str, ...]:
        """The languages that differ once each has fallen back to what is there."""
        return tuple(dict.fromkeys(self._catalogues.speak(x).language for x in self.site.languages))

    def _strangers(self) -> list[Fault]:
        """A publisher's file that nothing draws is most often a misspelt name."""
        files = {
            path: path.relative_to(folder).as_posix()
            for folder in self._folders[:-1]
            for path in sorted(folder.rglob("*"))
            if path.suffix in {".html", ".css", ".txt"}
        }
        known = set(self._shipped.list_templates())
        for path in files:
            with suppress(TemplateSyntaxError, UnicodeDecodeError):
                tree = self._environment.parse(path.read_text(encoding="utf-8"))
                known.update(name for name in find_referenced_templates(tree) if name)
        message = "no shipped template has this name, and no template here includes it"
        return [
            Fault(Place(str(path)), message) for path, name in files.items() if name not in known
        ]

    def _trial(
        self, name: str, draw: Callable[[], str], bytes_max: int | None = None
    ) -> list[Fault]:
        try:
            size = len(draw().encode())
        except Exception as error:
            return [self._fault(name, error)]
        if bytes_max is not None and size > bytes_max:
            return [Fault(Place(self._file(name)), f"it takes {size} bytes, more than {bytes_max}")]
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


def _environment(folders: Sequence[Path]) -> Environment:
    loaders = [FileSystemLoader(folder) for folder in folders]
    return Environment(
        loader=ChoiceLoader([*loaders, PrefixLoader({"shipped": loaders[-1]})]),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _one_line(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_one_line(each) for each in value]
    return _LINE_BREAKS.sub(" ", value).strip() if isinstance(value, str) else value


def _percent(percent: int, catalogue: Catalogue) -> str:
    # CLDR sets a narrow no-break space, which many body fonts lack; the plain one looks the same.
    return format_percent(percent / 100, locale=catalogue.locale).replace("\u202f", "\u00a0")


def _speech(catalogue: Catalogue) -> dict[str, object]:
    return {
        "language": catalogue.language,
        "direction": catalogue.direction,
        "t": catalogue.text,
    }
