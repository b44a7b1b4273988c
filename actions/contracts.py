"""The contracts of the agency's clients."""

from __future__ import annotations

from actions.find_client import client_asked
from actions.texts import buttons
from actions.visit import Events, Visit
from bot.accounts.model import Page
from bot.accounts.service import contracts_of, count_contracts
from bot.questions.model import Question, Wish
from bot.questions.saved import from_json, to_json

CONTRACTS = "contracts"
ROWS = 6


def list_contracts(visit: Visit, question: Question, client_id: int | None = None, offset: int = 0) -> Events:
    """A page of contracts from `offset` on; `client_id` is a client chosen before."""
    asked = client_asked(visit, question, "action_contracts", client_id)
    if asked.events is not None:
        return asked.events
    client = asked.client
    asked_for = (visit.connection, visit.viewer, asked.client_id, question.cups or None)
    number, energy = question.number or None, question.energy
    total = count_contracts(*asked_for, number=number, energy=energy)
    if total <= offset:
        visit.say("utter_nothing_more" if offset else "utter_no_contracts")
        return []
    contracts = contracts_of(*asked_for, Page(offset, ROWS), number=number, energy=energy)
    more = ["more"] if offset + len(contracts) < total else []
    offered = buttons(*more, *(["their_invoices"] if client else []))
    values = {"contracts": contracts, "total": total, "first": offset + 1, "asked": question}
    visit.show("contracts.md.j2", offered, client=client, guessed=asked.guessed, **values)
    ids = [contract.id for contract in contracts]
    return visit.remember(CONTRACTS, ids=ids, client_id=asked.client_id, question=to_json(question), offset=offset)


def follow(visit: Visit, merged: Question) -> Events:
    """Go on from a list of contracts: the next page, or another filter."""
    if visit.question.wish is Wish.MORE:
        before = from_json(visit.shown.get("question") or {})
        return list_contracts(visit, before, visit.shown.get("client_id"), int(visit.shown.get("offset") or 0) + ROWS)
    names_another = visit.question.name or visit.question.identifier
    return list_contracts(visit, merged, None if names_another else visit.shown.get("client_id"))
