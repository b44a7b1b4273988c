"""One change of contacts while it is made: whose, when, and what is noted and mailed of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.accounts.model import ManagerKind, NotAllowed, NotFound, Viewer
from bot.accounts.service import agency_of, representatives_of, viewer_of
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.contacts import store
from bot.contacts.model import Change, Held, NewContact, Problem, Refused, State, Terms
from bot.contacts.store import Grant, invitation_table, undo_link_table
from bot.identity import attempts
from bot.identity.attempts import Limit
from bot.identity.links import add_link
from bot.notifications.service import queue

INVITATION_LIFETIME = timedelta(days=7)
UNDO_LIFETIME = timedelta(hours=24)
# The first mail to a contact of an agency, and three more in a day.
MAILS = Limit("invitation_mail", 4, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Act:
    """A change by `viewer` at the conversation `address` ("" on a page). Everything happens in the caller's transaction."""

    connection: Connection
    area: Area
    viewer: Viewer
    address: str
    now: datetime

    def held(self, contact_id: int) -> Held:
        """The right of a contact of the agency. Raises NotFound."""
        for found in store.holders(self.connection, self.viewer, contact_id):
            return found
        raise NotFound

    def note(self, action: str, object_id: int | str, result: Result = Result.DONE) -> None:
        """Write the audit."""
        who = (self.viewer.person_id, self.viewer.agency_id)
        record(self.connection, self.now, Entry(action, result, self.address, *who, "contact", str(object_id)))

    def check(self, action: str, object_id: int | str, problem: Problem | None) -> None:
        """Note a refusal and raise it: NotAllowed, NotFound or Refused."""
        if problem is None:
            return
        self.note(action, object_id, Result.REFUSED)
        if problem is Problem.NOT_ALLOWED:
            raise NotAllowed
        if problem is Problem.UNKNOWN_CONTACT:
            raise NotFound
        raise Refused(problem)

    def check_mails(self, action: str, person_id: int) -> None:
        """Raise Refused when the person had too many mails because of this agency today."""
        wait = attempts.wait_seconds(self.connection, self.area, MAILS, self._mail_key(person_id), self.now)
        self.check(action, person_id, Problem.TOO_MANY_MAILS if wait else None)

    def begin(self, person_id: int, new: NewContact) -> Held:
        """Give a person the right of a new contact; what an external manager gives hangs from it and lies within its own."""
        # What hung from a right that was ended elsewhere, or hung itself, must not come back beside a new one.
        self.end_below(person_id)
        store.end_rights(self.connection, person_id, self.viewer.agency_id, self.now)
        giver = viewer_of(self.connection, self.viewer.person_id, self.viewer.agency_id, self.now)
        terms, client_ids = self._within(giver.manager_id, new.terms, new.client_ids)
        return self._begin(person_id, terms, client_ids, new.manager_kind, giver.manager_id)

    def begin_again(self, held: Held, terms: Terms) -> Held:
        """End a right and begin another on these terms over the same clients; what hangs from it stays within it."""
        if held.state(self.now) is State.ENDED:
            self.end_below(held.person.id)
        terms, client_ids = self._within(held.manager_id, terms, store.client_ids_of(self.connection, held))
        store.end_rights(self.connection, held.person.id, self.viewer.agency_id, self.now)
        again = self._begin(held.person.id, terms, client_ids, held.manager_kind, held.manager_id)
        self._bring_in_line(held.person.id)
        return again

    def _begin(
        self,
        person_id: int,
        terms: Terms,
        client_ids: Sequence[int] | None,
        manager_kind: ManagerKind | None,
        manager_id: int | None,
    ) -> Held:
        grant = Grant(
            person_id,
            self.viewer.agency_id,
            terms.role,
            terms.valid_until,
            self.viewer.person_id,
            terms.may_authorize,
            client_ids,
            manager_kind,
            manager_id,
        )
        store.begin_right(self.connection, grant, self.now)
        return self.held(person_id)

    def _within(
        self, manager_id: int | None, terms: Terms, client_ids: Sequence[int] | None
    ) -> tuple[Terms, Sequence[int] | None]:
        """Terms and clients, those of a manager's collaborator as far as the manager's own right reaches now."""
        if manager_id is None:
            return terms, client_ids
        manager = self.held(manager_id)
        own = store.client_ids_of(self.connection, manager)
        if own is None:
            return terms.within(manager.terms), client_ids
        reached = own if client_ids is None else [each for each in client_ids if each in own]
        return terms.within(manager.terms), reached

    def _bring_in_line(self, manager_id: int) -> None:
        """What hangs from a manager's right that has changed is narrowed where it went beyond it."""
        for held in store.hanging_from(self.connection, self.viewer, manager_id):
            before = (held.terms, store.client_ids_of(self.connection, held))
            if self._within(manager_id, *before) != before:
                self.begin_again(held, held.terms)
                self.note("contact_narrowed", held.person.id)

    def end(self, held: Held, with_manager: str = "") -> int:
        """End a right, everything that was opened with it and all that hangs from it, and tell each person.

        Gives how many rights hung from it.
        """
        below = self.end_below(held.person.id, held.person.name)
        both = (held.person.id, self.viewer.agency_id)
        store.end_rights(self.connection, *both, self.now)
        store.end_sessions(self.connection, *both, self.now)
        store.revoke_invitations(self.connection, *both, self.now)
        details = {"name": held.person.first_name, "agency": self.agency, "with_manager": with_manager}
        queue(self.connection, self.now, held.person.email, "contact_removed", details)
        return below

    def end_below(self, manager_id: int, manager: str = "") -> int:
        """End all that hangs from a manager, and what might hang from that in turn."""
        hanging = store.hanging_from(self.connection, self.viewer, manager_id)
        for held in hanging:
            self.note("contact_ended_with_manager", held.person.id)
        return sum(1 + self.end(held, manager) for held in hanging)

    def invite(self, held: Held) -> None:
        """Mail a link with which the contact enters for the first time; earlier ones stop working."""
        person, both = held.person, {"person_id": held.person.id, "agency_id": self.viewer.agency_id}
        store.revoke_invitations(self.connection, **both, now=self.now)
        times = {"created_at": self.now, "expires_at": self.now + INVITATION_LIFETIME}
        values = both | times | {"access_id": held.access_id}
        token = add_link(self.connection, self.area, invitation_table, values)
        attempts.note(self.connection, self.area, MAILS.kind, self._mail_key(person.id), self.now)
        link = {"link": self.area.url(f"/invitacion/{token}"), "is_representative": held.access_id is None}
        details = self._right(held) | {"name": person.first_name} | link
        queue(self.connection, self.now, person.email, "contact_invited", details)

    def tell_holders(self, change: Change, held: Held, former: Terms | None = None, below: int = 0) -> None:
        """Mail every representative what has changed, each with a link of their own to undo it within a day.

        `held` is the right that the change has made or, of one that was removed, ended; `former` is how it was before;
        `below` is how many rights ended with it.
        """
        what = {
            "change": change.value,
            "contact_id": held.person.id,
            "access_id": held.access_id,
            "former": former.as_details() if former else None,
        }
        template = f"contact_{change.value}_holder"
        for holder in representatives_of(self.connection, self.viewer):
            times = {"created_at": self.now, "expires_at": self.now + UNDO_LIFETIME}
            values = {"agency_id": self.viewer.agency_id, "person_id": holder.id, "what": what} | times
            token = add_link(self.connection, self.area, undo_link_table, values)
            link = {"undo_link": self.area.url(f"/deshacer/{token}"), "name": held.person.name, "below": below}
            queue(self.connection, self.now, holder.email, template, self._right(held) | link)

    def _right(self, held: Held) -> dict[str, Any]:
        until = held.until.isoformat() if held.until else None
        hangs = {"manager": held.manager_kind, "by": held.manager_name, "may_authorize": held.may_authorize}
        return {"agency": self.agency, "role": held.role.value, "until": until} | hangs

    @property
    def agency(self) -> str:
        """The agency's name."""
        return agency_of(self.connection, self.viewer).name

    def _mail_key(self, person_id: int) -> str:
        return f"{self.viewer.agency_id}:{person_id}"
