"""The web chat over Socket.IO. A client hears a conversation only after it showed the session id we issued for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.contract import SentFiles
from bot.channels.web import transport
from bot.channels.web.sessions import Sessions, identifier_of
from bot.conversation.delivery import Delivery
from bot.conversation.model import Author, Message, MessageRefused
from bot.pages.requests import remote_of

Typing = Callable[[str, bool], Awaitable[None]]
log = structlog.get_logger()


class WebChat:
    """Translates events to the conversation and back."""

    def __init__(
        self,
        server: socketio.AsyncServer,
        sessions: Sessions,
        delivery: Delivery,
        behind_proxy: bool,
        files: SentFiles | None = None,
    ) -> None:
        self._files = files
        self._behind_proxy = behind_proxy
        self._server = server
        self._sessions = sessions
        self._delivery = delivery
        self._turns: set[asyncio.Task[None]] = set()
        self._on_typing: list[Typing] = []
        server.on("connect", self.connect)
        server.on("session_request", self.session_request)
        server.on("user_uttered", self.user_uttered)
        server.on("person_typing", self.person_typing)
        server.on("file_wanted", self.file_wanted)
        delivery.listen(transport.CHANNEL, self.deliver)

    async def connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        """Remember where the client connects from, for the limits."""
        await self._server.save_session(sid, {"remote": remote_of(environ["aiohttp.request"], self._behind_proxy)})

    async def session_request(self, sid: str, data: object = None) -> None:
        """Confirm the client's session, or issue one; then bring what it has missed, or the welcome."""
        asked = transport.read_session_request(data)
        session_id = asked.session_id if self._sessions.is_ours(asked.session_id) else self._sessions.issue()
        address = transport.address_of(identifier_of(str(session_id)))
        await self._server.enter_room(sid, transport.room_of(address))
        await self._server.emit("session_confirm", session_id, to=sid)
        if asked.opened:
            await self._open(sid, address)
        if asked.after is not None:
            missed = await self._delivery.since(address, asked.after if session_id == asked.session_id else 0)
            entries = [transport.transcript_entry(message) for message in missed]
            await self._server.emit("transcript", {"messages": entries}, to=sid)

    async def _open(self, sid: str, address: str) -> None:
        try:
            await self._delivery.open(address, await self._remote(sid))
        except MessageRefused as refused:
            await self._refuse(sid, refused)

    async def user_uttered(self, sid: str, data: object = None) -> dict[str, Any]:
        """Store a message and acknowledge it; its turn goes on after that. A refusal comes back with its text."""
        said = transport.read_user_uttered(data)
        if not self._sessions.is_ours(said.session_id):
            return {"error": "session_unknown"}
        address = transport.address_of(identifier_of(str(said.session_id)))
        try:
            stored = await self._delivery.receive(transport.incoming(address, said), await self._remote(sid))
        except MessageRefused as refused:
            return await self._refuse(sid, refused)
        await self._show_to_other_tabs(sid, address, stored)
        self._start_turn(address, stored)
        return {"sequence": stored.sequence, "message_id": said.message_id}

    async def file_wanted(self, _sid: str, data: object = None) -> dict[str, Any]:
        """A link to the file of a message, made anew each time; only for who shows the conversation's session id."""
        asked = transport.read_file_asked(data)
        if not self._sessions.is_ours(asked.session_id):
            return {"error": "session_unknown"}
        address = transport.address_of(identifier_of(str(asked.session_id)))
        found = await self._delivery.attachment_at(address, asked.sequence)
        url = await self._files.link(address, found.reference) if found and self._files else None
        if url is None:
            return {"error": "out_of_reach", "text": self._delivery.say("utter_file_out_of_reach").text}
        return {"url": url}

    def tell_typing(self, on_typing: Typing) -> None:
        """Have `on_typing` told too when a person writes, and when they have stopped: address, on."""
        self._on_typing.append(on_typing)

    async def person_typing(self, sid: str, data: object = None) -> None:
        """The person is writing, or has stopped; nothing of it is kept."""
        fields = data if isinstance(data, dict) else {}
        session_id = fields.get("session_id")
        if not self._sessions.is_ours(session_id):
            return
        for tell in self._on_typing:
            await tell(transport.address_of(identifier_of(str(session_id))), fields.get("on") is True)

    async def show_agent_typing(self, address: str, name: str, on: bool) -> None:
        """Somebody of the staff is writing in a conversation; in those of other channels nothing shows it."""
        await self._server.emit("agent_typing", {"on": on, "name": name}, room=transport.room_of(address))

    async def _remote(self, sid: str) -> str | None:
        session: dict[str, Any] = await self._server.get_session(sid)
        return session.get("remote")

    async def _refuse(self, sid: str, refused: MessageRefused) -> dict[str, Any]:
        text = self._delivery.refusal(refused).text
        await self._server.emit("notice", {"text": text}, to=sid)
        return {"error": refused.refusal.name.lower(), "text": text}

    async def _show_to_other_tabs(self, sid: str, address: str, stored: Message) -> None:
        entry = {"messages": [transport.transcript_entry(stored)]}
        await self._server.emit("transcript", entry, room=transport.room_of(address), skip_sid=sid)

    def _start_turn(self, address: str, arrived: Message) -> None:
        task = asyncio.create_task(self._turn(address, arrived))
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)

    async def _turn(self, address: str, arrived: Message) -> None:
        await self._server.emit("bot_typing", {"on": True}, room=transport.room_of(address))
        try:
            await self._delivery.answer(address, arrived)
        except SQLAlchemyError:
            log.exception("turn interrupted", message_id=arrived.id)  # it waits; the next message or start answers it
            await self._server.emit("notice", {"text": self._delivery.apology().text}, room=transport.room_of(address))
        finally:
            await self._server.emit("bot_typing", {"on": False}, room=transport.room_of(address))

    async def deliver(self, address: str, replies: list[Message]) -> None:
        """Bring stored replies to every tab of the conversation, and files of the person that have been checked."""
        for reply in replies:
            if reply.author is Author.PERSON:
                entry = {"messages": [transport.transcript_entry(reply)]}
                await self._server.emit("transcript", entry, room=transport.room_of(address))
            else:
                await self._server.emit("bot_uttered", transport.bot_uttered(reply), room=transport.room_of(address))

    async def finish(self) -> None:
        """Let the running turns end; what is not finished stays stored and is resumed at the next start."""
        if self._turns:
            await asyncio.wait(self._turns, timeout=3)
