"""`/desk/cuenta`: what an account of the staff is, and its password, which its owner changes."""

from __future__ import annotations

import asyncio
from math import ceil

from aiohttp import web

from bot.area import Area
from bot.desk.staffroom import Changing, Problem, Staffroom
from bot.desk.web import ENTER, DeskPages, token_of
from bot.pages.render import Pages
from bot.pages.requests import form_of, remote_of

ACCOUNT = "/desk/cuenta"
_NOTHING_TO_SAY = Changing()


class AccountPages:
    """The page of whoever is signed in at the desk. Without `has_passwords` the company's provider keeps them."""

    def __init__(
        self, pages: Pages, area: Area, staffroom: Staffroom, desk: DeskPages, behind_proxy: bool, has_passwords: bool
    ) -> None:
        self._pages, self._area, self._staffroom, self._desk = pages, area, staffroom, desk
        self._behind_proxy, self._has_passwords = behind_proxy, has_passwords

    def routes(self) -> list[web.RouteDef]:
        """The page; where there are no passwords nothing can be sent to it."""
        return self._pages.resource(ACCOUNT, get=self.show, post=self.change if self._has_passwords else None)

    async def show(self, request: web.Request) -> web.Response:
        """The account with the form, or the way in."""
        return await self._page(request, _NOTHING_TO_SAY)

    async def change(self, request: web.Request) -> web.Response:
        """Changed: 200, with the other sessions ended. A password that is wrong or not taken: 422. Too many tries: 429."""
        form = await form_of(request, self._area.public_url)
        typed = (form.get("former", ""), form.get("password", ""), form.get("repeated", ""))
        remote = remote_of(request, self._behind_proxy)
        changing = await asyncio.to_thread(self._staffroom.change_password, token_of(request), *typed, remote)
        return await self._page(request, changing)

    async def _page(self, request: web.Request, changing: Changing) -> web.Response:
        member = await self._desk.member(request)
        if member is None:
            raise web.HTTPSeeOther(ENTER)
        return self._pages.page(
            "desk/account.html",
            _status(changing),
            headers={"Retry-After": str(changing.wait_seconds)} if changing.wait_seconds else {},
            member=member,
            has_passwords=self._has_passwords,
            is_changed=changing.is_changed,
            problem=changing.problem.value if changing.problem else "",
            minutes=max(1, ceil(changing.wait_seconds / 60)),
        )


def _status(changing: Changing) -> int:
    if changing.problem is None:
        return 200
    return 429 if changing.problem is Problem.LOCKED else 422
