"""`/asignacion/…` and `/retirar/…`: the pages on which a client decides who manages its contracts."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.assignments.answers import Answers
from bot.assignments.model import Answer
from bot.assignments.requests import WITHDRAW_PAGE
from bot.assignments.service import PAGE
from bot.assignments.withdrawals import Withdrawals
from bot.identity.browser import TOKEN
from bot.identity.links import Gone, LinkGone
from bot.pages.render import Pages
from bot.pages.requests import form_of

_TOKEN = f"{{token:{TOKEN.pattern}}}"
_ANSWERS = {"yes": Answer.ACCEPTED, "no": Answer.REFUSED}


class AssignmentViews:
    """Whoever has the mail has the link: looking changes nothing, and everything is done by a form of our own."""

    def __init__(self, pages: Pages, answers: Answers, withdrawals: Withdrawals, public_url: str) -> None:
        self._pages = pages
        self._answers = answers
        self._withdrawals = withdrawals
        self._public_url = public_url

    def routes(self) -> list[web.RouteDef]:
        """Both pages; addresses below them that lead nowhere get a page too."""
        page = self._pages.resource
        return [
            *page(f"{PAGE}/{_TOKEN}", get=self.asking, post=self.answer),
            *page(f"{WITHDRAW_PAGE}/{_TOKEN}", get=self.withdrawing, post=self.withdraw),
            *map(self._pages.elsewhere, (PAGE, WITHDRAW_PAGE)),
        ]

    async def asking(self, request: web.Request) -> web.Response:
        """Who asks for what, with a yes and a no; 410 when the link is closed."""
        token = request.match_info["token"]
        try:
            asking = await asyncio.to_thread(self._answers.look, token)
        except LinkGone as closed:
            return self._closed(closed.why, "asking")
        return self._pages.page("assignments/asking.html", token=token, asking=asking)

    async def answer(self, request: web.Request) -> web.Response:
        """What became of it; the question again for a form without an answer, or 410."""
        answer = _ANSWERS.get((await form_of(request, self._public_url)).get("answer", ""))
        if answer is None:
            return await self.asking(request)
        try:
            asking = await asyncio.to_thread(self._answers.answer, request.match_info["token"], answer)
        except LinkGone as closed:
            return self._closed(closed.why, "asking")
        return self._pages.page("assignments/answered.html", asking=asking, answer=answer.value)

    async def withdrawing(self, request: web.Request) -> web.Response:
        """What would end, with a button; 410 when the link is closed."""
        token = request.match_info["token"]
        try:
            found = await asyncio.to_thread(self._withdrawals.look, token)
        except LinkGone as closed:
            return self._closed(closed.why, "withdrawing")
        return self._pages.page("assignments/withdrawing.html", token=token, found=found)

    async def withdraw(self, request: web.Request) -> web.Response:
        """It has ended, or 410."""
        await form_of(request, self._public_url)
        try:
            found = await asyncio.to_thread(self._withdrawals.withdraw, request.match_info["token"])
        except LinkGone as closed:
            return self._closed(closed.why, "withdrawing")
        return self._pages.page("assignments/withdrawn.html", found=found)

    def _closed(self, why: Gone, what: str) -> web.Response:
        return self._pages.page("assignments/closed.html", 410, why=why.value, what=what)
