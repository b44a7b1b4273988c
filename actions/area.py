"""The actions about an agency's clients, contracts and invoices, and which requests can wait for a sign-in."""

from __future__ import annotations

from abc import abstractmethod

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import clients, contact_list, contracts, invoices, payment_day
from actions.access import REQUESTS, go_on
from actions.assignment_form import ASSIGNMENT_ASK, ActionClientsAssign, apply_ask
from actions.assignments import ASSIGNMENT_END, ActionClientsUnassign, apply_end
from actions.client_answer import ActionClientsAccept, answer_yes
from actions.confirmation import APPLY, OF_NO_AGENCY, OFFERED, ActionAffirm
from actions.contact_steps import (
    CONTACT_ADD,
    MANAGER_ASK,
    REPRESENTATIVE_ASK,
    apply_add,
    apply_manager,
    apply_representative,
)
from actions.contacts import (
    ActionContactsAdd,
    ActionContactsChangeRole,
    ActionContactsDeactivate,
    ActionContactsList,
    ActionContactsReactivate,
    ActionManagerAdd,
    ActionRepresentativeChange,
)
from actions.follow_up import agency_chosen, follow, goes_on
from actions.procedures import ActionProcedureCancel, ActionProceduresTrack, begin_registration_update
from actions.visit import NEEDED, NEEDED_TO_DO, SHOWN, CustomerAreaAction, Events, Visit
from bot.questions.model import Question, Wish
from bot.turn import Turn


class TopicAction(CustomerAreaAction):
    """A topic of the customer area: `response` explains it to anybody, `begin` answers a question of its own."""

    response: str

    def explains(
        self, turn: Turn, dispatcher: CollectingDispatcher, text: str, question: Question, is_signed_in: bool
    ) -> bool:
        """How and where something is done is told to anybody."""
        if self.asks_for_data(question):
            return False
        dispatcher.utter_message(response=self.response)
        return True

    def asks_for_data(self, question: Question) -> bool:
        """Whether something of an agency is wanted, not only how it is done."""
        return question.wish is not Wish.HOW

    def answer(self, visit: Visit) -> Events:
        """Go on from what was shown when the message does, else begin anew."""
        return follow(visit) if goes_on(visit) else self.begin(visit)

    @abstractmethod
    def begin(self, visit: Visit) -> Events:
        """Answer a question that stands for itself."""


class ActionInvoices(TopicAction):
    """Invoices by client, supply point, period, state and amount: lists, sums, files."""

    response = "utter_invoices_view"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_invoices"

    def begin(self, visit: Visit) -> Events:
        """What is asked about invoices."""
        return invoices.answer(visit, visit.question, visit.client_meant)


class ActionContracts(TopicAction):
    """Contracts: of a client, at a supply point, of gas or of electricity."""

    response = "utter_contracts_view"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_contracts"

    def begin(self, visit: Visit) -> Events:
        """The contracts that are asked for."""
        return contracts.list_contracts(visit, visit.question, visit.client_meant)


class ActionClients(TopicAction):
    """The agency's clients, all or those that fit what was written."""

    response = "utter_clients_view"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_clients"

    def begin(self, visit: Visit) -> Events:
        """The clients that fit; a single one in detail."""
        return clients.list_clients(visit, visit.question, 0)


class ActionPaymentDay(TopicAction):
    """A client's day of payment, and the choice of another."""

    response = "utter_payment_day"

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_payment_day"

    def asks_for_data(self, question: Question) -> bool:
        """Without a client and a day, only how it is done is asked."""
        is_about_somebody = bool(any(question.who) or question.day or question.ordinals)
        return is_about_somebody and super().asks_for_data(question)

    def sign_in_needed(self, question: Question) -> str:
        """A day that is said is chosen; else the one that is chosen is told."""
        return NEEDED_TO_DO if question.day or question.wish is Wish.CHOOSE else NEEDED

    def tell_a_stranger(self, dispatcher: CollectingDispatcher) -> None:
        """How it works: it is as likely a question about that."""
        dispatcher.utter_message(response=self.response)

    def begin(self, visit: Visit) -> Events:
        """Tell the day, or ask for a yes to another."""
        return payment_day.answer(visit, visit.question, visit.client_meant)


class ActionFollowUp(CustomerAreaAction):
    """Messages that mean nothing by themselves: "la segunda", "más", "en excel"."""

    def name(self) -> str:
        """Name of the action in domain.yml."""
        return "action_follow_up"

    def answer_request(
        self, turn: Turn, dispatcher: CollectingDispatcher, tracker: Tracker, text: str, after_sign_in: bool = False
    ) -> Events:
        """A person of several agencies says which one; all else is a request like any other."""
        if not tracker.get_slot(SHOWN):
            dispatcher.utter_message(response="utter_follow_up_of_what")
            return []
        if not after_sign_in and agency_chosen(turn, tracker, text):
            return go_on(turn, dispatcher, tracker)
        return super().answer_request(turn, dispatcher, tracker, text, after_sign_in)

    def answer(self, visit: Visit) -> Events:
        """Go on from what this person was shown last."""
        return follow(visit)


_CONTACT_KINDS = (
    *(ActionContactsAdd, ActionContactsList),
    *(ActionContactsChangeRole, ActionContactsDeactivate, ActionContactsReactivate),
    *(ActionManagerAdd, ActionRepresentativeChange),
    *(ActionClientsAssign, ActionClientsUnassign),
)
_WAITING_KINDS = (
    *(ActionInvoices, ActionContracts, ActionClients, ActionPaymentDay, ActionFollowUp, ActionAffirm),
    *_CONTACT_KINDS,
)
REQUESTS.update({action.name(): action for action in (kind() for kind in _WAITING_KINDS)})
REQUESTS.update(
    {action.name(): action for action in (ActionProceduresTrack(), ActionProcedureCancel(), ActionClientsAccept())}
)
OF_NO_AGENCY.append(answer_yes)
OFFERED["/registration_update"] = begin_registration_update
APPLY[payment_day.PAYMENT_DAY] = payment_day.apply
APPLY[CONTACT_ADD] = apply_add
APPLY[MANAGER_ASK] = apply_manager
APPLY[REPRESENTATIVE_ASK] = apply_representative
APPLY[ASSIGNMENT_ASK] = apply_ask
APPLY[ASSIGNMENT_END] = apply_end
APPLY.update({f"contact_{wish}": contact_list.apply(wish) for wish in contact_list.CHANGES})
