"""The web chat over Socket.IO. A client hears a conversation only after it showed the session id we issued for it."""

from __future__ import annotations

import asyncio
from typing import Any

import socketio
import structlog
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.web import transport
from bot.channels.web.sessions import Sessions, identifier_of
from bot.conversation.delivery import Delivery
from bot.conversation.model import Message, MessageRefused

log = structlog.get_logger()


class WebChat:
    """Translates events to the conversation and back."""

    def __init__(
        self, server: socketio.AsyncServer, sessions: Sessions, delivery: Delivery, behind_proxy: bool
    ) -> None:
        self._behind_proxy = behind_proxy
        self._server = server
        self._sessions = sessions
        self._delivery = delivery
        self._turns: set[asyncio.Task[None]] = set()
        server.on("connect", self.connect)
        server.on("session_request", self.session_request)
        server.on("user_uttered", self.user_uttered)
        delivery.listen(transport.CHANNEL, self.deliver)

    async def connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> None:
        """Remember where the client connects from, for the limits."""
        await self._server.save_session(sid, {"remote": self._remote_of(environ["aiohttp.request"])})

    def _remote_of(self, request: web.Request) -> str | None:
        """The client's network address: the one that our own proxy adds last, else the connection's."""
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return forwarded if self._behind_proxy and forwarded else request.remote

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
        """Bring stored replies to every tab of the conversation."""
        for reply in replies:
            await self._server.emit("bot_uttered", transport.bot_uttered(reply), room=transport.room_of(address))

    async def finish(self) -> None:
        """Let the running turns end; what is not finished stays stored and is resumed at the next start."""
        if self._turns:
            await asyncio.wait(self._turns, timeout=3)
