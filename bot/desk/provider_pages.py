"""Signing the staff in with the company's identity provider. Who it is, the provider says; what they may do, their account here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from bot.area import Area
from bot.desk.staffroom import Entered, Staffroom
from bot.identity.browser import set_cookie
from bot.identity.oidc import STATUS, WITHIN, OpenIdProvider, ProviderFailed
from bot.pages.render import Pages
from bot.pages.requests import form_of

DEPART = "/desk/entrar/proveedor"
CALLBACK = "/desk/entrar/proveedor/respuesta"
JOURNEY = "ventanilla_desk_provider"
NOT_ADDED = "not_added"


class StaffProviderPages:
    """The way to the provider and back; `entered` gives the answer to who is signed in."""

    def __init__(
        self,
        pages: Pages,
        area: Area,
        staffroom: Staffroom,
        provider: OpenIdProvider,
        entered: Callable[[web.Response, Entered], web.Response],
    ) -> None:
        self._pages, self._area, self._staffroom = pages, area, staffroom
        self._provider, self._entered = provider, entered

    def routes(self) -> list[web.RouteDef]:
        """Both ends of the way."""
        page = self._pages.resource
        return [*page(DEPART, post=self.depart), *page(CALLBACK, get=self.arrive)]

    async def depart(self, request: web.Request) -> web.Response:
        """A page that leads on to the provider; not a redirect, as the content policy lets no form end on another site."""
        await form_of(request, self._area.public_url)
        try:
            departure = await asyncio.to_thread(self._provider.depart, "")
        except ProviderFailed as failed:
            return self._failed(failed.problem.value, STATUS.get(failed.problem, 403))
        response = self._pages.page("identity/provider.html", url=departure.url)
        self._keep(response, departure.cookie, int(WITHIN.total_seconds()))
        return response

    async def arrive(self, request: web.Request) -> web.Response:
        """The provider's answer: signed in 200, 403 for an account that nobody added here, else the page of what went wrong.

        A page and no redirect: the browser sends the session's cookie only where a page of our own leads.
        """
        try:
            arrival = await asyncio.to_thread(self._provider.arrive, request.cookies.get(JOURNEY), request.query)
        except ProviderFailed as failed:
            return self._failed(failed.problem.value, STATUS.get(failed.problem, 403))
        entered = await asyncio.to_thread(self._staffroom.enter_as, arrival.identifier)
        if entered.problem is not None:
            response = self._failed(NOT_ADDED, 403)
        else:
            response = self._entered(self._pages.page("desk/entered.html"), entered)
        self._keep(response, "", 0)
        return response

    def _keep(self, response: web.Response, value: str, seconds: int) -> None:
        set_cookie(response, JOURNEY, value, self._area, path=CALLBACK, max_age=seconds)

    def _failed(self, problem: str, status: int) -> web.Response:
        return self._pages.page("desk/provider_failed.html", status, problem=problem)
