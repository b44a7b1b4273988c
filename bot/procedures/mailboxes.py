"""The mailbox that a procedure's news go to: given when it is opened, or later on for the answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.accounts.model import NotFound
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.identity import attempts
from bot.identity.attempts import Limit
from bot.procedures import store
from bot.procedures.mails import mail_opened
from bot.procedures.rights import Doer

OF_TYPED_MAILBOX = Limit("procedure_mailbox", 5, timedelta(hours=24))
"""A mailbox that somebody typed who is not signed in may be a stranger's: it is not written to without end."""
OF_TYPING_CONVERSATION = Limit("procedure_typing", 10, timedelta(hours=24))
"""Nor does one conversation write to many such mailboxes."""


def limits_of(doer: Doer, mailbox: str | None) -> dict[Limit, str]:
    """What bounds the mails to a mailbox that nobody has proved to be theirs."""
    if doer.session is not None or not mailbox:
        return {}
    return {OF_TYPED_MAILBOX: mailbox.strip().lower(), OF_TYPING_CONVERSATION: doer.address}


def answer_at(connection: Connection, area: Area, procedure_id: int, mailbox: str, doer: Doer, now: datetime) -> None:
    """Tell the news of a procedure at that mailbox from now on; it gets the key and the last day at once.

    That the doer may do so is the caller's to know. Where news go there already, nothing happens. Raises NotFound.
    """
    held = store.held(connection, procedure_id)
    if held is None:
        raise NotFound
    if (store.mailbox_of(connection, procedure_id) or "").lower() == mailbox.lower():
        return
    store.set_mailbox(connection, procedure_id, mailbox)
    who = (doer.address, doer.person_id, doer.agency_id)
    record(connection, now, Entry("procedure_mailbox_given", Result.DONE, *who, "procedure", f"{procedure_id}"))
    limits = limits_of(doer, mailbox)
    if not limits or not attempts.wait_or_note(connection, area, limits, now):
        mail_opened(connection, area, held, "", now, is_stranger=doer.session is None)
