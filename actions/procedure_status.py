"""How a procedure goes, for who is not signed in: the key, then the code that was mailed."""

from __future__ import annotations

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.procedure_list import show_progress
from actions.visit import Events
from bot.accounts.registration import Asking
from bot.identity.codes import Outcome
from bot.procedures.status import ask, check
from bot.turn import Turn

CODE_FOR = "code_for"
OF_PROCEDURE, OF_REGISTRATION = "procedure", "registration"
SENT, SENT_HERE = "utter_procedure_code_sent", "utter_procedure_code_sent_here"
"""The second where the conversation opened the procedure itself, so that nobody has to type its key."""


def ask_for_code(turn: Turn, dispatcher: CollectingDispatcher, key: str, said: str = SENT) -> Events:
    """Have a code mailed; the same is said whether or not there is a procedure with that key."""
    asked = ask(turn.connection, turn.area, turn.address, key, turn.now)
    if asked.outcome is Asking.LIMITED:
        dispatcher.utter_message(response="utter_code_limited")
        return []
    dispatcher.utter_message(response=said, tracking_key=key)
    return [SlotSet(CODE_FOR, OF_PROCEDURE)]


def check_code(turn: Turn, dispatcher: CollectingDispatcher, digits: str) -> Outcome:
    """Try a code; the right one tells how the procedure goes."""
    told = check(turn.connection, turn.area, turn.address, digits, turn.now)
    if told.progress is not None:
        show_progress(turn, dispatcher, told.progress, may_cancel=False)
    return told.outcome
