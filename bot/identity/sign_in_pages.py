"""`/entrar/…`: the page that a chat's one-time link opens. Identifier and password, then the second step if there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.identity.browser import agent_of, browser_of, chat_code_of, device_of
from bot.identity.entrance import DONE, TOKEN, Entrance, minutes_of
from bot.identity.links import LinkGone
from bot.identity.sign_in import Entered, Problem, SignInLink
from bot.pages.requests import form_of

# The page asks the window that opened it which conversation it shows; the strict policy would cut that tie.
KEEPS_OPENER = {"Cross-Origin-Opener-Policy": "unsafe-none"}
MOST_PROOFS = 4
_STATUS = {Problem.LOCKED: 429}


class SignInPages:
    """Asks who it is and hands it to the service; holds nothing between two requests."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._sign_in = entrance.sign_in

    def routes(self) -> list[web.RouteDef]:
        """The pages of signing in with a password."""
        page = self._entrance.pages.resource
        return [
            *page(DONE, get=self.done),
            *page(f"/entrar/{TOKEN}", get=self.ask, post=self.enter),
            *page(f"/entrar/{TOKEN}/codigo", get=self.back_to_start, post=self.enter_code),
        ]

    async def done(self, request: web.Request) -> web.Response:
        """Somebody has signed in: back to the chat, with a code where the chat is not in this browser."""
        waiting = chat_code_of(request, self._entrance.area, self._entrance.clock())
        if waiting is not None:
            return self._chat_code(*waiting)
        with_passwords = self._entrance.provider is None
        return self._entrance.pages.page("identity/done.html", with_passwords=with_passwords)

    def _chat_code(self, address: str, code: str) -> web.Response:
        chats = self._entrance.chats
        way_back = chats.way_back(address, code)
        return self._entrance.pages.page(
            "identity/chat_code.html", code=code, chat=chats.describe(address), way_back=way_back
        )

    async def ask(self, request: web.Request) -> web.Response:
        """The form, or what to do when the link is used or too old (410)."""
        token = request.match_info["token"]
        try:
            return self._form(token, await self.link(token))
        except LinkGone as gone:
            return self._entrance.gone(gone.why)

    async def enter(self, request: web.Request) -> web.Response:
        """Signed in: 303. A wrong field: 422. Too many tries: 429. Another browser than the chat's: 403. Link gone: 410."""
        token = request.match_info["token"]
        form = await form_of(request, self._entrance.area.public_url)
        try:
            link = await self.link(token)
        except LinkGone as gone:
            return self._entrance.gone(gone.why)
        if not self.is_proved(link, form):
            return self.other_browser()
        identifier, password = form.get("identifier", "").strip(), form.get("password", "")
        who = (self._entrance.remote(request), device_of(request), browser_of(request), agent_of(request))
        entered = await asyncio.to_thread(self._sign_in.enter, token, identifier, password, *who)
        if entered.problem is Problem.SECOND_FACTOR:
            return self._code_form(token, entered.ticket)
        return await self._answer(token, link, entered, identifier, password)

    async def _answer(
        self, token: str, link: SignInLink, entered: Entered, identifier: str, password: str
    ) -> web.Response:
        if entered.problem is None:
            return await self._entrance.entered(entered)
        if entered.problem is Problem.LINK_GONE:
            return await self._gone_meanwhile(token)
        problems = [entered.problem] + [Problem.EMPTY_PASSWORD] * (not password)
        return self._form(token, link, problems=problems, identifier=identifier, wait_seconds=entered.wait_seconds)

    async def enter_code(self, request: web.Request) -> web.Response:
        """The second step: as `enter`, with the ticket of the first one in the form."""
        token = request.match_info["token"]
        form = await form_of(request, self._entrance.area.public_url)
        ticket, code = form.get("ticket", ""), form.get("code", "").strip()
        who = (self._entrance.remote(request), browser_of(request))
        entered = await asyncio.to_thread(self._sign_in.enter_code, ticket, code, *who)
        if entered.problem is None:
            return await self._entrance.entered(entered)
        if entered.problem in (Problem.LINK_GONE, Problem.WRONG_PAIR):  # also: the password was changed meanwhile
            return await self._gone_meanwhile(token)
        return self._code_form(token, ticket, entered.problem, entered.wait_seconds)

    async def back_to_start(self, request: web.Request) -> web.Response:
        """The second step has no address of its own."""
        raise web.HTTPSeeOther(f"/entrar/{request.match_info['token']}")

    async def link(self, token: str) -> SignInLink:
        """The chat's link. Raises LinkGone."""
        return await asyncio.to_thread(self._sign_in.look, token)

    def is_proved(self, link: SignInLink, form: Mapping[str, str]) -> bool:
        """Whether the browser has shown that the conversation of the link is its own.

        A link that somebody sends to others would else sign them in in the sender's chat. It offers every conversation
        that it knows, with blanks between them.
        """
        chats = self._entrance.chats
        if not chats.needs_proof(link.address):
            return True
        offered = form.get("proof", "").split()[:MOST_PROOFS]
        return any(chats.owns(link.address, proof) for proof in offered)

    def other_browser(self) -> web.Response:
        """The link was opened elsewhere than where the chat is."""
        return self._entrance.pages.page("identity/other_browser.html", 403)

    def _form(
        self,
        token: str,
        link: SignInLink,
        problems: Sequence[Problem] = (),
        identifier: str = "",
        wait_seconds: int = 0,
    ) -> web.Response:
        first = problems[0] if problems else None
        return self._entrance.pages.page(
            "identity/sign_in.html",
            200 if first is None else _STATUS.get(first, 422),
            headers=KEEPS_OPENER | _retry(first, wait_seconds),
            token=token,
            chat=self._entrance.chats.describe(link.address),
            asked_at=link.created_at,
            shown_name=link.shown_name,
            needs_code=self._entrance.chats.needs_code(link.address),
            needs_proof=self._entrance.chats.needs_proof(link.address),
            embed_origins=" ".join(self._entrance.embed_origins),
            with_passwords=self._entrance.provider is None,
            problems=[problem.value for problem in problems],
            identifier=identifier,
            minutes=minutes_of(wait_seconds),
        )

    def _code_form(
        self, token: str, ticket: str, problem: Problem | None = None, wait_seconds: int = 0
    ) -> web.Response:
        return self._entrance.pages.page(
            "identity/code.html",
            200 if problem is None else _STATUS.get(problem, 422),
            headers=_retry(problem, wait_seconds),
            token=token,
            ticket=ticket,
            problem=problem.value if problem else "",
            minutes=minutes_of(wait_seconds),
        )

    async def _gone_meanwhile(self, token: str) -> web.Response:
        """The link went while somebody typed; a ticket that is too old leaves it good, and then the form comes again."""
        try:
            return self._form(token, await self.link(token), problems=[Problem.LINK_GONE])
        except LinkGone as gone:
            return self._entrance.gone(gone.why)


def _retry(problem: Problem | None, wait_seconds: int) -> dict[str, str]:
    return {"Retry-After": str(max(1, wait_seconds))} if problem is Problem.LOCKED else {}
