"""What somebody has asked for: the list, one procedure in detail, and what is done with one that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.paper_texts import page_link
from actions.papers import say_how_to_send
from actions.places import at_place
from actions.procedure_draft import Draft
from actions.procedure_form import begin
from actions.procedure_rows import CANCEL, OPEN, PROCEDURES, remembered, row_of
from actions.texts import buttons, render
from actions.visit import Events
from bot.accounts.model import NotFound, Page
from bot.area import SPAIN
from bot.identity.sessions import Session, session_of
from bot.procedures import looking, service
from bot.procedures.checklists import paper_of
from bot.procedures.how_it_goes import asks_how_it_goes
from bot.procedures.model import Actor, Progress
from bot.procedures.rights import Doer
from bot.procedures.tracking_keys import find_key, has_misread_key
from bot.questions.model import Question, Wish
from bot.questions.request import is_about_cancelling, kinds_meant
from bot.turn import Turn

ROWS = 6


@dataclass(frozen=True)
class Scene:
    """Somebody signed in who asks for procedures; `shown` is what they were shown last."""

    turn: Turn
    session: Session
    dispatcher: CollectingDispatcher
    text: str
    question: Question
    shown: dict[str, Any]

    @property
    def doer(self) -> Doer:
        """Who does what is asked for."""
        return Doer(Actor.PERSON, self.turn.address, self.session)

    def say(self, response: str) -> Events:
        """Utter a response; nothing else happens."""
        self.dispatcher.utter_message(response=response)
        return []


def answer(scene: Scene, then: str = OPEN) -> Events:
    """What a message asks for: the procedure of its key or its place, else those of the kind it names, else all."""
    if has_misread_key(scene.text):
        return scene.say("utter_procedure_key_misread")
    key = find_key(scene.text)
    if key:
        return _with_key(scene, key, then)
    if scene.shown.get("kind") == PROCEDURES and (scene.question.ordinals or scene.question.wish is Wish.MORE):
        return follow(scene, then)
    if then == OPEN and asks_how_it_goes(scene.text) and _only_shown(scene) is not None:
        return _with_id(scene, _only_shown(scene), then)
    kinds = kinds_meant(scene.text)
    found = service.procedures_of(scene.turn.connection, scene.session, scene.turn.now, Page(0, ROWS + 1))
    fitting = [one for one in found if one.kind in kinds and (then == OPEN or one.closed_at is None)]
    if then == CANCEL and not fitting and _only_shown(scene) is not None:
        return _with_id(scene, _only_shown(scene), then)
    if len(fitting) == 1:
        return _with_id(scene, fitting[0].id, then)
    return show_list(scene, 0, then)


def follow(scene: Scene, then: str = "") -> Events:
    """Go on from a list or from one procedure: the next page, one of them, or its end."""
    then = CANCEL if is_about_cancelling(scene.text) else then or str(scene.shown.get("then") or OPEN)
    offset = int(scene.shown.get("offset") or 0)
    if scene.question.wish is Wish.MORE:
        return show_list(scene, offset + ROWS, then)
    chosen = at_place(map(int, scene.shown.get("ids") or ()), scene.question.ordinals, offset)
    if chosen is None and scene.question.ordinals:
        return scene.say("utter_no_such_row")
    return _with_id(scene, chosen if chosen is not None else _only_shown(scene), then)


def goes_on(question: Question, text: str) -> bool:
    """Whether a message is about the procedures that were shown."""
    return question.follow_up or is_about_cancelling(text)


def show_list(scene: Scene, offset: int, then: str = OPEN) -> Events:
    """A page of the procedures from `offset` on, the open ones first."""
    turn = scene.turn
    found = service.procedures_of(turn.connection, scene.session, turn.now, Page(offset, ROWS + 1))
    shown, is_more = found[:ROWS], len(found) > ROWS
    if then == CANCEL:
        shown = [one for one in shown if one.closed_at is None]
    if not shown:
        return scene.say("utter_nothing_more" if offset else "utter_no_procedures")
    missing = looking.missing_of(turn.connection, shown)
    rows = [row_of(turn, one, missing.get(one.id, ())) for one in shown]
    text = render("procedures.md.j2", procedures=rows, first=offset + 1, more=is_more, then=then)
    scene.dispatcher.utter_message(text=text, buttons=buttons("more") if is_more and then == OPEN else [])
    return remembered(scene.session, [one.id for one in shown], offset, then)


def show_progress(turn: Turn, dispatcher: CollectingDispatcher, told: Progress, *, may_cancel: bool) -> None:
    """One procedure in detail."""
    one, session = told.procedure, session_of(turn.connection, turn.address, turn.now)
    papers = [paper_of(one.kind, code) for code in told.missing]
    notes = [{"on": step.at.astimezone(SPAIN).date(), "text": step.note} for step in told.steps if step.note]
    text = render(
        "procedure.md.j2",
        one=row_of(turn, one, told.missing),
        papers=[paper for paper in papers if paper],
        notes=notes,
        link=page_link(turn, session, one.id),
    )
    dispatcher.utter_message(text=text, buttons=buttons("cancel_procedure") if may_cancel else [])
    if told.missing:
        say_how_to_send(turn, session, dispatcher, one.id)


def _with_key(scene: Scene, key: str, then: str) -> Events:
    try:
        found = service.status_for(scene.turn.connection, scene.session, key, scene.turn.now)
    except NotFound:
        return scene.say("utter_procedure_not_yours")
    return _one(scene, found, then)


def _with_id(scene: Scene, procedure_id: int | None, then: str) -> Events:
    if procedure_id is None:
        return show_list(scene, 0, then)
    try:
        found = looking.progress_for(scene.turn.connection, scene.session, procedure_id, scene.turn.now)
    except NotFound:
        return scene.say("utter_not_found")
    return _one(scene, found, then)


def _one(scene: Scene, found: Progress, then: str) -> Events:
    one = found.procedure
    if then == CANCEL:
        if one.closed_at is not None:
            return scene.say("utter_procedure_closed")
        return begin(Draft(one.kind, scene.session.person_id, cancels=one.id))
    may = looking.changeable(scene.turn.connection, one.id, scene.doer, scene.turn.now) is not None
    show_progress(scene.turn, scene.dispatcher, found, may_cancel=may)
    return remembered(scene.session, [one.id], 0, OPEN)


def _only_shown(scene: Scene) -> int | None:
    ids = scene.shown.get("ids") or []
    return int(ids[0]) if scene.shown.get("kind") == PROCEDURES and len(ids) == 1 else None
