"""`/clave/…`: ask for a mail with a link, and choose the password that the link is for."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.identity.browser import remember_way_back, token_in, way_back_of
from bot.identity.entrance import TOKEN, Entrance, minutes_of
from bot.identity.links import LinkGone
from bot.identity.password_links import REQUESTS, PasswordProblem
from bot.identity.sign_in import Problem
from bot.pages.requests import form_of

PATH = "/clave"
SENT = "/clave/enviado"


class PasswordPages:
    """First password and forgotten one go the same way; no page tells whether somebody is known."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._links = entrance.password_links

    def routes(self) -> list[web.RouteDef]:
        """The pages of choosing a password."""
        page = self._entrance.pages.resource
        return [
            *page(PATH, get=self.ask, post=self.request),
            *page(SENT, get=self.sent),
            *page(f"{PATH}/{TOKEN}", get=self.look, post=self.choose),
        ]

    async def ask(self, request: web.Request) -> web.Response:
        """The form; `enlace` is the sign-in link that the person comes from."""
        return self._request_form(token_in(request.query.get("enlace", "")))

    async def request(self, request: web.Request) -> web.Response:
        """303 whoever was named, 422 for no identifier, 429 for too many requests from one network address."""
        form = await form_of(request, self._entrance.area.public_url)
        identifier, sign_in_token = form.get("identifier", "").strip(), token_in(form.get("sign_in", ""))
        remote = self._entrance.remote(request)
        problem = await asyncio.to_thread(self._links.request, identifier, remote, sign_in_token or None)
        if problem is not None:
            return self._request_form(sign_in_token, problem, identifier)
        response = web.Response(status=303, headers={"Location": SENT, "Cache-Control": "no-store"})
        remember_way_back(response, sign_in_token, self._entrance.area)
        return response

    async def sent(self, _request: web.Request) -> web.Response:
        """The same page for everybody."""
        return self._entrance.pages.page("identity/password_sent.html")

    async def look(self, request: web.Request) -> web.Response:
        """The form for the new password, or 410."""
        token = request.match_info["token"]
        try:
            await asyncio.to_thread(self._links.look, token)
        except LinkGone as gone:
            return self._entrance.gone(gone.why, "password")
        return self._choose_form(token)

    async def choose(self, request: web.Request) -> web.Response:
        """The password is set, 422 with what is wrong with it, or 410."""
        token = request.match_info["token"]
        form = await form_of(request, self._entrance.area.public_url)
        password, repeated = form.get("password", ""), form.get("repeated", "")
        try:
            problem = await asyncio.to_thread(self._links.choose, token, password, repeated)
        except LinkGone as gone:
            return self._entrance.gone(gone.why, "password")
        if problem is not None:
            return self._choose_form(token, problem)
        came_from = way_back_of(request)
        way_back = await asyncio.to_thread(self._links.way_back, token, came_from) if came_from else None
        return self._entrance.pages.page("identity/password_chosen.html", way_back=way_back)

    def _request_form(self, sign_in_token: str, problem: Problem | None = None, identifier: str = "") -> web.Response:
        locked = problem is Problem.LOCKED
        wait_seconds = int(REQUESTS.window.total_seconds())
        return self._entrance.pages.page(
            "identity/password_request.html",
            429 if locked else 422 if problem else 200,
            headers={"Retry-After": str(wait_seconds)} if locked else {},
            sign_in=sign_in_token,
            problem=problem.value if problem else "",
            identifier=identifier,
            minutes=minutes_of(wait_seconds),
        )

    def _choose_form(self, token: str, problem: PasswordProblem | None = None) -> web.Response:
        return self._entrance.pages.page(
            "identity/password_choose.html",
            422 if problem else 200,
            token=token,
            problem=problem.value if problem else "",
        )
