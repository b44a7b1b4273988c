"""What is shown before the yes to a request in writing, and what the yes does."""

from __future__ import annotations

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.hand_off import hand_over_by_rule
from actions.papers import offer_kept, say_how_to_send
from actions.procedure_draft import DRAFT, Draft
from actions.procedure_rows import remembered, row_of
from actions.texts import buttons, mailbox, masked, render
from actions.visit import Events, day_of, who_is_here
from bot.accounts.model import Client, NotAllowed, NotFound
from bot.accounts.service import client_of, find_clients
from bot.identity.masking import masked_email, masked_identifier
from bot.identity.persons import person_by_id
from bot.identity.sessions import Session, session_of
from bot.procedures import looking, service
from bot.procedures.checklists import papers_of
from bot.procedures.model import Actor, Change, Kind, NotPossible, State
from bot.procedures.rights import Doer
from bot.questions.reading import read
from bot.turn import Turn

BY_PERSON = "cancelled_by_person"
SEND_OR_LEAVE, CANCEL_OR_LEAVE = ("send", "leave"), ("cancel_it", "keep_it")


def show_summary(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft) -> Events:
    """Show what the yes would do; no events when it cannot be done, which has been said then."""
    session = session_of(turn.connection, turn.address, turn.now)
    if draft.cancels:
        return _show_cancelling(turn, dispatcher, draft, session)
    try:
        service.check_may_open(turn.connection, _opening(turn, draft, session), turn.now)
    except NotAllowed:
        dispatcher.utter_message(response="utter_read_only")
        return []
    except NotFound:
        return show_summary(turn, dispatcher, _without_client(draft))
    text = render(
        "confirm_procedure.md.j2",
        draft=draft,
        identifier=masked_identifier(draft.identifier) if draft.identifier else "",
        mailbox=_mailbox(turn, draft, session),
        client=_client(turn, draft),
    )
    dispatcher.utter_message(text=text, buttons=buttons(*SEND_OR_LEAVE))
    return [SlotSet(DRAFT, draft.as_json())]


def send(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft) -> Events:
    """Do what was confirmed, once."""
    session = session_of(turn.connection, turn.address, turn.now)
    try:
        return _cancel(turn, dispatcher, draft, session) if draft.cancels else _open(turn, dispatcher, draft, session)
    except NotAllowed:
        dispatcher.utter_message(response="utter_read_only")
    except NotFound:
        dispatcher.utter_message(response="utter_not_found")
    except NotPossible:
        dispatcher.utter_message(response="utter_procedure_closed")
    return []


def client_named(turn: Turn, text: str) -> int:
    """The id of the one client that a message names for sure among those of the person's agency; 0 where there is none."""
    _, viewer = who_is_here(turn)
    question = read(text, day_of(turn))
    searched = question.identifier or question.cups or question.name
    if viewer is None or not searched:
        return 0
    found = find_clients(turn.connection, viewer, searched)
    return found.clients[0].id if found.total == 1 and found.exact else 0


def _open(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft, session: Session | None) -> Events:
    opening = _opening(turn, draft, session)
    is_copied = service.is_copied(turn.connection, turn.area, opening, turn.now)
    opened = service.open_procedure(turn.connection, turn.area, opening, turn.now, f"chat:{draft.once}")
    papers, copied_to = papers_of(opened.kind), _mailbox(turn, draft, session) if is_copied else ""
    text = render("procedure_opened.md.j2", one=row_of(turn, opened), papers=papers, mailbox=copied_to)
    dispatcher.utter_message(text=text)
    events = remembered(session, [opened.id]) if session else []
    if papers:
        say_how_to_send(turn, session, dispatcher, opened.id)
        events += offer_kept(turn, session, dispatcher)
    hand_over_by_rule(turn, dispatcher, opened)
    return events


def _cancel(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft, session: Session | None) -> Events:
    doer = Doer(Actor.PERSON, turn.address, session)
    change = Change(State.CANCELLED, BY_PERSON)
    cancelled = service.change_state(turn.connection, turn.area, draft.cancels, change, doer, turn.now)
    text = render("procedure_cancelled.md.j2", one=row_of(turn, cancelled))
    dispatcher.utter_message(text=text)
    return []


def _opening(turn: Turn, draft: Draft, session: Session | None) -> service.Opening:
    kind = Kind(draft.kind)
    return service.Opening(
        kind,
        turn.address,
        session,
        client_id=draft.client or None if session else None,
        email=draft.email or None,
        needed=[paper.code for paper in papers_of(kind)],
        data=draft.data,
    )


def _show_cancelling(turn: Turn, dispatcher: CollectingDispatcher, draft: Draft, session: Session | None) -> Events:
    doer = Doer(Actor.PERSON, turn.address, session)
    found = looking.changeable(turn.connection, draft.cancels, doer, turn.now)
    if found is None:
        dispatcher.utter_message(response="utter_procedure_closed")
        return []
    text = render("confirm_procedure_cancel.md.j2", one=row_of(turn, found))
    dispatcher.utter_message(text=text, buttons=buttons(*CANCEL_OR_LEAVE))
    return [SlotSet(DRAFT, draft.as_json())]


def _mailbox(turn: Turn, draft: Draft, session: Session | None) -> str:
    """What was typed is shown whole, so that a slip is seen; what is on record is hidden."""
    person = person_by_id(turn.connection, session.person_id) if session else None
    return mailbox(draft.email) if draft.email else masked(masked_email(person.email)) if person else ""


def _client(turn: Turn, draft: Draft) -> Client | None:
    _, viewer = who_is_here(turn)
    return client_of(turn.connection, viewer, draft.client) if viewer and draft.client else None


def _without_client(draft: Draft) -> Draft:
    return Draft.of(draft.as_json() | {"client": 0}) or draft
