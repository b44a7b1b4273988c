"""Finds a client by what a person writes, with its slips: first what stands there, then what resembles it.

Only clients of the viewer's own agency are ever compared.
"""

from __future__ import annotations

from sqlalchemy import Connection

from bot.accounts import store
from bot.accounts.likeness import Texts, nearest, resembling, wanted
from bot.accounts.model import Client, Found, Page, Viewer


def find(connection: Connection, viewer: Viewer, words: str, page: Page) -> Found:
    """A page of the clients that fit an identifier, a CUPS, or words of the name and address."""
    total = store.count_clients(connection, viewer, words)
    if total:
        return Found(store.clients(connection, viewer, words, page), True, total)
    if store.is_code(words):
        return Found((), False, 0)
    return _resembling(connection, viewer, words, page)


def _resembling(connection: Connection, viewer: Viewer, words: str, page: Page) -> Found:
    search = wanted(words)
    found = resembling(search, Texts(store.search_texts(connection, viewer, search.numbers)))
    shown = [each.client_id for each in found[page.offset : page.offset + page.limit]]
    clients = store.clients_by_id(connection, viewer, shown) if shown else ()
    return Found(clients, bool(found) and found[0].exact, len(found))


def find_nearest(connection: Connection, viewer: Viewer, words: str, limit: int) -> list[Client]:
    """The clients that resemble the words most, at most `limit`, where nothing was found."""
    if store.is_code(words):
        return []
    found = nearest(wanted(words), Texts(store.search_texts(connection, viewer, ())), limit)
    return store.clients_by_id(connection, viewer, [each.client_id for each in found]) if found else []
