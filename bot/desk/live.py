"""The desk over Socket.IO: what its page asks for and does, and what it is told at once. Namespace `/desk`, staff only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any

import socketio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.accounts.model import NotFound
from bot.area import Area
from bot.conversation.delivery import Delivery
from bot.conversation.model import Message
from bot.conversation.reading import NO_END
from bot.desk.agents import Agents, Done, TextRefused
from bot.desk.asked import Data, is_own_page, number_in, sequence_in
from bot.desk.counter import Counter
from bot.desk.model import Case, NoSuchCase, NotYours, Outcome, StaffMember
from bot.desk.shown import shown_case, shown_message
from bot.desk.staffroom import Staffroom
from bot.desk.watch import Watch
from bot.procedures.effects import CannotApply
from bot.procedures.model import NotPossible

NAMESPACE = "/desk"
EVERYBODY = "desk"
COOKIE = "ventanilla_desk"
LOOKS_PER_SIGN_OF_LIFE = 10
ERRORS: dict[type[Exception], str] = {
    NotYours: "not_yours",
    NoSuchCase: "no_such_case",
    NotFound: "no_such_case",
    NotPossible: "not_possible",
    CannotApply: "cannot_apply",
    TextRefused: "text_refused",
    ValueError: "not_possible",
}

Handler = Callable[[str, StaffMember, Data], Awaitable[Any]]
Changes = Callable[[datetime | None], tuple[datetime | None, list[Case]]]
"""When any case changed last, and which have ended since the moment that is given."""
Typing = Callable[[str, str, bool], Awaitable[None]]
"""Shows in a conversation that somebody of the staff writes: address, name, on."""
log = structlog.get_logger()


class DeskLive:
    """Translates events to the desk's services and back; every one asks again who has the session."""

    def __init__(
        self,
        server: socketio.AsyncServer,
        area: Area,
        staffroom: Staffroom,
        agents: Agents,
        counter: Counter,
        delivery: Delivery,
        show_typing: Typing,
        changes: Changes,
        clock: Callable[[], datetime],
    ) -> None:
        self._server, self._area, self._clock = server, area, clock
        self._staffroom, self._agents, self._counter = staffroom, agents, counter
        self._delivery, self._show_typing, self._changes = delivery, show_typing, changes
        self._present: dict[str, int] = {}
        self._typing_in: dict[str, dict[int, str]] = {}
        self._undelivered: dict[str, str] = {}
        self._known: datetime | None = None
        self._watch = Watch(self._look_around)
        self._listen()
        delivery.observe(self.show)

    def _listen(self) -> None:
        on = self._server.on
        on("connect", self.connect, namespace=NAMESPACE)
        on("disconnect", self.disconnect, namespace=NAMESPACE)
        handlers: dict[str, Handler] = {
            "queue": self._queue,
            "mine": self._mine,
            "colleagues": self._colleagues,
            "look": self._look,
            "earlier": self._earlier,
            "take": self._take,
            "say": self._say,
            "note": self._note,
            "transfer": self._transfer,
            "hand_back": self._hand_back,
            "close": self._close,
            "read": self._read,
            "typing": self._typing,
            "reveal": self._reveal,
            "suggest": self._suggest,
            "due": self._due,
            "bring_forward": self._bring_forward,
        }
        for event, handler in handlers.items():
            on(event, self._guarded(handler), namespace=NAMESPACE)

    def _guarded(self, handler: Handler) -> Callable[..., Awaitable[Any]]:
        """Only for who has a session; a refusal comes back as the code of its reason."""

        async def guard(sid: str, data: object = None) -> Any:
            member = await self._member(sid)
            if member is None:
                return {"error": "signed_out"}
            try:
                return await handler(sid, member, data if isinstance(data, dict) else {})
            except tuple(ERRORS) as refused:
                return {"error": next(code for kind, code in ERRORS.items() if isinstance(refused, kind))}
            except SQLAlchemyError:
                log.exception("desk event failed", handler=handler.__name__)
                return {"error": "try_again"}

        return guard

    async def connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> bool:
        """Only a browser with a session of the staff, on a page of our own."""
        if not is_own_page(environ):
            return False
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        token = cookies[COOKIE].value if COOKIE in cookies else ""
        member = await asyncio.to_thread(self._staffroom.member, token)
        if member is None:
            return False
        await self._server.save_session(sid, {"token": token}, namespace=NAMESPACE)
        await self._server.enter_room(sid, EVERYBODY, namespace=NAMESPACE)
        self._present[sid] = member.id
        await asyncio.to_thread(self._agents.at_the_desk, [member.id])
        return True

    async def disconnect(self, sid: str, *_: object) -> None:
        """A page was closed; its agent's conversations go back when no other is open for a while."""
        self._present.pop(sid, None)
        self._typing_in.pop(sid, None)

    async def _member(self, sid: str, *, counts: bool = True) -> StaffMember | None:
        session: Data = await self._server.get_session(sid, namespace=NAMESPACE)
        return await asyncio.to_thread(self._staffroom.member, session.get("token"), counts=counts)

    async def _queue(self, sid: str, by: StaffMember, data: Data) -> Data:
        return await asyncio.to_thread(self._counter.queue, by, data)

    async def _mine(self, sid: str, by: StaffMember, data: Data) -> Data:
        held = await asyncio.to_thread(self._counter.mine, by)
        for address, each in held:
            await self._enter(sid, address)
            self._typing_in.setdefault(sid, {})[each["id"]] = address
        return {"cases": [each | {"thread": self._thread(address)} for address, each in held]}

    async def _colleagues(self, sid: str, by: StaffMember, data: Data) -> Data:
        return await asyncio.to_thread(self._counter.colleagues)

    async def _look(self, sid: str, by: StaffMember, data: Data) -> Data:
        case_id = number_in(data, "case_id")
        address = await asyncio.to_thread(self._counter.address_of, by, case_id)
        await self._enter(sid, address)  # before reading: nothing falls in between
        found = await asyncio.to_thread(self._counter.look, by, case_id)
        if found["is_mine"]:
            self._typing_in.setdefault(sid, {})[case_id] = address
        return found | {"thread": self._thread(address)}

    async def _earlier(self, sid: str, by: StaffMember, data: Data) -> Data:
        asked = (number_in(data, "case_id"), sequence_in(data, "before", NO_END))
        return await asyncio.to_thread(self._counter.earlier, by, *asked)

    async def _enter(self, sid: str, address: str) -> None:
        await self._server.enter_room(sid, _room(address), namespace=NAMESPACE)

    async def _take(self, sid: str, by: StaffMember, data: Data) -> Data:
        return await self._moved(await asyncio.to_thread(self._agents.take, by, number_in(data, "case_id")))

    async def _say(self, sid: str, by: StaffMember, data: Data) -> Data:
        said = (number_in(data, "case_id"), str(data.get("text") or ""), str(data.get("id") or "")[:64] or None)
        done = await asyncio.to_thread(self._agents.say, by, *said)
        await self._delivery.push(done.case.address, done.said)
        return {"sequence": done.said[0].sequence}

    async def _note(self, sid: str, by: StaffMember, data: Data) -> Data:
        await asyncio.to_thread(self._agents.note, by, number_in(data, "case_id"), str(data.get("text") or ""))
        return {"done": True}

    async def _transfer(self, sid: str, by: StaffMember, data: Data) -> Data:
        case_id, team = number_in(data, "case_id"), data.get("team")
        if isinstance(team, str):
            return await self._moved(await asyncio.to_thread(self._agents.to_team, by, case_id, team))
        to = number_in(data, "staff_id")
        return await self._moved(await asyncio.to_thread(self._agents.transfer, by, case_id, to))

    async def _hand_back(self, sid: str, by: StaffMember, data: Data) -> Data:
        return await self._moved(await asyncio.to_thread(self._agents.hand_back, by, number_in(data, "case_id")))

    async def _close(self, sid: str, by: StaffMember, data: Data) -> Data:
        asked = (number_in(data, "case_id"), Outcome(str(data.get("outcome"))), str(data.get("note") or "")[:300])
        return await self._moved(await asyncio.to_thread(self._agents.close, by, *asked))

    async def _moved(self, done: Done) -> Data:
        """Somebody else has it now: who watched has to ask again whether they may."""
        address = done.case.address
        await self._delivery.push(address, done.said)
        await self._server.close_room(_room(address), namespace=NAMESPACE)
        await self._server.emit("changed", {"case_id": done.case.id}, room=EVERYBODY, namespace=NAMESPACE)
        if done.wakes:
            await self._delivery.wake(address)
        return {"case": shown_case(done.case, self._clock())}

    async def _read(self, sid: str, by: StaffMember, data: Data) -> Data:
        read = (number_in(data, "case_id"), sequence_in(data, "sequence", 0))
        await asyncio.to_thread(self._agents.read, by, *read)
        return {"done": True}

    async def _typing(self, sid: str, by: StaffMember, data: Data) -> None:
        address = self._typing_in.get(sid, {}).get(number_in(data, "case_id"))
        if address:
            await self._show_typing(address, by.name, data.get("on") is True)

    async def _reveal(self, sid: str, by: StaffMember, data: Data) -> Data:
        which = (sequence_in(data, "first", 0), sequence_in(data, "before", NO_END))
        return await asyncio.to_thread(self._counter.reveal, by, number_in(data, "case_id"), *which)

    async def _suggest(self, sid: str, by: StaffMember, data: Data) -> Data:
        return {"answers": await asyncio.to_thread(self._counter.suggest, by, number_in(data, "case_id"))}

    async def _due(self, sid: str, by: StaffMember, data: Data) -> Data:
        return {"procedures": await asyncio.to_thread(self._counter.due)}

    async def _bring_forward(self, sid: str, by: StaffMember, data: Data) -> Data:
        asked = (number_in(data, "procedure_id"), str(data.get("state")), str(data.get("note") or ""))
        changed = await asyncio.to_thread(self._counter.bring_forward, by, *asked)
        await self._delivery.wake(changed.address)
        return {"id": changed.id, "state": changed.state.value}

    async def show(self, address: str, messages: list[Message]) -> None:
        """What was just said in a conversation, to every page that shows it."""
        if any(each.attachment for each in messages):
            shown = await asyncio.to_thread(self._counter.shown, messages)
        else:
            shown = [shown_message(each) for each in messages]
        told = {"thread": self._thread(address), "messages": shown}
        await self._server.emit("messages", told, room=_room(address), namespace=NAMESPACE)

    async def show_customer_typing(self, address: str, on: bool) -> None:
        """A customer writes, or has stopped."""
        told = {"thread": self._thread(address), "on": on}
        await self._server.emit("customer_typing", told, room=_room(address), namespace=NAMESPACE)

    def start(self) -> None:
        """Begin to tell the pages of changes, to give signs of life, and to bring back what was lost."""
        self._watch.start()

    async def finish(self) -> None:
        """Stop that."""
        await self._watch.finish()

    async def _look_around(self, looks: int) -> None:
        if looks % LOOKS_PER_SIGN_OF_LIFE == 0:
            await self._give_signs_of_life()
            if looks:  # not at once: after a start the pages are still on their way back
                await self._bring_back_lost()
        await self._tell_undelivered()
        self._known = await self._tell_of_changes(self._known) if self._present else None

    async def _tell_of_changes(self, known: datetime | None) -> datetime | None:
        """Have the pages ask for the queue again; what the customers themselves ended is watched by nobody any more."""
        newest, ended = await asyncio.to_thread(self._changes, known)
        for over in ended:
            await self._server.close_room(_room(over.address), namespace=NAMESPACE)
            await self._server.emit("changed", {"case_id": over.id}, room=EVERYBODY, namespace=NAMESPACE)
        if newest != known:
            await self._server.emit("queue_changed", room=EVERYBODY, namespace=NAMESPACE)
        return newest

    async def _tell_undelivered(self) -> None:
        """Every page that shows a conversation hears when what is said there stops reaching the customer, and when it does again."""
        watched = {address for own in self._typing_in.values() for address in own.values()}
        if not watched:
            return
        now = await asyncio.to_thread(self._counter.undelivered, watched)
        known, self._undelivered = self._undelivered, now
        for address in watched:
            if known.get(address) != now.get(address):
                told = {"thread": self._thread(address), "why": now.get(address)}
                await self._server.emit("undelivered", told, room=_room(address), namespace=NAMESPACE)

    async def _give_signs_of_life(self) -> None:
        await self._turn_away_signed_out()
        await asyncio.to_thread(self._agents.at_the_desk, sorted(set(self._present.values())))

    async def _bring_back_lost(self) -> None:
        for done in await asyncio.to_thread(self._agents.return_lost):
            await self._moved(done)

    async def _turn_away_signed_out(self) -> None:
        """Whose session is over hears nothing more, also on a page that asks for nothing."""
        for sid in list(self._present):
            with suppress(KeyError):  # it has gone by itself
                if await self._member(sid, counts=False) is None:
                    await self._server.disconnect(sid, namespace=NAMESPACE)

    def _thread(self, address: str) -> str:
        """The name of a conversation for the page, which need not know its address."""
        return self._area.digest("desk thread", address)[:16]


def _room(address: str) -> str:
    return f"case {address}"
