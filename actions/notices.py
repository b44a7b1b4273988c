"""Notices in the chat are switched off and on with a word; those of overdue invoices with a sentence."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.visit import NEEDED_TO_DO, Events, ask_to_sign_in, text_of, turn_of
from bot.identity.identifier_cues import folded
from bot.identity.sessions import session_of
from bot.invoices.overdue import unwatch, watch
from bot.notices.service import choose, last_person_of
from bot.turn import Turn

OFF = re.compile(r"\b(?:SILEN\w+|NO|NI|DEJAD?|PARAD?|BASTA|CALLA\w*|QUIT\w+|DESACTIV\w+|APAG\w+|SIN)\b(?! PAGAR)")
OF_INVOICES = re.compile(r"\bFACTURAS?\b")


class ActionNotices(Action):
    """Keeps what the person of this chat wants."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_notices"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Whom notices would reach here may silence them without signing in again; to have them, they sign in."""
        said = folded(text_of(tracker))
        wanted, of_invoices = OFF.search(said) is None, OF_INVOICES.search(said) is not None
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            person_id = session.person_id if session else None
            if person_id is None and not wanted:
                person_id = last_person_of(turn.connection, turn.address, turn.now)
            if person_id is None:
                ask_to_sign_in(turn, dispatcher, NEEDED_TO_DO)
                return []
            for response in _chosen(turn, person_id, wanted=wanted, of_invoices=of_invoices):
                dispatcher.utter_message(response=response)
        return []


def _chosen(turn: Turn, person_id: int, *, wanted: bool, of_invoices: bool) -> list[str]:
    """Keep the choice; the responses that say it. Who wants silence wants no invoices either."""
    who = (turn.connection, person_id, turn.address)
    if of_invoices and wanted:
        choose(*who, True, turn.now)
        watch(*who, turn.now)
        return ["utter_overdue_on"]
    was_watched = not wanted and unwatch(*who, turn.now)
    if of_invoices:
        return ["utter_overdue_off"]
    choose(*who, wanted, turn.now)
    if wanted:
        return ["utter_notices_on"]
    return ["utter_notices_off", *(["utter_overdue_off"] if was_watched else [])]
