"""Topics of procedures: complaining, leaving a question, the way from CIF to NIF, "¿cómo va lo mío?", cancelling, and news."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.client_answer import answer_code
from actions.hand_off import say_how_it_stands
from actions.procedure_draft import Draft
from actions.procedure_form import begin, request_of, told
from actions.procedure_list import Scene, answer
from actions.procedure_rows import CANCEL, row_of
from actions.procedure_sending import client_named
from actions.procedure_status import SENT_HERE, ask_for_code
from actions.registration_check import LOOKUP
from actions.texts import buttons, render
from actions.visit import (
    WAITING_REQUEST,
    Events,
    RequestAction,
    ask_to_sign_in,
    ask_which_agency,
    day_of,
    shown_to,
    text_of,
    turn_of,
    who_is_here,
)
from bot.accounts.model import Registration, Viewer
from bot.accounts.service import agencies_of, agency_of
from bot.desk.store import live_at
from bot.identity.identifier_checks import Kind as IdentifierKind
from bot.identity.identifier_checks import kind_of
from bot.identity.persons import person_by_id
from bot.identity.sessions import Session, session_of
from bot.procedures.desk import NOTE
from bot.procedures.how_it_goes import asks_how_it_goes
from bot.procedures.looking import mailed_here, opened_here, tell_news
from bot.procedures.model import Kind, News
from bot.procedures.tracking_keys import find_key, has_misread_key
from bot.questions.reading import read
from bot.questions.request import is_short_question, kinds_meant
from bot.turn import Turn

TRACK, CANCEL_ACTION = "action_procedures_track", "action_procedure_cancel"
_UNSURE = frozenset({"nlu_fallback", "out_of_scope", "near_meter_reading", "near_tariffs", "near_supply_changes"})


class ActionComplaint(Action):
    """Takes a complaint, right here; who only asks how it is done is told so."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_complaint"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Explain, and begin with what the message tells already."""
        text = text_of(tracker)
        with turn_of(tracker) as turn:
            said = request_of(turn, text)
            if said.asks_how and (not said.has_own_words or is_short_question(text)):
                dispatcher.utter_message(response="utter_complaint", buttons=buttons("complain"))
                return []
            draft = told(_new(turn, Kind.COMPLAINT), said)
            if text != buttons("complain")[0]["title"]:  # it stands below the explanation
                dispatcher.utter_message(response="utter_complaint")
            if not said.has_own_words:
                return begin(draft)
            full = draft.with_words(text) or draft
            return begin(Draft.of(full.as_json() | {"client": client_named(turn, text)}) or full)


class ActionLeaveQuestion(Action):
    """Takes a question that a person has to answer, with what the assistant has just failed to understand."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_leave_question"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Begin with the question that was asked before."""
        with turn_of(tracker) as turn:
            draft = _new(turn, Kind.QUESTION)
        for text in _not_understood(tracker):
            draft = draft.with_words(text) or draft
        dispatcher.utter_message(response="utter_leave_question")
        return begin(draft)


class ActionRegistrationUpdate(Action):
    """Begins to bring an account that was registered with a CIF up to date."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_registration_update"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Begin with all that the message and the account say; who is registered with a NIF has nothing to do."""
        return begin_registration_update(dispatcher, tracker)


class ActionProceduresTrack(RequestAction):
    """Tells how things go ("¿cómo va lo mío?"): for who is signed in at once, for others with the key and a mailed code.

    A code that an agency's client was mailed has the form of a key, and leads to what it is asked.
    """

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_procedures_track"

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Answer `text`: the message itself, or one that waited for a sign-in."""
        person_awaited = live_at(turn.connection, turn.address) if asks_how_it_goes(text) else None
        if person_awaited is not None:
            say_how_it_stands(turn, dispatcher, person_awaited)
            return []
        key = find_key(text)
        answered = answer_code(turn, dispatcher, key) if key else None
        if answered is not None:
            return answered
        session = session_of(turn.connection, turn.address, turn.now)
        if session is None:
            return _track_without_session(turn, dispatcher, text)
        if _has_to_choose(turn, session) and not key:
            waiting = {"action": TRACK, "text": text, "person": session.person_id}
            return [*ask_which_agency(turn, session, dispatcher), SlotSet(WAITING_REQUEST, waiting)]
        return answer(_scene(turn, session, dispatcher, tracker, text))


class ActionProcedureCancel(RequestAction):
    """Ends a procedure of one's own, after a yes."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_procedure_cancel"

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """Find which one is meant and ask for the yes. Who is not signed in ends what this conversation opened."""
        session = session_of(turn.connection, turn.address, turn.now)
        if session is not None:
            return answer(_scene(turn, session, dispatcher, tracker, text), CANCEL)
        opened, key, kinds = opened_here(turn.connection, turn.address), find_key(text), kinds_meant(text)
        meant = [one for one in opened if (one.tracking_key == key if key else not kinds or one.kind in kinds)]
        if len(meant) == 1:
            return begin(Draft(meant[0].kind, cancels=meant[0].id))
        if meant:
            dispatcher.utter_message(response="utter_procedure_cancel_which")
            return []
        ask_to_sign_in(turn, dispatcher, "utter_procedure_cancel_sign_in")
        return [SlotSet(WAITING_REQUEST, {"action": CANCEL_ACTION, "text": text})]


class ActionProcedureChanged(Action):
    """Tells by itself what staff did to a procedure that was opened in this conversation."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_procedure_changed"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """The news that were not told yet. What a person opened signed in is told in detail only while they are."""
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            person = session.person_id if session else None
            news = tell_news(turn.connection, turn.address, turn.now)
            open_news = [one for one in news if one.procedure.person_id in (None, person)]
            if open_news:
                told_news = [_news(turn, one) for one in open_news]
                dispatcher.utter_message(text=render("procedure_news.md.j2", news=told_news))
            if len(open_news) < len(news) or not news:
                dispatcher.utter_message(response="utter_procedure_news_hidden")
        return []


def begin_registration_update(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    """Open the form with all that is known of the account, its representative and the mailbox."""
    with turn_of(tracker) as turn:
        session, viewer = who_is_here(turn)
        if viewer is not None:
            agency = agency_of(turn.connection, viewer)
            if agency.registered_with is Registration.NIF:
                dispatcher.utter_message(response="utter_account_registered_with_nif", agency=agency.name)
                return []
            if viewer.is_limited or not viewer.may_change:
                dispatcher.utter_message(response="utter_read_only")
                return []
        draft = _with_account(turn, _new(turn, Kind.REGISTRATION_UPDATE), session, viewer)
        dispatcher.utter_message(response="utter_registration_update")
        lookup = str(tracker.get_slot(LOOKUP) or "")
        if lookup and not draft.cif and kind_of(lookup) is IdentifierKind.CIF:
            draft = Draft.of(draft.as_json() | {"cif": lookup}) or draft
        return begin(told(draft, request_of(turn, text_of(tracker))))


def wants_registration_update(turn: Turn, text: str) -> bool:
    """Whether a message about the registration brings what the update needs: it is one then, not a question."""
    said = request_of(turn, text)
    return bool(said.identifier and (said.cif or said.email)) or bool(said.cif and said.email)


def _with_account(turn: Turn, draft: Draft, session: Session | None, viewer: Viewer | None) -> Draft:
    """What the account of a signed-in person says; a representative is most likely the one who is meant."""
    if session is None or viewer is None:
        return draft
    known = {"cif": agency_of(turn.connection, viewer).identifier}
    person = person_by_id(turn.connection, session.person_id)
    if viewer.access_id is None and person is not None:
        known |= {"identifier": person.identifier, "name": person.name}
    return Draft.of(draft.as_json() | known) or draft


def _new(turn: Turn, kind: Kind) -> Draft:
    session = session_of(turn.connection, turn.address, turn.now)
    return Draft(kind.value, session.person_id) if session else Draft(kind.value)


def _not_understood(tracker: Tracker) -> list[str]:
    """What the person wrote just before and the assistant did not understand."""
    said = [event for event in tracker.events if event.get("event") == "user"][:-1]
    found: list[str] = []
    for event in reversed(said[-2:]):
        intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if intent not in _UNSURE:
            break
        found.insert(0, str(event.get("text") or ""))
    return [text for text in found if text]


def _track_without_session(turn: Turn, dispatcher: CollectingDispatcher, text: str) -> Events:
    if has_misread_key(text):
        dispatcher.utter_message(response="utter_procedure_key_misread")
        return []
    key = find_key(text)
    if key:
        return ask_for_code(turn, dispatcher, key)
    here, kinds = mailed_here(turn.connection, turn.address), kinds_meant(text)
    meant = [one for one in here if not kinds or one.kind in kinds]
    if meant:
        return ask_for_code(turn, dispatcher, meant[0].tracking_key, SENT_HERE)
    ask_to_sign_in(turn, dispatcher, "utter_procedures_track")
    return [SlotSet(WAITING_REQUEST, {"action": TRACK, "text": text})]


def _has_to_choose(turn: Turn, session: Session) -> bool:
    if session.agency_id is not None:
        return False
    return len(agencies_of(turn.connection, session.person_id, turn.now)) > 1


def _scene(turn: Turn, session: Session, dispatcher: CollectingDispatcher, tracker: Tracker, text: str) -> Scene:
    return Scene(turn, session, dispatcher, text, read(text, day_of(turn)), shown_to(tracker, session))


def _news(turn: Turn, one: News) -> dict[str, Any]:
    return {"one": row_of(turn, one.procedure), "note": one.step.note, "is_note": one.step.code == NOTE}
