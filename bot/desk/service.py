"""Opening a case, what the customer chooses, and what is honestly told about the wait. All in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection

from bot.accounts.service import viewer_if_any
from bot.area import Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.desk import store
from bot.desk.model import Case, Choice, Happened, NotYours, Outcome, Reason, State, email_in, phone_in
from bot.desk.tables import case
from bot.identity.persons import person_by_id
from bot.identity.sessions import Session, session_of
from bot.procedures import service as procedures
from bot.procedures import store as procedure_store
from bot.procedures.mailboxes import answer_at
from bot.procedures.mails import mail_changed
from bot.procedures.model import Actor, Change, Kind, NotPossible, Procedure
from bot.procedures.model import State as ProcedureState
from bot.procedures.rights import Doer
from bot.procedures.service import Opening, open_procedure

WAITS_LOOKED_AT = timedelta(hours=2)
FEWEST_WAITS = 3
"""From fewer than these no wait is foretold: one lucky case says nothing."""
PHONE, MAIL = "phone", "mail"
ENDS = {
    Outcome.SOLVED: ProcedureState.RESOLVED,
    Outcome.WRONG_PLACE: ProcedureState.RESOLVED,
    Outcome.HANDED_BACK: ProcedureState.RESOLVED,
    Outcome.NOT_SOLVED: ProcedureState.REJECTED,
    Outcome.LEFT: ProcedureState.CANCELLED,
    Outcome.ANSWERED_LATER: ProcedureState.IN_PROGRESS,
    Outcome.NO_ANSWER: ProcedureState.WAITING_PERSON,
}
"""Into which state the case's procedure comes with each outcome."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a waiting customer may be told: how many came before, and how long the last ones waited, None if unknown."""

    ahead: int
    wait: timedelta | None


def open_case(
    connection: Connection, area: Area, address: str, reason: Reason, now: datetime, about: Procedure | None = None
) -> tuple[Case, bool]:
    """The live case of a conversation, and whether it is new. A new one is `about` a procedure, or gets one of its own."""
    found = store.live_at(connection, address)
    if found is not None:
        return found, False
    session = _session(connection, address, now)
    kind = Kind.COMPLAINT if reason is Reason.COMPLAINT else Kind.HANDOFF
    followed = about or open_procedure(connection, area, Opening(kind, address, session), now)
    values = _first_values(address, reason, session, now)
    key = {"procedure_id": followed.id, "tracking_key": followed.tracking_key, "deadline_on": followed.deadline_on}
    opened = store.add(connection, values | key)
    store.add_step(connection, opened.id, Happened.QUEUED, now)
    record(connection, now, entry_of(opened, "case_opened", by_customer=True))
    return opened, True


def _session(connection: Connection, address: str, now: datetime) -> Session | None:
    """Who is signed in there. Whose right for the agency has ended still gets a person, for themselves alone."""
    found = session_of(connection, address, now)
    if found is None or viewer_if_any(connection, found.person_id, found.agency_id, now):
        return found
    return replace(found, agency_id=None)


def _first_values(address: str, reason: Reason, session: Session | None, now: datetime) -> dict[str, object]:
    moments = dict.fromkeys(("opened_at", "queued_at", "changed_at", "last_person_at"), now)
    return moments | {
        "address": address,
        "state": State.WAITING.value,
        "reason": reason.value,
        "choice": Choice.WAIT.value,
        "asking": "",
        "person_id": session.person_id if session else None,
        "agency_id": session.agency_id if session else None,
        "team": "",
        "read_sequence": 0,
    }


def place_of(connection: Connection, waiting: Case, now: datetime) -> Place:
    """How many wait before this case, and the median of the waits of the last two hours."""
    waits = store.recent_waits(connection, now - WAITS_LOOKED_AT)
    known = median(wait.total_seconds() for wait in waits) if len(waits) >= FEWEST_WAITS else None
    return Place(store.waiting_before(connection, waiting), None if known is None else timedelta(seconds=known))


def choose(connection: Connection, area: Area, waiting: Case, choice: Choice, text: str, now: datetime) -> Case:
    """Wait in the chat, be called back, or be answered by mail; what is missing for it is asked for (`asking`).

    `text` may hold the number or the address; who is signed in has an address on record. The mailbox is the procedure's
    too. The case is in the queue; raises NotYours when it is not any more.
    """
    phone = (phone_in(text) or waiting.phone) if choice is Choice.CALL else waiting.phone
    email = (
        (email_in(text) or waiting.email or _email_on_record(connection, waiting)) if choice is Choice.MAIL else None
    )
    missing = {Choice.CALL: PHONE if not phone else "", Choice.MAIL: MAIL if not email else ""}.get(choice, "")
    values = {"choice": choice.value, "phone": phone, "email": email or waiting.email, "asking": missing}
    changed = store.change(connection, waiting.id, now, case.state == State.WAITING.value, **values)
    if changed is None:
        raise NotYours
    if choice is Choice.MAIL and email:
        doer = Doer(Actor.PERSON, waiting.address, session_of(connection, waiting.address, now))
        answer_at(connection, area, waiting.procedure_id, email, doer, now)
    return changed


def _email_on_record(connection: Connection, waiting: Case) -> str | None:
    person = person_by_id(connection, waiting.person_id) if waiting.person_id is not None else None
    return person.email if person else None


def stop_waiting(connection: Connection, area: Area, waiting: Case, now: datetime) -> None:
    """The customer does not want a person any more. Raises NotYours when an agent has it already."""
    only = case.state == State.WAITING.value
    end(connection, area, waiting, State.CLOSED, Outcome.LEFT, now, only=only)


def end(
    connection: Connection,
    area: Area,
    held: Case,
    state: State,
    outcome: Outcome,
    now: datetime,
    *,
    only: object,
    staff_id: int | None = None,
    note: str = "",
) -> Case:
    """End a case, if `only` holds of it, and bring its procedure to where the outcome leads. Raises NotYours."""
    values = {"state": state.value, "outcome": outcome.value, "ended_at": now, "asking": ""}
    ended = store.change(connection, held.id, now, only, **values)  # type: ignore[arg-type]  # a condition on columns
    if ended is None:
        raise NotYours
    what = {Outcome.LEFT: Happened.LEFT, Outcome.HANDED_BACK: Happened.HANDED_BACK}.get(outcome, Happened.CLOSED)
    store.add_step(connection, held.id, what, now, staff_id)
    record(connection, now, entry_of(ended, f"case_{what.value}", by_customer=staff_id is None, staff_id=staff_id))
    _end_procedure(connection, area, ended, outcome, note, now)
    return ended


def _end_procedure(connection: Connection, area: Area, ended: Case, outcome: Outcome, note: str, now: datetime) -> None:
    """A complaint is answered by people: that the talk ended does not end it. Nor does it a request with papers of its own."""
    if ended.reason is Reason.RULE:
        return _tell(connection, area, ended, Change(ProcedureState.IN_PROGRESS, outcome.value, note), now)
    is_complaint = ended.reason is Reason.COMPLAINT and outcome in (Outcome.HANDED_BACK, Outcome.LEFT)
    state = ProcedureState.IN_PROGRESS if is_complaint else ENDS[outcome]
    if outcome is Outcome.LEFT and not is_complaint and ended.taken_at is not None:
        state = ProcedureState.RESOLVED
    try:
        doer = Doer(Actor.STAFF, ended.address)
        procedures.change_state(connection, area, ended.procedure_id, Change(state, outcome.value, note), doer, now)
    except NotPossible:  # somebody brought it further already
        return None


def _tell(connection: Connection, area: Area, ended: Case, said: Change, now: datetime) -> None:
    """What the staff says at the end reaches who asked, whatever the state of the request."""
    followed = procedure_store.held(connection, ended.procedure_id)
    if said.note and followed is not None:
        told = replace(said, state=followed.state)
        procedure_store.add_step(connection, followed.id, told, Actor.STAFF, now)
        mail_changed(connection, area, followed, told, now)


def entry_of(about: Case, action: str, *, by_customer: bool = False, staff_id: int | None = None) -> Entry:
    """What the audit says; a colleague is named by number in the object's id, as persons are customers."""
    by = f"{about.id}" if staff_id is None else f"{about.id} staff {staff_id}"
    person = about.person_id if by_customer else None
    return Entry(
        action, address=about.address, person_id=person, agency_id=about.agency_id, object_kind="case", object_id=by
    )
