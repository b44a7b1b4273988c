"""The clients that the agency manages: a list, a search, one in detail."""

from __future__ import annotations

from actions.find_client import search
from actions.texts import buttons
from actions.visit import Events, Visit
from bot.accounts.model import Client, Page
from bot.accounts.service import count_contracts
from bot.invoices.model import UNPAID, Filters
from bot.invoices.service import payment_day_of, totals_of
from bot.questions.model import Question, Wish
from bot.questions.saved import from_json, to_json

CLIENTS = "clients"
ROWS = 8


def list_clients(visit: Visit, question: Question, offset: int) -> Events:
    """A page of clients from `offset` on."""
    searched = question.cups or question.identifier or question.name
    found, _ = search(visit, searched, Page(offset, ROWS))
    if not found.clients:
        visit.say("utter_nothing_more" if offset else "utter_client_not_found", searched=searched)
        return []
    if found.total == 1 and searched:
        return show_client(visit, found.clients[0])
    more = buttons("more") if offset + len(found.clients) < found.total else []
    counted = {"total": found.total, "exact": found.exact, "first": offset + 1}
    visit.show("clients.md.j2", more, choose=False, clients=found.clients, searched=searched, **counted)
    ids = [client.id for client in found.clients]
    return visit.remember(CLIENTS, ids=ids, question=to_json(question), offset=offset)


def show_client(visit: Visit, client: Client) -> Events:
    """One client: who it is, what it has, what it owes."""
    here = (visit.connection, visit.viewer)
    visit.about = ("client", str(client.id))
    visit.show(
        "client.md.j2",
        buttons("their_invoices", "their_contracts"),
        client=client,
        contracts=count_contracts(*here, client.id, current=True),
        unpaid_total=totals_of(*here, Filters(client_id=client.id, states=UNPAID)).all,
        payment_day=payment_day_of(*here, client.id),
    )
    return visit.remember(CLIENTS, ids=[client.id], question={}, offset=0)


def follow(visit: Visit) -> Events:
    """Go on from a list of clients: the next page, or another search."""
    if visit.question.wish is Wish.MORE:
        before = from_json(visit.shown.get("question") or {})
        return list_clients(visit, before, int(visit.shown.get("offset") or 0) + ROWS)
    return list_clients(visit, visit.question, 0)
