"""The assistant: a trained Rasa model that answers inside this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.area import Area
from bot.assistant.actions_endpoint import InProcessActions
from bot.assistant.dialogue_store import READ, DialogueStore, active_form, was_just_asked
from bot.assistant.known import NOT_UNDERSTOOD, known_of
from bot.assistant.nlu.needs import needs_of
from bot.assistant.nlu.procedure_cues import TRACK
from bot.assistant.processor import TurnAgent, TurnProcessor, trust_own_actions
from bot.assistant.responses import CompanyResponses
from bot.company import Company
from bot.conversation.model import Button, Reply, TurnFailed, channel_of
from bot.database import Database, utc_now
from bot.procedures.how_it_goes import is_meant
from bot.procedures.paper_answers import may_answer
from bot.satisfaction.service import meant
from bot.topics.store import note
from bot.turn import Turn, running

Need = dict[str, Any]
ANOTHER_NEED = "utter_other_need"
DICTATED = frozenset({"procedure_form"})
"""Forms in which people tell something in their own words."""
MOST_SUGGESTIONS = 3
PAPER, PAPER_QUESTION = "documents_paper", ("papers_asked", 2)
"""The topic of answers to "¿qué papel es?", the slot of that question, and for how many messages it stays open: who is on
a channel that cannot be written to hears it only with the answer to the next one."""


class TurnChannel(OutputChannel):
    """Keeps what a turn says, each response whole; Rasa's own collector cuts texts at blank lines."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep one response."""
        self.said.append(message)


class RasaAssistant:
    """Answers turns with a Rasa model. Several threads may use it at once: a turn's state is in its transaction."""

    def __init__(
        self,
        model: Path,
        database: Database,
        company: Company,
        area: Area,
        clock: Callable[[], datetime] = utc_now,
        actions: str = "actions",
    ) -> None:
        """Load a model archive. Takes seconds."""
        self._area = area
        self._company = company
        self._clock = clock
        trust_own_actions()
        endpoint = InProcessActions(actions)
        self._responses = CompanyResponses(company=company)
        store = DialogueStore(None, database=database)
        agent = TurnAgent(generator=self._responses, tracker_store=store, action_endpoint=endpoint)
        agent.load_model(model)
        self._processor: TurnProcessor = agent.processor
        endpoint.share_responses(self._processor.domain.responses)
        self._loops = threading.local()

    def understand(self, text: str) -> Sequence[Need]:
        """The needs in a text as Rasa's parse data: the main one first, but before all what keeps people safe."""
        parse = cache(self._processor.parse_text)
        with errors_of_rasa():
            needs = needs_of(parse, text)
            parsed = [parse(need.text) for need in needs] if len(needs) > 1 else [parse(text)]
        return sorted(parsed, key=lambda need: not self._is_urgent(need["intent"]["name"]))

    def _is_urgent(self, topic: str) -> bool:
        variations = self._processor.domain.responses.get(f"utter_{topic}") or [{}]
        return not _waits(variations[0])

    def understand_choice(self, payload: str, text: str) -> Sequence[Need]:
        """The intent that a button of ours stands for (`/intent`), certain."""
        intent = {"name": payload.lstrip("/"), "confidence": 1.0}
        return [{"text": text, "intent": intent, "intent_ranking": [intent], "entities": []}]

    def answer(self, connection: Connection, address: str, text: str, needs: Sequence[Need]) -> list[Reply]:
        """Answer every need of one message in turn. Raises TurnFailed when an action fails or nothing is said."""
        replies: list[Reply] = []
        needs = self._in_context(connection, address, text, self._undivided(connection, address, text, needs))
        for need in needs:
            if replies:
                replies.append(self.say(ANOTHER_NEED))
            message = UserMessage(need["text"], None, address, parse_data=need, input_channel=channel_of(address))
            replies += self._turn(connection, address, message, self._processor.handle_message)
        note(connection, address, [need["intent"]["name"] for need in needs], self._clock())
        return replies

    def _undivided(self, connection: Connection, address: str, text: str, needs: Sequence[Need]) -> Sequence[Need]:
        """What somebody tells in their own words is one message, however many things are in it; danger comes first."""
        if len(needs) < 2 or self._is_urgent(needs[0]["intent"]["name"]):
            return needs
        if active_form(connection, address) not in DICTATED:
            return needs
        with errors_of_rasa():
            return [self._processor.parse_text(text)]

    def _in_context(self, connection: Connection, address: str, text: str, needs: Sequence[Need]) -> Sequence[Need]:
        """A few words mean something else after the question how content somebody is, or which paper a file is, or what was asked for."""
        topics = [need["intent"]["name"] for need in needs]
        answered = meant(connection, address, text, topics, self._clock())
        if answered is None and may_answer(text) and was_just_asked(connection, address, *PAPER_QUESTION):
            answered = PAPER
        if answered is None and is_meant(connection, address, text):
            answered = TRACK
        return self.understand_choice(answered, text) if answered else needs

    def welcome(self, connection: Connection, address: str) -> list[Reply]:
        """What the session start says when a chat is opened."""
        return self._turn(connection, address, UserMessage(None, None, address), self._start_session)

    async def _start_session(self, message: UserMessage) -> None:
        tracker = await self._processor.fetch_tracker_and_update_session(
            message.sender_id, message.output_channel, {"opened": True}
        )
        await self._processor.save_tracker(tracker)

    def _turn(self, connection: Connection, address: str, message: UserMessage, handle: Any) -> list[Reply]:
        channel = TurnChannel()
        message.output_channel = channel
        with (
            running(Turn(connection, address, self._clock(), self._area, company=self._company)) as turn,
            errors_of_rasa(),
        ):
            self._run(handle(message))
        if turn.failure is not None:
            raise TurnFailed(type(turn.failure).__name__) from turn.failure
        if not channel.said:
            raise TurnFailed("nothing was said")
        return [_reply(said) for said in sorted(channel.said, key=_waits)]

    def _run(self, work: Coroutine[Any, Any, Any]) -> None:
        """Each thread keeps one event loop: making one for every turn costs more than it seems."""
        if not hasattr(self._loops, "loop"):
            self._loops.loop = asyncio.new_event_loop()
        self._loops.loop.run_until_complete(work)

    def say(self, response: str, **values: object) -> Reply:
        """One response by name, outside any dialogue. Raises KeyError for a response the domain does not have."""
        filled = self._responses.fill(response, values)
        if filled is None:
            raise KeyError(response)
        return _reply(filled)

    def known(self, connection: Connection, address: str) -> dict[str, Any]:
        """What the dialogue at an address knows, as `known_of` says."""
        return known_of(connection.execute(READ, {"wanted": address}).scalar_one_or_none())

    def suggest(self, text: str) -> list[tuple[str, str]]:
        """(title, text) of the answers that fit a text best, for a person to choose from: the likeliest first."""
        with errors_of_rasa():
            ranking = self._processor.parse_text(text).get("intent_ranking") or []
        names = [one["name"] for one in ranking if one["name"] not in NOT_UNDERSTOOD]
        found = [(name, self._responses.fill(f"utter_{name}", {})) for name in names]
        titled = [(str(((said or {}).get("metadata") or {}).get("title") or ""), said) for _, said in found]
        return [(title, str(said["text"])) for title, said in titled if title and said][:MOST_SUGGESTIONS]


@contextmanager
def errors_of_rasa() -> Iterator[None]:
    """Whatever Rasa or a component of ours in it raises ends this turn, with an apology.

    It would come again at every attempt and hold the conversation up. Errors of the database are not about the turn and pass.
    """
    try:
        yield
    except (SQLAlchemyError, TurnFailed):
        raise
    except Exception as error:
        raise TurnFailed(type(error).__name__) from error


def _waits(said: dict[str, Any]) -> bool:
    """Whether a response may stand after others: one that keeps people safe goes before even the welcome."""
    return not (said.get("metadata") or {}).get("urgent")


def _reply(said: dict[str, Any]) -> Reply:
    buttons = tuple(Button(button["title"], button["payload"]) for button in said.get("buttons") or ())
    return Reply(said.get("text") or "", buttons)
