"""Signing in with the company's identity provider: the chat's link leads there, and the browser comes back with an answer."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.identity.browser import agent_of, browser_of, device_of, set_cookie
from bot.identity.entrance import DONE, TOKEN, Entrance
from bot.identity.links import LinkGone
from bot.identity.oidc import CALLBACK, STATUS, WITHIN, Arrival, OpenIdProvider, ProviderFailed, ProviderProblem
from bot.identity.security_pages import SecurityPages
from bot.identity.sign_in import Problem
from bot.identity.sign_in_pages import SignInPages
from bot.pages.requests import form_of

JOURNEY = "ventanilla_provider"
_PROBLEMS = {Problem.NOT_KNOWN: "not_known", Problem.LOCKED: "locked"}


class ProviderPages:
    """The same link and the same proof as with a password; who it is, the provider says."""

    def __init__(self, entrance: Entrance, provider: OpenIdProvider) -> None:
        self._entrance = entrance
        self._provider = provider
        self._first = SignInPages(entrance)

    def routes(self) -> list[web.RouteDef]:
        """The pages of signing in with a provider; those for passwords do not exist then."""
        page = self._entrance.pages.resource
        return [
            *page(DONE, get=self._first.done),
            *page(CALLBACK, get=self.arrive),
            *page(f"/entrar/{TOKEN}", get=self._first.ask, post=self.depart),
            *SecurityPages(self._entrance).routes(),
        ]

    async def depart(self, request: web.Request) -> web.Response:
        """A page that leads on to the provider: 403 for another browser than the chat's, 410 for a link that is gone.

        Not a redirect: the content policy lets no form end on another site.
        """
        token = request.match_info["token"]
        form = await form_of(request, self._entrance.area.public_url)
        try:
            link = await self._first.link(token)
        except LinkGone as gone:
            return self._entrance.gone(gone.why)
        if not self._first.is_proved(link, form):
            return self._first.other_browser()
        try:
            departure = await asyncio.to_thread(self._provider.depart, token)
        except ProviderFailed as failed:
            return self._failed(failed.problem.value, STATUS.get(failed.problem, 403), token)
        response = self._entrance.pages.page("identity/provider.html", url=departure.url)
        self._keep(response, departure.cookie, int(WITHIN.total_seconds()))
        return response

    async def arrive(self, request: web.Request) -> web.Response:
        """The provider's answer: signed in 303, else the page of what went wrong."""
        try:
            arrival = await asyncio.to_thread(self._provider.arrive, request.cookies.get(JOURNEY), request.query)
        except ProviderFailed as failed:
            return self._failed(failed.problem.value, STATUS.get(failed.problem, 403), failed.token)
        response = await self._enter(request, arrival)
        self._keep(response, "", 0)
        return response

    async def _enter(self, request: web.Request, arrival: Arrival) -> web.Response:
        who = (browser_of(request), device_of(request), agent_of(request))
        entered = await asyncio.to_thread(self._entrance.sign_in.enter_as, arrival.token, arrival.identifier, *who)
        if entered.problem is None:
            return await self._entrance.entered(entered)
        if entered.problem is Problem.LINK_GONE:
            return await self._gone(arrival.token)
        return self._failed(_PROBLEMS.get(entered.problem, "no_identifier"), 403, arrival.token)

    async def _gone(self, token: str) -> web.Response:
        try:
            await self._first.link(token)
        except LinkGone as gone:
            return self._entrance.gone(gone.why)
        return self._failed(ProviderProblem.LOST.value, 403, token)

    def _keep(self, response: web.Response, value: str, seconds: int) -> None:
        set_cookie(response, JOURNEY, value, self._entrance.area, path=CALLBACK, max_age=seconds)

    def _failed(self, problem: str, status: int, token: str) -> web.Response:
        return self._entrance.pages.page("identity/provider_failed.html", status, problem=problem, token=token)
