"""All pages of signing in. Which of them exist depends on who proves the persons: we with a password, or a provider."""

from __future__ import annotations

from aiohttp import web

from bot.identity.entrance import Entrance
from bot.identity.password_pages import PasswordPages
from bot.identity.provider_pages import ProviderPages
from bot.identity.security_pages import SecurityPages
from bot.identity.sign_in_pages import SignInPages

FOLDERS = ("/entrar", "/clave", "/seguridad")


class IdentityViews:
    """`/entrar/…`, `/clave/…` and `/seguridad`; with an identity provider no `/clave`."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    def routes(self) -> list[web.RouteDef]:
        """Every route; addresses below these that lead nowhere get a page too."""
        return [*self._pages(), *map(self._entrance.pages.elsewhere, FOLDERS)]

    def _pages(self) -> list[web.RouteDef]:
        entrance = self._entrance
        if entrance.provider is not None:
            return ProviderPages(entrance, entrance.provider).routes()
        parts = (SignInPages(entrance), PasswordPages(entrance), SecurityPages(entrance))
        return [route for part in parts for route in part.routes()]
