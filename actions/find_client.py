"""Which client a question is about: by identifier, CUPS or name, also misspelt; asked back when several fit."""

from __future__ import annotations

from dataclasses import dataclass

from actions.visit import Events, Visit
from bot.accounts.model import Client, Found, NotFound, Page
from bot.accounts.service import client_of, find_clients, nearest_clients
from bot.questions.model import Question
from bot.questions.saved import to_json

CHOOSING = "choosing"
OFFERED = Page(0, 6)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question says about the client: one, or none named; `events` when the person has to say more first."""

    client: Client | None = None
    guessed: bool = False
    events: Events | None = None

    @property
    def client_id(self) -> int | None:
        """Its id."""
        return self.client.id if self.client else None


def client_asked(visit: Visit, question: Question, action: str, chosen: int | None = None) -> Asked:
    """The client of a question; `action` goes on with it once the person has chosen one of several.

    `chosen` is the id of one that was chosen before.
    """
    asked = _chosen(visit, chosen) if chosen is not None else _named(visit, question, action)
    if asked.client is not None:
        visit.about = ("client", str(asked.client.id))
    return asked


def _named(visit: Visit, question: Question, action: str) -> Asked:
    searched = question.identifier or question.name
    if not searched:
        return Asked()
    found, is_nearest = search(visit, searched, OFFERED)
    if found.total == 1 and not is_nearest:
        return Asked(found.clients[0], guessed=not found.exact)
    if not found.clients:
        visit.say("utter_client_not_found", searched=searched)
        return Asked(events=[])
    return Asked(events=_offer(visit, question, action, found, searched))


def search(visit: Visit, searched: str, page: Page) -> tuple[Found, bool]:
    """The clients that fit; where none does, those that resemble it most, and True."""
    found = find_clients(visit.connection, visit.viewer, searched, page)
    if found.total:
        return found, False
    nearest = nearest_clients(visit.connection, visit.viewer, searched)
    return Found(nearest, False, len(nearest)), True


def _chosen(visit: Visit, client_id: int) -> Asked:
    try:
        return Asked(client_of(visit.connection, visit.viewer, client_id))
    except NotFound:
        visit.say("utter_not_found")
        return Asked(events=[])


def _offer(visit: Visit, question: Question, action: str, found: Found, searched: str) -> Events:
    """Show the clients that fit, and keep the question until one of them is chosen."""
    visit.show(
        "clients.md.j2",
        clients=found.clients,
        total=found.total,
        exact=found.exact,
        searched=searched,
        first=1,
        choose=True,
    )
    ids = [client.id for client in found.clients]
    return visit.remember(CHOOSING, ids=ids, action=action, question=to_json(question))
