"""What can be asked about invoices. Every call says who asks and sees that agency's own, nothing else.

A client, supply point or contract of somebody else gives what one that does not exist gives: nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection

from bot.accounts.model import NotFound, Page, Viewer
from bot.invoices import store
from bot.invoices.model import Filters, Invoice, Totals

EVERYTHING = Filters()
FIRST_PAGE = Page()


def invoices_of(
    connection: Connection, viewer: Viewer, filters: Filters = EVERYTHING, page: Page = FIRST_PAGE
) -> list[Invoice]:
    """The invoices of the agency's clients, overdue ones first, then by the day they are due, the last first."""
    return store.invoices(connection, viewer, filters, page)


def totals_of(connection: Connection, viewer: Viewer, filters: Filters = EVERYTHING) -> Totals:
    """Number and sum of the invoices that `invoices_of` would give on all its pages."""
    return Totals(store.totals(connection, viewer, filters))


def invoice_of(connection: Connection, viewer: Viewer, invoice_id: int) -> Invoice:
    """One invoice of the agency's clients. Raises NotFound, also when it is another agency's."""
    found = store.invoice_by_id(connection, viewer, invoice_id)
    if found is None:
        raise NotFound
    return found


def payment_day_of(
    connection: Connection, viewer: Viewer, client_id: int, contract_id: int | None = None
) -> int | None:
    """The day of the month, 1 to 28, on which a contract is paid: its own, else its client's; None: none is chosen."""
    return store.payment_day_of(connection, viewer, client_id, contract_id)
