"""Rasa's agent and message processor, fitted to a turn that is a transaction (docs/adr/0003)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.engine import loader
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelMetadata
from rasa.model import get_latest_model
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name

from bot.assistant.graph_runner import SequentialGraphRunner
from bot.turn import current_turn

SLASH = "/"


class WatchedAction(Action):
    """An action whose error ends the turn. Rasa alone would log it, swallow it and leave the person without a reply."""

    def __init__(self, action: Action) -> None:
        self._action = action

    def name(self) -> str:
        """The watched action's name."""
        return str(self._action.name())

    async def run(self, output_channel: Any, nlg: Any, tracker: DialogueStateTracker, domain: Domain) -> list[Event]:
        """Run it and note its error in the current turn. A rejection is no error: Rasa asks another policy."""
        try:
            events: list[Event] = await self._action.run(output_channel, nlg, tracker, domain)
            return events
        except ActionExecutionRejection:
            raise
        except Exception as error:
            turn = current_turn()
            if turn is not None:
                turn.failure = turn.failure or error
            raise

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        """What the watched action logs about itself."""
        return self._action.event_for_successful_execution(prediction)


class TurnProcessor(MessageProcessor):
    """Answers with a sequential graph, hears `/text` as text, and lets no error pass in silence."""

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        archive = model_path if os.path.isfile(model_path) else get_latest_model(model_path)
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            metadata, runner = loader.load_predict_graph_runner(
                Path(folder), Path(str(archive)), LocalModelStorage, SequentialGraphRunner
            )
        return os.path.basename(str(archive)), metadata, runner

    def parse_text(self, text: str) -> dict[str, Any]:
        """Intent, ranking and entities of a text from outside, read as words whatever it starts with."""
        words = text.lstrip(SLASH + " ") or text.replace(SLASH, " ")
        empty = DialogueStateTracker("", [])
        parsed = self._parse_message_with_graph(UserMessage(words), empty)
        return {**parsed, "text": text}

    async def _run_action(self, action: Action, *values: Any, **named: Any) -> bool:
        return bool(await super()._run_action(WatchedAction(action), *values, **named))


class TurnAgent(Agent):
    """Rasa's agent with our processor."""

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """Load a model archive, or the newest one of a folder."""
        self.processor = TurnProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
            on_circuit_break=note_endless_turn,
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses


class EndlessTurn(RuntimeError):
    """The rules predicted one action after another and never listened."""


def note_endless_turn(*_: Any) -> None:
    """Called by Rasa when it stops a turn after too many actions."""
    turn = current_turn()
    if turn is not None:
        turn.failure = turn.failure or EndlessTurn()


def trust_own_actions() -> None:
    """Skip the JSON-schema check of action results: they come from `rasa_sdk` in this very process.

    Rasa compiles and checks the same constant schema at every call, 72 % of a turn's time.
    """
    RemoteAction._validate_action_result = lambda _action, _result: True
