"""`/invitacion/…` and `/deshacer/…`: the pages behind the links in the mails about contacts."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.contacts.invitations import WRONG_IDENTIFIERS, Accepting, FormProblem, Invitation, Invitations, Problems
from bot.contacts.undo import UndoLinks
from bot.identity.browser import TOKEN
from bot.identity.links import Gone, LinkGone
from bot.pages.render import Pages
from bot.pages.requests import form_of

INVITATION, UNDO = "/invitacion", "/deshacer"
_TOKEN = f"{{token:{TOKEN.pattern}}}"


class ContactViews:
    """Whoever has the mail has the link: looking changes nothing, and everything is done by a form of our own.

    `with_passwords`: people choose a password of ours; False where an identity provider proves them.
    """

    def __init__(
        self,
        pages: Pages,
        invitations: Invitations,
        undo_links: UndoLinks,
        public_url: str,
        with_passwords: bool = True,
    ) -> None:
        self._pages = pages
        self._invitations = invitations
        self._undo_links = undo_links
        self._public_url = public_url
        self._with_passwords = with_passwords

    def routes(self) -> list[web.RouteDef]:
        """Both pages; addresses below them that lead nowhere get a page too."""
        page = self._pages.resource
        return [
            *page(f"{INVITATION}/{_TOKEN}", get=self.invitation, post=self.accept),
            *page(f"{UNDO}/{_TOKEN}", get=self.undoing, post=self.undo),
            *map(self._pages.elsewhere, (INVITATION, UNDO)),
        ]

    async def invitation(self, request: web.Request) -> web.Response:
        """Who invites to what, with the form for who never chose a password; 410 when the link is closed."""
        token = request.match_info["token"]
        try:
            found = await asyncio.to_thread(self._invitations.look, token)
        except LinkGone as closed:
            return self._closed(closed.why, "invitation")
        person = found.person
        return self._form(token, found, Accepting("", person.first_name, person.surnames, "", ""))

    async def accept(self, request: web.Request) -> web.Response:
        """The person can enter from now on; 422 with what is wrong, 429 after too many wrong identifiers, or 410."""
        token = request.match_info["token"]
        typed = _typed(await form_of(request, self._public_url))
        try:
            found = await asyncio.to_thread(self._invitations.look, token)
            if found.has_account or not self._with_passwords:
                return self._form(token, found, typed)
            problems = await asyncio.to_thread(self._invitations.accept, token, typed)
        except LinkGone as closed:
            return self._closed(closed.why, "invitation")
        if problems:
            return self._form(token, found, typed, problems)
        return self._pages.page("contacts/welcome.html", agency=found.agency_name, first_name=typed.first_name)

    async def undoing(self, request: web.Request) -> web.Response:
        """What would be undone, with a button; 410 when the link is closed."""
        token = request.match_info["token"]
        try:
            found = await asyncio.to_thread(self._undo_links.look, token)
        except LinkGone as closed:
            return self._closed(closed.why, "undo")
        return self._pages.page("contacts/undo.html", token=token, undoing=found)

    async def undo(self, request: web.Request) -> web.Response:
        """It is undone, or 410."""
        await form_of(request, self._public_url)
        try:
            found = await asyncio.to_thread(self._undo_links.undo, request.match_info["token"])
        except LinkGone as closed:
            return self._closed(closed.why, "undo")
        return self._pages.page("contacts/undone.html", undoing=found)

    def _form(self, token: str, found: Invitation, typed: Accepting, problems: Problems = ()) -> web.Response:
        if found.has_account or not self._with_passwords:
            return self._pages.page("contacts/has_account.html", invitation=found)
        locked = FormProblem.LOCKED in problems
        return self._pages.page(
            "contacts/invitation.html",
            429 if locked else 422 if problems else 200,
            headers={"Retry-After": str(int(WRONG_IDENTIFIERS.window.total_seconds()))} if locked else {},
            token=token,
            invitation=found,
            typed=typed,
            problems=[problem.value for problem in problems],
        )

    def _closed(self, why: Gone, what: str) -> web.Response:
        return self._pages.page("contacts/closed.html", 410, why=why.value, what=what)


def _typed(form: dict[str, str]) -> Accepting:
    """What was typed: blanks around it count in a password alone."""
    return Accepting(
        identifier=form.get("identifier", "").strip(),
        first_name=form.get("first_name", "").strip(),
        surnames=form.get("surnames", "").strip(),
        password=form.get("password", ""),
        repeated=form.get("repeated", ""),
    )
