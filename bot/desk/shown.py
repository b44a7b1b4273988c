"""Cases, messages and summaries as the desk's pages get them: plain data, codes with their Spanish names, identifiers masked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.area import SPAIN
from bot.company import Company
from bot.conversation.model import Attachment, Author, Message
from bot.desk.model import OUTCOMES_TO_CHOOSE, Case, Choice, Note, Reason, StaffMember
from bot.desk.office import WORDS
from bot.desk.queue import Row
from bot.desk.summary import Summary, masked
from bot.documents.service import is_of_conversation
from bot.identity.masking import masked_email
from bot.procedures.model import Procedure
from bot.procedures.wording import kind_name

CANNED = Path(__file__).parent / "canned_replies.yml"
_SHOWN_DIGITS_OF_A_PHONE = 3


def shown_case(about: Case, now: datetime, *, agency: str | None = None, agent: str | None = None) -> dict[str, Any]:
    """A case for a list or a heading."""
    return {
        "id": about.id,
        "key": about.tracking_key,
        "state": about.state.value,
        "state_name": _name("states", about.state.value),
        "channel": _name("channels", about.channel),
        "reason": _name("reasons", about.reason.value),
        "choice": about.choice.value,
        "choice_name": _name("choices", about.choice.value),
        "is_mailed": about.is_answered_by_mail,
        "phone": _masked_phone(about.phone),
        "email": masked_email(about.email) if about.email else None,
        "opened_at": about.opened_at.isoformat(),
        "taken_at": about.taken_at.isoformat() if about.taken_at else None,
        "last_person_at": about.last_person_at.isoformat(),
        "deadline_on": about.deadline_on.isoformat(),
        "is_late": about.deadline_on < now.astimezone(SPAIN).date(),
        "team": about.team,
        "staff_id": about.staff_id,
        "agency": agency,
        "agent": agent,
        "read_sequence": about.read_sequence,
        "outcome": _name("outcomes", about.outcome) if about.outcome else None,
    }


def shown_row(row: Row, now: datetime) -> dict[str, Any]:
    """A row of the queue."""
    return shown_case(row.case, now, agency=row.agency, agent=row.agent)


def shown_message(message: Message, *, reveals: bool = False, scans: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A message of the transcript; what a customer wrote, or was told, is masked unless it was revealed.

    `scans`: what the virus scanner says of files, by their references; a file that is not in it is not kept any more.
    """
    hides = message.author is not Author.AGENT and not reveals
    sign = "*" if message.author is Author.PERSON else "•"
    return {
        "sequence": message.sequence,
        "sender": message.author.value,
        "signed_by": message.signed_by,
        "text": masked(message.text, sign) if hides else message.text,
        "sent_at": message.sent_at.isoformat(),
        "file": _shown_file(message.attachment, scans or {}) if message.attachment else None,
    }


def _shown_file(attachment: Attachment, scans: Mapping[str, str]) -> dict[str, Any]:
    state = scans.get(attachment.reference)
    return {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "reference": attachment.reference if state else None,
        "scan": _name("scan_states", state or "gone"),
    }


def shown_note(note: Note) -> dict[str, str]:
    """An internal note."""
    return {"at": note.at.isoformat(), "by": note.by, "text": note.text}


def shown_member(member: StaffMember) -> dict[str, Any]:
    """A colleague to whom a conversation can be given."""
    return {"id": member.id, "name": member.name, "team": member.team, "role": member.role.value}


def shown_summary(summary: Summary, about: Case) -> dict[str, Any]:
    """The summary of a case with names for every code. A document has a reference where who has the case may read it."""
    slots, values, forms = (_words()[name] for name in ("slots", "values", "forms"))
    return {
        "person": summary.person,
        "identifier": summary.identifier,
        "email": summary.email,
        "is_email_on_record": summary.is_email_on_record,
        "verified_at": summary.verified_at.isoformat() if summary.verified_at else None,
        "agency": summary.agency,
        "clients": summary.clients,
        "form": forms.get(summary.form) if summary.form else None,
        "collected": [
            {"name": slots[name], "value": values.get(said, said)}
            for name, said in summary.collected.items()
            if name in slots
        ],
        "misunderstood": summary.misunderstood,
        "procedures": [shown_procedure(each, is_late=is_late) for each, is_late in summary.procedures],
        "documents": [
            {
                "name": each.name,
                "size": each.size,
                "scan": _name("scan_states", each.scan_state.value),
                "reference": each.reference if is_of_conversation(each, about.address, about.person_id) else None,
            }
            for each in summary.documents
        ],
    }


def shown_procedure(procedure: Procedure, *, is_late: bool) -> dict[str, Any]:
    """A procedure of a list."""
    return {
        "id": procedure.id,
        "key": procedure.tracking_key,
        "kind": kind_name(procedure.kind),
        "state": procedure.state.value,
        "state_name": _name("procedure_states", procedure.state.value),
        "deadline_on": procedure.deadline_on.isoformat(),
        "is_late": is_late,
    }


def procedure_states() -> dict[str, str]:
    """How the desk calls the states of procedures, by their codes."""
    return dict(_words()["procedure_states"])


def vocabulary(company: Company) -> dict[str, Any]:
    """What the page needs once: names of the filters' codes, outcomes to choose, and the canned replies."""
    words = _words()
    facts = {
        "empresa": company.get("company_name", ""),
        "telefono": company.get("agency_phone", ""),
        "buzon": company.get("agency_mailbox", ""),
    }
    return {
        "reasons": {one.value: words["reasons"][one.value] for one in Reason},
        "choices": {one.value: words["choices"][one.value] for one in Choice},
        "channels": words["channels"],
        "outcomes": {one.value: words["outcomes"][one.value] for one in OUTCOMES_TO_CHOOSE},
        "procedure_states": words["procedure_states"],
        "canned": _canned(),
        "facts": facts,
    }


def _masked_phone(phone: str | None) -> str | None:
    return f"••• {phone[-_SHOWN_DIGITS_OF_A_PHONE:]}" if phone else None


def _name(kind: str, code: str) -> str:
    return str(_words()[kind].get(code, code))


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words


@cache
def _canned() -> list[dict[str, str]]:
    replies: list[dict[str, str]] = yaml.safe_load(CANNED.read_text(encoding="utf-8"))
    return replies
