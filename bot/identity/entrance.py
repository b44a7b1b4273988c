"""What the sign-in pages are given, and the answers that several of them share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from aiohttp import web

from bot.area import Area
from bot.database import Database
from bot.identity.admission import never
from bot.identity.browser import TOKEN as LINK_TOKEN
from bot.identity.browser import remember_browser, remember_chat_code, remember_device
from bot.identity.links import Gone
from bot.identity.oidc import OpenIdProvider
from bot.identity.password_links import PasswordLinks
from bot.identity.second_factor import SecondFactor
from bot.identity.sign_in import Entered, ShownName, SignIn
from bot.pages.render import Pages
from bot.pages.requests import remote_of

TOKEN = f"{{token:{LINK_TOKEN.pattern}}}"
DONE = "/entrar/hecho"


@dataclass(frozen=True, slots=True)
class Chats:
    """What the composition root knows of the conversations: identity itself knows no channel.

    `describe(address)` names a channel for people ("Chat web"); `needs_proof(address)` says whether the browser has to
    show that the conversation is its own, `owns(address, proof)` whether it did; `wake(address)` lets the assistant go on.
    `needs_code(address)`: the sign-in counts once a code was written in that chat; `way_back(address, code)` is a link that
    opens the chat on the person's own device and writes it there. `shown_name_of(connection, address)` is what its owner is
    called there.
    """

    describe: Callable[[str], str]
    needs_proof: Callable[[str], bool]
    owns: Callable[[str, str], bool]
    wake: Callable[[str], Awaitable[None]]
    needs_code: Callable[[str], bool] = never
    way_back: Callable[[str, str], str] = lambda _address, _code: ""
    shown_name_of: ShownName = lambda _connection, _address: ""


@dataclass(frozen=True, slots=True)
class Entrance:
    """The parts that all sign-in pages share. `embed_origins` are the sites that may embed the chat."""

    pages: Pages
    area: Area
    database: Database
    clock: Callable[[], datetime]
    sign_in: SignIn
    password_links: PasswordLinks
    second_factor: SecondFactor
    chats: Chats
    behind_proxy: bool = False
    embed_origins: tuple[str, ...] = ()
    provider: OpenIdProvider | None = None

    def remote(self, request: web.Request) -> str | None:
        """The network address that tries are counted for."""
        return remote_of(request, self.behind_proxy)

    def gone(self, why: Gone, what: str = "sign_in") -> web.Response:
        """The page of a link that does nothing any more; `what` it was for: sign_in or password."""
        return self.pages.page("identity/gone.html", 410, why=why.value, what=what)

    async def entered(self, entered: Entered) -> web.Response:
        """Somebody is signed in: keep the cookies, let the conversation go on, and send the browser to the last page."""
        response = web.Response(status=303, headers={"Location": DONE, "Cache-Control": "no-store"})
        remember_browser(response, entered.browser, self.area)
        if entered.device:
            remember_device(response, entered.device, self.area)
        if entered.code:
            remember_chat_code(response, entered.address, entered.code, self.area, self.clock())
        else:
            await self.chats.wake(entered.address)
        return response


def minutes_of(seconds: int) -> int:
    """How long somebody has to wait, in whole minutes, rounded up."""
    return max(1, ceil(seconds / 60))
