"""What every room under ``/-/`` stands on: the settings, the store, how pages are drawn and set into the
site's own, and one door by which requests come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from gateway.clock import Clock
from gateway.config import Settings
from gateway.edge.rate import network_of
from gateway.errors import LychgateError
from gateway.identity.cookies import CookieSigner, cookie_name
from gateway.login.limits import Limits
from gateway.model.request import Request
from gateway.page.templates import Templates
from gateway.rooms.asking import Ask, Reply
from gateway.rooms.pages import Pages
from gateway.rooms.routes import Doorway
from gateway.stores.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """``language_of`` is the request's way's own, so that all rooms see one reader. ``mail_shown_at`` is
    where the demo shows its mail; empty elsewhere."""

    settings: Settings
    store: Store
    clock: Clock
    limits: Limits
    templates: Templates
    dress: Callable[[bytes, Request], Awaitable[bytes]]
    language_of: Callable[[Request], str]
    mail_shown_at: str = ""

    @property
    def cookie_name(self) -> bytes:
        return cookie_name(self.settings.site.url)

    @property
    def secure(self) -> bool:
        return self.settings.site.url.startswith("https://")

    def doorway(self, of_error: Callable[[Ask, LychgateError], Awaitable[Reply]]) -> Doorway:
        return Doorway(
            signer=CookieSigner([key.get_secret_value() for key in self.settings.keys.cookie]),
            cookie_name=self.cookie_name,
            clock=self.clock,
            network_of=network_of,
            language_of=self.language_of,
            of_error=of_error,
        )

    def pages(self, *, form_targets: Collection[str] = ()) -> Pages:
        return Pages(
            self.templates,
            dress=self.dress,
            dressed=bool(self.settings.site.shell),
            form_targets=lambda: form_targets,
        )


async def raised(ask: Ask, error: LychgateError) -> Reply:
    """For a room without a page of its own for any error: the entrance has one for each."""
    del ask
    raise error
