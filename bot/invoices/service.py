"""What can be asked about invoices. Every call says who asks and sees that agency's own, nothing else.

A client, supply point or contract of somebody else gives what one that does not exist gives: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.accounts.model import NotFound, Page, Viewer
from bot.invoices import nearest, store
from bot.invoices.model import ClientTotal, Filters, Invoice, Nearby, Order, Totals

EVERYTHING = Filters()
FIRST_PAGE = Page()


def invoices_of(
    connection: Connection,
    viewer: Viewer,
    filters: Filters = EVERYTHING,
    page: Page = FIRST_PAGE,
    order: Order = Order.URGENCY,
) -> list[Invoice]:
    """The invoices of the agency's clients; without an order overdue ones first, then by the day they are due."""
    return store.invoices(connection, viewer, filters, page, order)


def first_invoices_of(
    connection: Connection, viewer: Viewer, filters: Filters, limit: int, order: Order = Order.URGENCY
) -> list[Invoice]:
    """The first `limit` invoices that `invoices_of` would give on all its pages, for a file of them."""
    return store.first_invoices(connection, viewer, filters, limit, order)


def totals_of(connection: Connection, viewer: Viewer, filters: Filters = EVERYTHING) -> Totals:
    """Number and sum of the invoices that `invoices_of` would give on all its pages."""
    return Totals(store.totals(connection, viewer, filters))


def totals_by_client(connection: Connection, viewer: Viewer, filters: Filters, limit: int) -> list[ClientTotal]:
    """The clients with the largest sums of these invoices, the largest first: who owes most, if unpaid ones are asked."""
    return store.totals_by_client(connection, viewer, filters, limit)


def invoice_of(connection: Connection, viewer: Viewer, invoice_id: int) -> Invoice:
    """One invoice of the agency's clients. Raises NotFound, also when it is another agency's."""
    found = store.invoice_by_id(connection, viewer, invoice_id)
    if found is None:
        raise NotFound
    return found


def invoices_with_ids(connection: Connection, viewer: Viewer, ids: Sequence[int]) -> list[Invoice]:
    """These invoices in this order. Raises NotFound if one of them is not of the agency's clients."""
    found = store.invoices_by_id(connection, viewer, ids)
    if {invoice.id for invoice in found} != set(ids):
        raise NotFound
    return found


def invoice_numbered(connection: Connection, viewer: Viewer, number: str) -> Invoice:
    """The invoice of the agency's clients with that number; small letters do for capitals.

    Raises NotFound, also when it is another agency's.
    """
    found = store.invoice_by_number(connection, viewer, number.strip())
    if found is None:
        raise NotFound
    return found


def nearest_of(connection: Connection, viewer: Viewer, filters: Filters) -> list[Nearby]:
    """For a question that finds nothing: what it would find with less asked of it, the smallest change first.

    Empty if the client, or the agency, has no invoice at all.
    """
    return nearest.nearest_of(connection, viewer, filters)


def payment_day_of(
    connection: Connection, viewer: Viewer, client_id: int, contract_id: int | None = None
) -> int | None:
    """The day of the month, 1 to 28, on which a contract is paid: its own, else its client's; None: none is chosen."""
    return store.payment_day_of(connection, viewer, client_id, contract_id)
