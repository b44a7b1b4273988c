"""Invoices in the chat: lists, sums, one in detail, and files of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from actions.find_client import Asked, client_asked
from actions.invoice_texts import nothing_found, values_of
from actions.places import at_place
from actions.texts import Link, buttons
from actions.visit import Events, Visit
from bot.accounts.model import NotFound, Page
from bot.invoices.downloads import MOST_FILES, MOST_ROWS, Which, link_to_archive, link_to_invoice, link_to_sheet
from bot.invoices.model import UNPAID, Filters, Invoice
from bot.invoices.service import invoice_numbered, invoice_of, invoices_of, totals_by_client, totals_of
from bot.questions.detail import Detail, detail_asked
from bot.questions.model import Question, Wish
from bot.questions.saved import from_json, to_json

INVOICES = "invoices"
ROWS = 6
MOST_DEBTORS = 5
OF_ONE = (Wish.OPEN, Wish.DOWNLOAD)
OF_SEVERAL = (Wish.ARCHIVE, Wish.SHEET)


def answer(visit: Visit, question: Question, client_id: int | None = None, offset: int = 0) -> Events:
    """What a question about invoices asks for; `client_id` is a client chosen before."""
    if question.unreadable:
        visit.say("utter_unreadable_date", date=question.unreadable)
        return []
    if question.number:
        return _numbered(visit, question)
    asked = client_asked(visit, question, "action_invoices", client_id)
    if asked.events is not None:
        return asked.events
    filters = filters_of(question, asked.client_id)
    if question.wish is Wish.TOTAL:
        return _total(visit, question, filters, asked)
    if question.wish in OF_SEVERAL:
        return _file_of_several(visit, question, filters, asked)
    return _list(visit, question, filters, asked, offset)


def filters_of(question: Question, client_id: int | None) -> Filters:
    """A question as the filter that the service knows."""
    return Filters(
        client_id=client_id,
        cups=question.cups or None,
        energy=question.energy,
        issued=question.issued,
        due=question.due,
        states=question.states,
        least_cents=question.least_cents,
        most_cents=question.most_cents,
    )


def _list(visit: Visit, question: Question, filters: Filters, asked: Asked, offset: int) -> Events:
    """A page of the list; a single one, or one that is meant by its place, in detail."""
    totals = totals_of(visit.connection, visit.viewer, filters)
    listed = _Listed(question, asked.client_id, offset)
    if not totals.all.count:
        nothing_found(visit, question, filters, asked)
        return listed.remembered(visit)
    rows = min(question.limit or ROWS, ROWS)
    invoices = invoices_of(visit.connection, visit.viewer, filters, Page(offset, rows), question.order)
    if not invoices:
        visit.say("utter_nothing_more")
        return []
    listed = replace(listed, ids=tuple(invoice.id for invoice in invoices))
    if question.ordinals or question.limit == 1 or question.wish in OF_ONE or totals.all.count == 1:
        return _at_place(visit, listed, question)
    more = totals.all.count > offset + len(invoices) and not question.limit
    values = values_of(question, asked) | {"total": totals.all, "unpaid_total": totals.unpaid}
    offered = buttons(*(["more"] if more else []), "as_sheet", "download_all")
    visit.show("invoices.md.j2", offered, invoices=invoices, first=offset + 1, **values)
    return listed.remembered(visit)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list as it was shown: what was asked, of which client, from which row on, and the ids of the rows."""

    question: Question
    client_id: int | None = None
    offset: int = 0
    ids: tuple[int, ...] = ()

    def remembered(self, visit: Visit, one: int | None = None) -> Events:
        """Keep it for follow-ups; `one` is the invoice that was shown in detail last."""
        question = replace(self.question, ordinals=(), wish=Wish.LIST, number="")
        where = {"client_id": self.client_id, "offset": self.offset, "ids": list(self.ids), "one": one}
        return visit.remember(INVOICES, question=to_json(question), **where)


def _at_place(visit: Visit, listed: _Listed, question: Question) -> Events:
    """Of a list the invoice that is meant: by its number in it, or the first ("la última factura de Sol")."""
    chosen = at_place(listed.ids, question.ordinals or (listed.offset + 1,), listed.offset)
    if chosen is None:
        visit.say("utter_no_such_row")
        return []
    return _one(visit, listed, chosen, question.wish)


def _one(visit: Visit, listed: _Listed, invoice_id: int, wish: Wish) -> Events:
    """One invoice in detail, or its file. Its right is checked here again: an id in a slot is nothing."""
    try:
        invoice = invoice_of(visit.connection, visit.viewer, invoice_id)
    except NotFound:
        visit.say("utter_not_found")
        return []
    _show_one(visit, invoice, wish)
    return listed.remembered(visit, invoice.id)


def _show_one(visit: Visit, invoice: Invoice, wish: Wish) -> None:
    visit.about = ("invoice", str(invoice.id))
    link = Link(link_to_invoice(visit.turn.area, visit.viewer, visit.session.id, invoice.id))
    if wish is Wish.DOWNLOAD:
        visit.show("file.md.j2", kind="invoice", invoice=invoice, link=link)
    else:
        visit.show("invoice.md.j2", invoice=invoice, link=link)


def _numbered(visit: Visit, question: Question) -> Events:
    try:
        invoice = invoice_numbered(visit.connection, visit.viewer, question.number)
    except NotFound:
        visit.say("utter_invoice_not_found", number=question.number)
        return []
    _show_one(visit, invoice, question.wish)
    return _Listed(question, None, 0, (invoice.id,)).remembered(visit, invoice.id)


def _total(visit: Visit, question: Question, filters: Filters, asked: Asked) -> Events:
    """Sums: of what is owed when the question says so or names no state."""
    owed = not question.states or question.states == UNPAID
    if owed:
        filters = replace(filters, states=UNPAID)
        question = replace(question, states=UNPAID)
    totals = totals_of(visit.connection, visit.viewer, filters)
    by_client = [] if asked.client else totals_by_client(visit.connection, visit.viewer, filters, MOST_DEBTORS)
    by_state = totals.by_state if len(totals.by_state) > 1 else {}
    values = values_of(question, asked) | {"total": totals.all, "unpaid_total": totals.unpaid}
    offered = buttons("those_invoices") if totals.all.count else []
    visit.show("totals.md.j2", offered, owed=owed, by_state=by_state, by_client=by_client, **values)
    return _Listed(question, asked.client_id).remembered(visit)


def _file_of_several(visit: Visit, question: Question, filters: Filters, asked: Asked) -> Events:
    """A link to a ZIP of the PDFs or to a spreadsheet of everything that the question asks for."""
    count = totals_of(visit.connection, visit.viewer, filters).all.count
    if not count:
        nothing_found(visit, question, filters, asked)
        return []
    count = min(count, question.limit or count)
    is_archive = question.wish is Wish.ARCHIVE
    kind, most, link_to = (
        ("archive", MOST_FILES, link_to_archive) if is_archive else ("sheet", MOST_ROWS, link_to_sheet)
    )
    if count > most:
        visit.say("utter_too_many_files", count=str(count), most=str(most))
        return []
    which = Which(question.order, question.limit)
    link = Link(link_to(visit.turn.area, visit.viewer, visit.session.id, filters, which))
    visit.show("file.md.j2", kind=kind, count=count, link=link)
    if visit.shown.get("kind") == INVOICES:
        return []  # the list that was shown goes on being what follow-ups are about
    return _Listed(question, asked.client_id).remembered(visit)


def follow(visit: Visit, merged: Question) -> Events:
    """Go on from a list of invoices: the next page, one of them, a file, a sum, or another filter."""
    said = visit.question
    listed = _listed_before(visit)
    before, client_id, offset, ids = listed.question, listed.client_id, listed.offset, listed.ids
    detail = detail_asked(visit.text) if ids else None
    if detail and (detail is not Detail.AMOUNT or _one_meant(visit, listed)):
        return _tell(visit, listed, detail)
    if said.wish is Wish.MORE:
        return answer(visit, before, client_id, offset + ROWS)
    if said.wish is Wish.BACK:
        return answer(visit, before, client_id, max(offset - ROWS, 0))
    if said.ordinals and ids:
        return _at_place(visit, listed, said)
    if said.wish in OF_ONE and ids and said.limit is None:
        return _the_one(visit, listed, said.wish)
    names_another = said.name or said.identifier
    return answer(visit, merged, None if names_another else client_id)


def _listed_before(visit: Visit) -> _Listed:
    """The list that was shown last."""
    ids = tuple(int(value) for value in visit.shown.get("ids") or ())
    before = from_json(visit.shown.get("question") or {})
    return _Listed(before, visit.shown.get("client_id"), int(visit.shown.get("offset") or 0), ids)


def _one_meant(visit: Visit, listed: _Listed) -> int | None:
    """The invoice shown in detail last, or the only one; None where it could be any of a list."""
    one = visit.shown.get("one") or (listed.ids[0] if len(listed.ids) == 1 else None)
    return None if one is None else int(one)


def _the_one(visit: Visit, listed: _Listed, wish: Wish) -> Events:
    """What "descárgala" is about; where it could be any of a list the person is asked which."""
    one = _one_meant(visit, listed)
    if one is None:
        visit.say("utter_which_one")
        return []
    return _one(visit, listed, one, wish)


def _tell(visit: Visit, listed: _Listed, detail: Detail) -> Events:
    """What "¿está pagada?" asks of the invoice that is being looked at, in a sentence."""
    one = _one_meant(visit, listed)
    if one is None:
        visit.say("utter_which_one")
        return []
    try:
        invoice = invoice_of(visit.connection, visit.viewer, one)
    except NotFound:
        visit.say("utter_not_found")
        return []
    visit.about = ("invoice", str(invoice.id))
    visit.show("invoice_detail.md.j2", invoice=invoice, detail=detail.value)
    return []
