"""`/seguridad`: who has signed in from this browser sees their chats, takes some away, and switches the second step on and off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import segno
from aiohttp import web
from sqlalchemy import Connection

from bot.identity.admission import DEVICES_PATH
from bot.identity.browser import browser_of
from bot.identity.devices import Device, devices_of, end_devices
from bot.identity.entrance import Entrance
from bot.identity.persons import Person, person_by_id
from bot.identity.second_factor import AlreadyOn
from bot.identity.sessions import Session, newest_session_in_browser
from bot.identity.sessions import browser_of as digest_of
from bot.pages.requests import form_of

GROUP = 4
LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class Row:
    """A chat as its owner reads it: the channel, what they are called there, the browser, since when and last seen."""

    id: int
    channel: str
    shown_name: str
    device: str
    since: datetime
    seen_at: datetime
    is_open: bool
    is_here: bool


@dataclass(frozen=True, slots=True)
class Here:
    """Who uses the page, by the session that was opened last in this browser, whose digest is `browser`."""

    person: Person
    session: Session
    browser: str


class SecurityPages:
    """Everything here is for a live session that was opened in this very browser."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._second_factor = entrance.second_factor
        self._has_passwords = entrance.provider is None
        self._actions = {"end": self._end, "end_others": self._end_others}
        if self._has_passwords:
            self._actions |= {"begin": self._begin, "confirm": self._confirm, "remove": self._remove}

    def routes(self) -> list[web.RouteDef]:
        """The page and its forms."""
        return self._entrance.pages.resource(DEVICES_PATH, get=self.show, post=self.change)

    async def show(self, request: web.Request) -> web.Response:
        """The chats, and whether the second step is on; 403 without a session in this browser."""
        here = await asyncio.to_thread(self._here, browser_of(request))
        if here is None:
            return self._signed_out()
        return await asyncio.to_thread(self._overview, here)

    async def change(self, request: web.Request) -> web.Response:
        """What the field `do` says: end a chat or all others; begin, confirm or remove the second step. 400 for anything else."""
        form = await form_of(request, self._entrance.area.public_url)
        here = await asyncio.to_thread(self._here, browser_of(request))
        if here is None:
            return self._signed_out()
        action = self._actions.get(form.get("do", ""))
        if action is None:
            return self._entrance.pages.problem(400)
        return await asyncio.to_thread(action, here, form)

    def _here(self, browser: str | None) -> Here | None:
        """Who signed in last in this browser and still is."""
        return None if browser is None else self._at(self._entrance.area.digest("browser", browser))

    def _at(self, digest: str) -> Here | None:
        with self._entrance.database.reading() as connection:
            session = newest_session_in_browser(connection, digest, self._entrance.clock())
            person = person_by_id(connection, session.person_id) if session else None
            return Here(person, session, digest) if person and session else None

    def _overview(self, here: Here, problem: str = "", done: str = "") -> web.Response:
        with self._entrance.database.reading() as connection:
            found = self._devices(connection, here)
            kept = self._kept(connection, here, found)
            rows = [self._row(connection, device, kept) for device in found]
        return self._entrance.pages.page(
            "identity/security.html",
            422 if problem else 200,
            person=here.person.name,
            rows=rows,
            has_passwords=self._has_passwords,
            is_on=self._has_passwords and self._second_factor.is_on(here.person.id),
            problem=problem,
            done=done,
        )

    def _devices(self, connection: Connection, here: Here) -> list[Device]:
        return devices_of(connection, here.person.id, self._entrance.clock(), self._entrance.chats.needs_code)

    def _kept(self, connection: Connection, here: Here, found: list[Device]) -> set[int]:
        """What is "this one": the chat in this very browser, else the one with which the page was opened."""
        is_shown = self._entrance.chats.needs_proof
        ours = {each.session.id for each in found if is_shown(each.session.address)}
        return {each for each in ours if digest_of(connection, each) == here.browser} or {here.session.id}

    def _row(self, connection: Connection, device: Device, kept: set[int]) -> Row:
        session, chats = device.session, self._entrance.chats
        return Row(
            session.id,
            chats.describe(session.address),
            chats.shown_name_of(connection, session.address),
            session.device,
            session.signed_in_at,
            session.seen_at,
            device.is_open,
            session.id in kept,
        )

    def _end(self, here: Here, form: dict[str, str]) -> web.Response:
        """Who ends the last chat that was opened in this browser has ended the page too."""
        chat = form.get("chat", "")
        if not (chat.isascii() and chat.isdigit() and len(chat) <= LONGEST_ID):
            return self._entrance.pages.problem(400)
        with self._entrance.database.writing() as connection:
            meant = [each for each in self._devices(connection, here) if each.session.id == int(chat)]
            end_devices(connection, meant, self._entrance.clock())
        still_here = self._at(here.browser)
        if still_here is None:
            return self._entrance.pages.page("identity/ended.html")
        return self._overview(still_here, done="ended" if meant else "gone")

    def _end_others(self, here: Here, _form: dict[str, str]) -> web.Response:
        with self._entrance.database.writing() as connection:
            found = self._devices(connection, here)
            kept = self._kept(connection, here, found)
            end_devices(connection, [each for each in found if each.session.id not in kept], self._entrance.clock())
        return self._overview(here, done="ended_others")

    def _begin(self, here: Here, _form: dict[str, str]) -> web.Response:
        try:
            enrolment = self._second_factor.begin(here.person.id)
        except AlreadyOn:
            return self._overview(here)
        picture = segno.make(enrolment.uri, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
        secret = " ".join(enrolment.secret[at : at + GROUP] for at in range(0, len(enrolment.secret), GROUP))
        return self._entrance.pages.page("identity/second_factor.html", qr=picture, secret=secret, problem="")

    def _confirm(self, here: Here, form: dict[str, str]) -> web.Response:
        code = form.get("code", "").strip()
        codes = self._second_factor.confirm(here.person.id, code) if code else None
        if codes is not None:
            return self._entrance.pages.page("identity/recovery_codes.html", codes=codes)
        if self._second_factor.is_on(here.person.id):  # sent twice: the codes were shown the first time
            return self._overview(here)
        problem = "wrong_code" if code else "empty_code"
        return self._entrance.pages.page("identity/second_factor.html", 422, qr="", secret="", problem=problem)

    def _remove(self, here: Here, form: dict[str, str]) -> web.Response:
        password = form.get("password", "")
        if not password:
            return self._overview(here, "empty_password")
        if not self._second_factor.remove(here.person.id, password):
            return self._overview(here, "wrong_pair")
        return self._overview(here, done="removed")

    def _signed_out(self) -> web.Response:
        return self._entrance.pages.page("identity/signed_out.html", 403)
