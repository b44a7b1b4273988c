"""Files that people send: what arrived is told, and what nobody can know is asked: which paper it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.paper_texts import Placed, button_title, page_link, placed_groups, sent_names
from actions.texts import buttons, render
from actions.visit import Events, text_of, turn_of
from bot.accounts.model import NotFound
from bot.documents.model import Document, Settled, shown_name
from bot.documents.model import NotFound as NoDocument
from bot.documents.news import tell_news
from bot.documents.service import delete_document
from bot.identity.sessions import Session, session_of
from bot.procedures.paper_answers import Meant, answer_meant
from bot.procedures.papers import Place, places_for, put, unsorted
from bot.turn import Turn

PAPERS_ASKED = "papers_asked"
PAPER = "/documents_paper"
DIFFER, NONE_OF_THEM, DELETE = "papers_differ", "papers_none", "papers_delete"
_IDENTITY_CARD = re.compile(r"(?<![a-z])(?:dni|nie|nif|pasaporte|carn[eé]|identidad)(?![a-z])", re.IGNORECASE)


class ActionDocumentsArrived(Action):
    """Tells by itself what came of the files that were sent."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_documents_arrived"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """What is kept and where, what is refused and why, what is still missing; then the question that is open."""
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            news = tell_news(turn.connection, turn.address, turn.now)
            if not news:
                dispatcher.utter_message(response="utter_documents_told")
                return []
            kept = [each.document for each in news if each.document is not None and each.document.name]
            mine = [each for each in kept if each.person_id is None or session is not None]
            _tell(turn, session, dispatcher, news, kept, mine)
            loose = [each for each in mine if each.procedure_id is None]
            return _ask(turn, session, dispatcher, loose) if loose else []


class ActionDocumentsPaper(Action):
    """The answer to which paper a file is: puts it in its place."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_documents_paper"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        """Only files that are this person's own and wait for a place are touched, whatever the slot says."""
        with turn_of(tracker) as turn:
            session = session_of(turn.connection, turn.address, turn.now)
            asked, rest = _asked(turn, session, tracker)
            if not asked:
                dispatcher.utter_message(response="utter_documents_none_loose")
                return [SlotSet(PAPERS_ASKED, None)]
            return _answered(turn, session, dispatcher, text_of(tracker).strip().casefold(), asked, rest)


def offer_kept(turn: Turn, session: Session | None, dispatcher: CollectingDispatcher) -> Events:
    """After a procedure was opened: ask whether files that were sent before are papers of it. Nothing is said without any."""
    loose = unsorted(turn.connection, turn.address, session)
    waits = [place for place in places_for(turn.connection, turn.address, session, turn.now) if place.is_missing]
    return _ask(turn, session, dispatcher, loose) if loose and waits else []


def say_how_to_send(turn: Turn, session: Session | None, dispatcher: CollectingDispatcher, procedure_id: int) -> None:
    """Where the papers of a procedure are sent; its page for who sees it."""
    link = page_link(turn, session, procedure_id)
    if link is None:
        dispatcher.utter_message(response="utter_papers_how")
    else:
        dispatcher.utter_message(response="utter_papers_page", link=link)


def _tell(
    turn: Turn,
    session: Session | None,
    dispatcher: CollectingDispatcher,
    news: Sequence[Settled],
    kept: Sequence[Document],
    mine: Sequence[Document],
) -> None:
    refused = [{"name": shown_name(each.upload.name), "reason": each.reason} for each in news if each.reason]
    asleep = [each.name for each in kept if each not in mine]
    groups = placed_groups(turn, session, [each for each in mine if each.procedure_id is not None])
    if not (refused or asleep or groups):
        return
    is_identity_card = any(_IDENTITY_CARD.search(each.name) for each in kept if each.procedure_id is not None)
    text = render(
        "documents_arrived.md.j2",
        groups=groups,
        refused=refused,
        asleep=asleep,
        is_identity_card=is_identity_card,
    )
    dispatcher.utter_message(text=text)


def _ask(
    turn: Turn,
    session: Session | None,
    dispatcher: CollectingDispatcher,
    loose: Sequence[Document],
    rest: Sequence[str] = (),
) -> Events:
    """Ask which paper these files are, all of them together; where nothing waits for papers, say what becomes of them.

    Only a question is left open: what is said next is no answer to what asked nothing.
    """
    places = places_for(turn.connection, turn.address, session, turn.now)
    offered = [_button(button_title(place, places)) for place in places]
    if places:
        offered += buttons(*([DIFFER] if len(loose) > 1 else []), NONE_OF_THEM)
    else:
        offered = buttons(DELETE)
    text = render(
        "documents_which.md.j2",
        names=sent_names(loose),
        count=len(loose),
        places=places,
        is_identity_card=any(_IDENTITY_CARD.search(each.name) for each in loose),
    )
    dispatcher.utter_message(text=text, buttons=offered)
    asked = {"references": [each.reference for each in loose], "rest": list(rest)}
    return [SlotSet(PAPERS_ASKED, asked if places else None)]


def _button(title: str) -> dict[str, str]:
    return {"title": title, "payload": PAPER}


def _asked(turn: Turn, session: Session | None, tracker: Tracker) -> tuple[list[Document], list[str]]:
    """The files that the question was about, of those that are this person's and still wait; and those that come later."""
    slot = tracker.get_slot(PAPERS_ASKED)
    loose = {each.reference: each for each in unsorted(turn.connection, turn.address, session)}
    if not isinstance(slot, dict):
        return list(loose.values()), []
    asked = [loose[reference] for reference in slot.get("references", ()) if reference in loose]
    return asked, [reference for reference in slot.get("rest", ()) if reference in loose]


def _answered(
    turn: Turn,
    session: Session | None,
    dispatcher: CollectingDispatcher,
    said: str,
    asked: Sequence[Document],
    rest: list[str],
) -> Events:
    places = places_for(turn.connection, turn.address, session, turn.now)
    chosen = next((place for place in places if button_title(place, places).casefold() == said), None)
    means = chosen or answer_meant(said, places)
    if means is Meant.IDENTITY_CARD:
        dispatcher.utter_message(response="utter_documents_identity_card", buttons=buttons(DELETE, NONE_OF_THEM))
        return [SlotSet(PAPERS_ASKED, {"references": [each.reference for each in asked], "rest": rest})]
    if means is Meant.DIFFER and len(asked) > 1:
        return _ask(turn, session, dispatcher, asked[:1], [each.reference for each in asked[1:]] + rest)
    if means is Meant.DELETE:
        for each in asked:
            delete_document(turn.connection, turn.address, session, each.reference, turn.now)
        dispatcher.utter_message(response="utter_documents_deleted")
        return _next(turn, session, dispatcher, rest)
    if means is Meant.NONE:
        dispatcher.utter_message(response="utter_documents_kept", buttons=buttons(DELETE))
        if not rest:
            return [SlotSet(PAPERS_ASKED, {"references": [each.reference for each in asked], "rest": []})]
        return _next(turn, session, dispatcher, rest)
    if isinstance(means, Meant):
        return _ask(turn, session, dispatcher, asked, rest)
    return _put(turn, session, dispatcher, means, asked, rest)


def _put(
    turn: Turn,
    session: Session | None,
    dispatcher: CollectingDispatcher,
    chosen: Place,
    asked: Sequence[Document],
    rest: list[str],
) -> Events:
    references = [each.reference for each in asked]
    if not _is_put(turn, session, references, chosen):
        return _ask(turn, session, dispatcher, asked, rest)
    placed = Placed.of(turn, session, chosen.procedure.id, chosen.paper, [each.name for each in asked])
    dispatcher.utter_message(
        text=render("documents_arrived.md.j2", groups=[placed], refused=[], asleep=[], is_identity_card=False)
    )
    return _next(turn, session, dispatcher, rest)


def _is_put(turn: Turn, session: Session | None, references: Sequence[str], place: Place) -> bool:
    """All of them or none."""
    try:
        with turn.connection.begin_nested():
            put(turn.connection, turn.area, turn.address, session, references, place, turn.now)
    except (NotFound, NoDocument):
        return False
    return True


def _next(turn: Turn, session: Session | None, dispatcher: CollectingDispatcher, rest: Sequence[str]) -> Events:
    """The next file of those that are different papers."""
    waiting = {each.reference: each for each in unsorted(turn.connection, turn.address, session)}
    later = [reference for reference in rest if reference in waiting]
    if not later:
        return [SlotSet(PAPERS_ASKED, None)]
    return _ask(turn, session, dispatcher, [waiting[later[0]]], later[1:])
