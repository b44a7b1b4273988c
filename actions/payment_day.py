"""The day of the month on which a client's invoices are paid: told to whoever may look, changed after a yes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from actions.confirmation import ask_for_yes
from actions.find_client import client_asked
from actions.visit import Events, Visit
from bot.accounts.model import Client
from bot.invoices.payment_day import DAYS, set_payment_day
from bot.invoices.service import payment_day_of
from bot.questions.model import Question

PAYMENT_DAY = "payment_day"


def answer(visit: Visit, question: Question, client_id: int | None = None) -> Events:
    """Of which client, then which day; `client_id` is a client chosen before."""
    asked = client_asked(visit, question, "action_payment_day", client_id)
    if asked.events is not None:
        return asked.events
    if asked.client is None:
        visit.say("utter_which_client")
        return visit.remember(PAYMENT_DAY, client_id=None, day=question.day)
    return propose_day(visit, asked.client, question.day, asked.guessed)


def propose_day(visit: Visit, client: Client, day: int | None, guessed: bool = False) -> Events:
    """Say what would happen and wait for the yes. Whoever may only look is told the day that is chosen now."""
    before = payment_day_of(visit.connection, visit.viewer, client.id)
    remembered = visit.remember(PAYMENT_DAY, client_id=client.id, day=None)
    if day is None:
        may_change = visit.viewer.may_change
        visit.show("payment_day.md.j2", client=client, guessed=guessed, day=before, may_change=may_change)
        return remembered
    if not visit.viewer.may_change:
        visit.say("utter_read_only")
        return []
    if day not in DAYS:
        visit.say("utter_payment_day_range")
        return remembered
    details = {"client_id": client.id, "day": day}
    summary = {"client": client, "day": day, "before": before, "guessed": guessed}
    return [*remembered, *ask_for_yes(visit, PAYMENT_DAY, details, "confirm_payment_day.md.j2", summary)]


def apply(visit: Visit, details: dict[str, Any]) -> Events:
    """Set the day that was confirmed. Raises NotAllowed and NotFound."""
    client_id, day = int(details["client_id"]), int(details["day"])
    client = set_payment_day(visit.connection, visit.viewer, client_id, None, day, visit.turn.now, visit.turn.address)
    visit.say("utter_payment_day_set", client=client.name, day=str(day))
    return []


def follow(visit: Visit) -> Events:
    """The day, or the client, that was asked for."""
    said = visit.question
    day = said.day or next((place for place in said.ordinals if place > 0), None) or visit.shown.get("day")
    client_id = None if any(said.who) else visit.shown.get("client_id")
    return answer(visit, replace(said, day=day, ordinals=()), client_id)
