"""`/desk`: the page of the staff, and its own way in."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from math import ceil

from aiohttp import web

from bot.area import Area
from bot.company import Company
from bot.desk.live import COOKIE
from bot.desk.model import StaffMember
from bot.desk.shown import vocabulary
from bot.desk.staffroom import LONGEST, Entered, Problem, Staffroom
from bot.pages.render import POLICY, Pages
from bot.pages.requests import form_of, remote_of

DESK, ENTER, CODE, LEAVE = "/desk", "/desk/entrar", "/desk/codigo", "/desk/salir"
LIVE_POLICY = {"Content-Security-Policy": POLICY + "; connect-src 'self' ws: wss:"}
LONGEST_TOKEN = 100
_STATUS = {Problem.LOCKED: 429, Problem.CODE_WANTED: 200}


@dataclass(frozen=True, slots=True)
class WaysIn:
    """How the staff signs in: with a password of ours, at the company's provider, or as each likes."""

    has_passwords: bool = True
    has_provider: bool = False


class DeskPages:
    """Signing in and out, and the page on which everything else happens live."""

    def __init__(
        self, pages: Pages, area: Area, staffroom: Staffroom, company: Company, behind_proxy: bool, ways: WaysIn
    ) -> None:
        self._pages, self._ways = pages, ways
        self._area = area
        self._staffroom = staffroom
        self._company = company
        self._behind_proxy = behind_proxy

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        page = self._pages.resource
        with_password = self._ways.has_passwords
        return [
            *page(DESK, get=self.desk),
            *page(ENTER, get=self.ask, post=self.enter if with_password else None),
            *(page(CODE, get=self.back_to_start, post=self.enter_code) if with_password else ()),
            *page(LEAVE, post=self.leave),
            self._pages.elsewhere(DESK),
        ]

    async def member(self, request: web.Request) -> StaffMember | None:
        """Who of the staff asks; None for anybody else."""
        return await asyncio.to_thread(self._staffroom.member, token_of(request))

    async def desk(self, request: web.Request) -> web.Response:
        """The page, or the way in."""
        member = await self.member(request)
        if member is None:
            raise web.HTTPSeeOther(ENTER)
        words = json.dumps(vocabulary(self._company), ensure_ascii=False)
        return self._pages.page("desk/desk.html", headers=LIVE_POLICY, member=member, words=words)

    async def ask(self, request: web.Request) -> web.Response:
        """The form; who is signed in already goes on."""
        if await self.member(request) is not None:
            raise web.HTTPSeeOther(DESK)
        return self._form()

    async def enter(self, request: web.Request) -> web.Response:
        """Signed in: 303. A wrong pair: 422. Too many tries: 429."""
        form = await form_of(request, self._area.public_url)
        login, password = form.get("login", ""), form.get("password", "")
        remote = remote_of(request, self._behind_proxy)
        entered = await asyncio.to_thread(self._staffroom.enter, login, password, remote)
        if entered.problem is Problem.CODE_WANTED:
            return self._code_form(entered)
        return self._form(entered, login) if entered.problem else self._entered(entered)

    async def enter_code(self, request: web.Request) -> web.Response:
        """The second step, with the ticket of the first in the form."""
        form = await form_of(request, self._area.public_url)
        remote = remote_of(request, self._behind_proxy)
        given = (form.get("ticket", ""), form.get("code", ""))
        entered = await asyncio.to_thread(self._staffroom.enter_code, *given, remote)
        if entered.problem is None:
            return self._entered(entered)
        return self._form(entered) if entered.problem is Problem.TOO_LATE else self._code_form(entered, given[0])

    async def back_to_start(self, _request: web.Request) -> web.Response:
        """The second step has no address of its own."""
        raise web.HTTPSeeOther(ENTER)

    async def leave(self, request: web.Request) -> web.Response:
        """Sign out."""
        await form_of(request, self._area.public_url)
        await asyncio.to_thread(self._staffroom.leave, token_of(request))
        response = web.Response(status=303, headers={"Location": ENTER, "Cache-Control": "no-store"})
        response.del_cookie(COOKIE, path="/")
        return response

    def _entered(self, entered: Entered) -> web.Response:
        response = web.Response(status=303, headers={"Location": DESK, "Cache-Control": "no-store"})
        return self.with_session(response, entered)

    def with_session(self, response: web.Response, entered: Entered) -> web.Response:
        """The response with the cookie of the session that was opened."""
        secure = self._area.public_url.startswith("https://")
        longest = int(LONGEST.total_seconds())
        response.set_cookie(
            COOKIE, entered.token, max_age=longest, path="/", httponly=True, samesite="Strict", secure=secure
        )
        return response

    def _form(self, entered: Entered | None = None, login: str = "") -> web.Response:
        problem = entered.problem if entered else None
        wait = entered.wait_seconds if entered else 0
        return self._pages.page(
            "desk/sign_in.html",
            200 if problem is None else _STATUS.get(problem, 422),
            headers=_retry(wait),
            problem=problem.value if problem else "",
            login=login[:100],
            ways=self._ways,
            minutes=max(1, ceil(wait / 60)),
        )

    def _code_form(self, entered: Entered, ticket: str = "") -> web.Response:
        problem = entered.problem
        assert problem is not None
        return self._pages.page(
            "desk/code.html",
            _STATUS.get(problem, 422),
            headers=_retry(entered.wait_seconds),
            problem="" if problem is Problem.CODE_WANTED else problem.value,
            ticket=entered.ticket or ticket,
            minutes=max(1, ceil(entered.wait_seconds / 60)),
        )


def token_of(request: web.Request) -> str | None:
    """The token in the session's cookie; None for what cannot be one."""
    value = request.cookies.get(COOKIE, "")
    return value if 0 < len(value) <= LONGEST_TOKEN and value.isascii() and value.isprintable() else None


def _retry(wait_seconds: int) -> dict[str, str]:
    return {"Retry-After": str(wait_seconds)} if wait_seconds else {}
