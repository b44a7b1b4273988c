"""Where a person is signed in, taken away from the chat; and what they spoke about elsewhere."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.texts import Link, render
from actions.visit import NEEDED, NEEDED_TO_DO, Events, ask_to_sign_in, day_of, text_of, turn_of
from bot.area import SPAIN
from bot.conversation.elsewhere import last_said
from bot.conversation.model import channel_of
from bot.identity.admission import DEVICES_PATH
from bot.identity.devices import Device, devices_of, end_devices
from bot.identity.identifier_cues import folded
from bot.identity.sessions import Session, session_of, sessions_of_person
from bot.notices.model import is_brought
from bot.turn import Turn

CLOSES = re.compile(r"\b(?:CIERR?\w+|CERRAR\w*|TERMINA\w*|DESCONECT\w+)")
_PHONE = r"MO[VB]IL|TELEFONO|CELULAR"
CHANNEL_WORDS = {
    "telegram": rf"TELEGRA[MN]|{_PHONE}",
    "whatsapp": rf"(?:WH?|GU)[AT]T?S+H?AP*\w*|{_PHONE}",
    "web": r"WEB|ORDENADOR|PC|NAVEGADOR",
}


class ActionDevices(Action):
    """Lists the chats of who is signed in, and takes away those that they name."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_devices"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Ends are said first, then what is left is listed."""
        with turn_of(tracker) as turn:
            here, said = session_of(turn.connection, turn.address, turn.now), folded(text_of(tracker))
            if here is None:
                ask_to_sign_in(turn, dispatcher, NEEDED_TO_DO if CLOSES.search(said) else NEEDED)
                return []
            if CLOSES.search(said):
                ended = end_devices(turn.connection, _meant(turn, here, said), turn.now)
                dispatcher.utter_message(response="utter_devices_closed" if ended else "utter_devices_none_closed")
            _list(turn, here, dispatcher)
        return []


def _meant(turn: Turn, here: Session, said: str) -> list[Device]:
    """The chats that a sentence names; never the one in which it is said, which "cerrar sesión" ends."""
    named = [name for name, words in CHANNEL_WORDS.items() if re.search(rf"\b(?:{words})\b", said)]
    others = [each for each in _all(turn, here) if each.session.id != here.id]
    return [each for each in others if not named or _channel(each.session) in named]


def _list(turn: Turn, here: Session, dispatcher: CollectingDispatcher) -> None:
    devices = [
        {
            "channel": _channel(each.session),
            "name": each.session.device,
            "since": each.session.signed_in_at.astimezone(SPAIN),
            "is_open": each.is_open,
            "is_here": each.session.id == here.id,
        }
        for each in _all(turn, here)
    ]
    link, today = Link(turn.area.url(DEVICES_PATH)), day_of(turn)
    dispatcher.utter_message(text=render("devices.md.j2", devices=devices, link=link, today=today))


def _all(turn: Turn, here: Session) -> list[Device]:
    return devices_of(turn.connection, here.person_id, turn.now, is_brought)


def _channel(session: Session) -> str:
    return channel_of(session.address)


class ActionRecall(Action):
    """Says what the same person asked last in another chat in which they are signed in."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_recall"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Only chats with a live session of that very person are looked at."""
        with turn_of(tracker) as turn:
            here = session_of(turn.connection, turn.address, turn.now)
            if here is None:
                ask_to_sign_in(turn, dispatcher)
                return []
            live = sessions_of_person(turn.connection, here.person_id, turn.now)
            others = [each for each in live if each.id != here.id]
            found = [
                (_channel(each), said)
                for each in reversed(others)
                if (said := last_said(turn.connection, each.address, each.signed_in_at))
            ]
        if not found:
            dispatcher.utter_message(response="utter_recall_nothing")
            return []
        channel, said = found[0]
        dispatcher.utter_message(text=render("recall.md.j2", channel=channel, said=said))
        return []
