"""A visit of the customer area: who is signed in, for which agency, and what was asked. The gate of every such action."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import Connection

from actions.texts import render
from bot.accounts.model import Viewer
from bot.accounts.service import agencies_named, viewer_if_any
from bot.area import SPAIN, Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.company import read_company
from bot.database import Database, utc_now
from bot.identity.sessions import Session, session_of, was_closed_elsewhere
from bot.identity.sign_in import make_link
from bot.questions.model import Question
from bot.questions.reading import read
from bot.settings import read_settings, session_secret
from bot.turn import Turn, current_turn

SHOWN, WAITING_REQUEST = "shown", "waiting_request"
MANY_AGENCIES = "agencies"
NEEDED, NEEDED_TO_DO = "utter_sign_in_needed", "utter_sign_in_needed_to_do"
"""Why somebody has to sign in: to be shown something, or to have something done."""

_POINTS_BACK = re.compile(
    r"\b(?:sus?|ese|esa|este|esta|el mismo|la misma)\b(?! (?:mes|año|trimestre|semestre|semana))"
    r"|\b(?:c[aá]mbia|cambiar|p[oó]n|poner|p[aá]sa|pasar|mueve|mover)(?:le|selo)\b|\bqu[ií]ta(?:me|nos)l[oa]\b",
    re.IGNORECASE,
)

Events = list[dict[str, Any]]


@dataclass
class Visit:
    """One request of a signed-in person. Rights are in `viewer`, checked at this very moment; slots carry none."""

    turn: Turn
    session: Session
    viewer: Viewer
    question: Question
    text: str
    tracker: Tracker
    dispatcher: CollectingDispatcher
    shown: dict[str, Any] = field(default_factory=dict)
    """What the person was shown last; empty when it was another person or nothing."""
    after_sign_in: bool = False
    """Whether the request waited for a sign-in that has just happened."""
    about: tuple[str, str] = ("", "")
    """Kind and id of what was looked at, for the audit."""

    @property
    def connection(self) -> Connection:
        """The turn's transaction."""
        return self.turn.connection

    @property
    def today(self) -> date:
        """The day that it is for the person."""
        return day_of(self.turn)

    @property
    def client_meant(self) -> int | None:
        """The client that "sus facturas" or "ese cliente" is about: the one whose things were shown last."""
        if not _POINTS_BACK.search(self.text) or any(self.question.who):
            return None
        ids = self.shown.get("ids") or []
        if self.shown.get("kind") == "clients":
            return int(ids[0]) if len(ids) == 1 else None
        client_id = self.shown.get("client_id")
        return int(client_id) if client_id is not None else None

    def say(self, response: str, buttons: list[dict[str, str]] | None = None, **values: Any) -> None:
        """Utter a response of domain.yml."""
        self.dispatcher.utter_message(response=response, buttons=buttons or [], **values)

    def show(self, template: str, buttons: list[dict[str, str]] | None = None, **values: Any) -> None:
        """Utter a list or a card written in a template of this folder."""
        self.dispatcher.utter_message(text=render(template, **values), buttons=buttons or [])

    def remember(self, kind: str, **what: Any) -> Events:
        """Keep what is shown now, so that a follow-up can go on from it."""
        return [SlotSet(SHOWN, {"person": self.session.person_id, "kind": kind, **what})]


class RequestAction(Action, ABC):
    """An action whose request may wait for a sign-in and is answered then."""

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Answer the message."""
        with turn_of(tracker) as turn:
            return self.answer_request(turn, dispatcher, tracker, text_of(tracker))

    @abstractmethod
    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Answer `text`: the message itself, or one that waited for a sign-in which has just happened."""


class CustomerAreaAction(RequestAction):
    """An action for who is signed in. A stranger gets a link, and the request waits for the sign-in."""

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Answer `text`, or ask to sign in first."""
        session, viewer = who_is_here(turn)
        question = read(text, day_of(turn))
        if not after_sign_in and self.explains(turn, dispatcher, text, question, session is not None):
            return []
        waiting = {"action": self.name(), "text": text}
        if session is None:
            self.tell_a_stranger(dispatcher)
            ask_to_sign_in(turn, dispatcher, self.sign_in_needed(question))
            return [SlotSet(WAITING_REQUEST, waiting)]
        if viewer is None:
            waiting_for_person = SlotSet(WAITING_REQUEST, waiting | {"person": session.person_id})
            return [*ask_which_agency(turn, session, dispatcher), waiting_for_person]
        shown = shown_to(tracker, session)
        visit = Visit(turn, session, viewer, question, text, tracker, dispatcher, shown, after_sign_in)
        events = self.answer(visit)
        self._record(visit)
        return events

    def _record(self, visit: Visit) -> None:
        """Who looked at what, on whose behalf: one entry for each request."""
        kind, number = visit.about
        entry = Entry(
            self.name().removeprefix("action_"),
            address=visit.turn.address,
            person_id=visit.viewer.person_id,
            agency_id=visit.viewer.agency_id,
            object_kind=kind,
            object_id=number,
        )
        record(visit.connection, visit.turn.now, entry)

    def explains(
        self, turn: Turn, dispatcher: CollectingDispatcher, text: str, question: Question, is_signed_in: bool
    ) -> bool:
        """Answer a message that only asks how something is done, which anybody is told; whether it was one."""
        return False

    def sign_in_needed(self, question: Question) -> str:
        """What a stranger is told with the link: NEEDED, or NEEDED_TO_DO where something is changed."""
        return NEEDED

    def tell_a_stranger(self, dispatcher: CollectingDispatcher) -> None:
        """What somebody who has not signed in may hear before the link; most often nothing."""
        return

    @abstractmethod
    def answer(self, visit: Visit) -> Events:
        """Answer a signed-in person."""


def who_is_here(turn: Turn) -> tuple[Session | None, Viewer | None]:
    """Who is signed in here, and with which right they act for their agency now; None where there is none."""
    session = session_of(turn.connection, turn.address, turn.now)
    if session is None:
        return None, None
    return session, viewer_if_any(turn.connection, session.person_id, session.agency_id, turn.now)


def visit_of(turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str) -> Visit | None:
    """The visit of who is signed in here and may act; None for all others, without a word."""
    session, viewer = who_is_here(turn)
    if session is None or viewer is None:
        return None
    return Visit(turn, session, viewer, read(text, day_of(turn)), text, tracker, dispatcher, shown_to(tracker, session))


def ask_to_sign_in(turn: Turn, dispatcher: CollectingDispatcher, response: str = NEEDED) -> None:
    """Give a link that signs in this conversation; where it was signed out from elsewhere, it is told so."""
    link = make_link(turn.connection, turn.area, turn.address, turn.now)
    if response in (NEEDED, NEEDED_TO_DO) and was_closed_elsewhere(turn.connection, turn.address):
        response = "utter_sign_in_closed_elsewhere"
    dispatcher.utter_message(response=response, link=link)


def ask_which_agency(turn: Turn, session: Session, dispatcher: CollectingDispatcher) -> Events:
    """A person of several agencies chooses one; a person of none is told whom to turn to."""
    agencies = agencies_named(turn.connection, session.person_id, turn.now)
    if not agencies:
        dispatcher.utter_message(response="utter_no_agency")
        return [SlotSet(SHOWN, None)]
    dispatcher.utter_message(text=render("agencies.md.j2", agencies=agencies))
    ids = [agency.id for agency in agencies]
    return [SlotSet(SHOWN, {"person": session.person_id, "kind": MANY_AGENCIES, "ids": ids})]


def shown_to(tracker: Tracker, session: Session) -> dict[str, Any]:
    """What was shown last, if it was shown to this person."""
    shown = tracker.get_slot(SHOWN)
    return shown if isinstance(shown, dict) and shown.get("person") == session.person_id else {}


def day_of(turn: Turn) -> date:
    """The day that it is for the person."""
    return turn.now.astimezone(SPAIN).date()


def text_of(tracker: Tracker) -> str:
    """The person's message."""
    return str(tracker.latest_message.get("text") or "")


@contextmanager
def turn_of(tracker: Tracker) -> Iterator[Turn]:
    """The running turn; Rasa's own commands, which know none, get one with a transaction of its own."""
    turn = current_turn()
    if turn is not None:
        yield turn
        return
    settings = read_settings()
    database = Database(settings.database)
    try:
        with database.writing() as connection:
            area = Area(settings.public_address, session_secret(settings))
            company = read_company(settings.company_file)
            yield Turn(connection, f"shell:{tracker.sender_id}", utc_now(), area, company=company)
    finally:
        database.close()
