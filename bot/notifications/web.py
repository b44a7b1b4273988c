"""The mailbox of the demo: without a mail server it shows, on this machine only, what would have been sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from bot.company import Company
from bot.database import Database
from bot.notifications import store
from bot.notifications.model import Mail
from bot.notifications.rendering import Letter, render
from bot.pages.render import POLICY, Pages
from bot.pages.requests import is_this_machine

MOST_MAILS = 50
# A mail carries its styles in itself, and a frame that is part of the page falls under the page's policy.
MAIL_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


@dataclass(frozen=True, slots=True)
class Written:
    """A mail and what its recipient would read."""

    mail: Mail
    letter: Letter


class DemoMailbox:
    """`/demo/correo` and `/demo/correo/<id>`. Everybody else than this machine is told that there is nothing."""

    def __init__(self, database: Database, pages: Pages, company: Company) -> None:
        self._database = database
        self._pages = pages
        self._company = company

    def routes(self) -> list[web.RouteDef]:
        """The routes of the mailbox."""
        return [
            *self._pages.resource("/demo/correo", get=self.mailbox),
            *self._pages.resource(r"/demo/correo/{mail_id:[0-9]{1,18}}", get=self.mail),
        ]

    async def mailbox(self, request: web.Request) -> web.Response:
        """The newest mails, newest first."""
        if not is_this_machine(request):
            return self._pages.problem(404)
        return self._pages.page("notifications/mailbox.html", mails=await asyncio.to_thread(self._newest))

    async def mail(self, request: web.Request) -> web.Response:
        """One mail, as text and as HTML."""
        if not is_this_machine(request):
            return self._pages.problem(404)
        written = await asyncio.to_thread(self._one, int(request.match_info["mail_id"]))
        if written is None:
            return self._pages.problem(404)
        headers = {"Content-Security-Policy": MAIL_POLICY}
        return self._pages.page("notifications/mail.html", headers=headers, written=written)

    def _newest(self) -> list[Written]:
        with self._database.reading() as connection:
            mails = store.waiting(connection, MOST_MAILS)
        return [self._written(mail) for mail in mails]

    def _one(self, mail_id: int) -> Written | None:
        with self._database.reading() as connection:
            mail = store.waiting_by_id(connection, mail_id)
        return None if mail is None else self._written(mail)

    def _written(self, mail: Mail) -> Written:
        return Written(mail, render(self._company, mail.template, mail.details))
