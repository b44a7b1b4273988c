"""Every mail with details that fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.company import read_company
from bot.settings import PROJECT

COMPANY = read_company(PROJECT / "company.yml")
LINK = "https://gestorias.example.com/clave/a-b_c?x=1&y=2"
UNDO = "https://gestorias.example.com/deshacer/d-e_f"
CONTACT = {
    "name": "Ana Peña",
    "agency": "Gestoría Sol",
    "role": "read_only",
    "until": "2026-12-31",
    "may_authorize": False,
}
REPRESENTATIVES = {"name": "Ana", "agency": "Gestoría Sol", "former": "Luis Otero", "begun": "Nora Gil"}
ASSIGNED = {"agency": "Gestoría Sol", "client": "Finca Luna"}

PAPER = {"title": "Escritura o poder", "accepted": ["la escritura de la gestoría", "el poder notarial"]}
LETTERS: dict[str, dict[str, Any]] = {
    "password_choose": {"name": "Ana Peña", "link": LINK, "minutes": 30},
    "password_reset": {"name": "Ana Peña", "link": LINK, "minutes": 30},
    "password_changed": {"name": "Ana Peña"},
    "sign_in_notice": {"name": "Ana Peña", "when": "2026-11-22T12:05:00+00:00"},
    "invoices_overdue": {"name": "Ana Peña", "count": 3, "link": LINK},
    "chat_linked": {
        "name": "Ana Peña",
        "when": "2026-11-22T12:05:00+00:00",
        "channel": "telegram",
        "device": "Chrome · Android",
        "link": LINK,
    },
    "registration_code": {"code": "482 913", "minutes": 10},
    "payment_day_changed": {"client": "Peña & Cía", "day": 5, "person": "Ana Peña"},
    "contact_invited": {**CONTACT, "link": LINK, "manager": None, "is_representative": False},
    "contact_added_holder": {**CONTACT, "undo_link": UNDO, "manager": "energy", "by": "Olga Sanz"},
    "contact_changed_holder": {**CONTACT, "undo_link": UNDO},
    "contact_removed_holder": {
        "name": "Ana Peña",
        "agency": "Gestoría Sol",
        "undo_link": UNDO,
        "manager": "property",
        "below": 2,
    },
    "contact_removed": {"name": "Ana Peña", "agency": "Gestoría Sol", "with_manager": "Olga Sanz"},
    "representative_began": {"name": "Nora", "agency": "Gestoría Sol", "former": "Luis Otero"},
    "representative_ended": {"name": "Luis", "agency": "Gestoría Sol", "begun": "Nora Gil"},
    "representative_changed": REPRESENTATIVES,
    "assignment_asked": {**ASSIGNED, "link": LINK, "code": "V7K3-9MCD-TCR9", "until": "2026-11-29T12:05:00+00:00"},
    "assignment_accepted": {**ASSIGNED, "link": LINK},
    "assignment_withdrawn_client": {**ASSIGNED, "by_agency": False},
    "assignment_answered": {**ASSIGNED, "answer": "accepted", "tracking_key": "G-2026-000123"},
    "assignment_ended": {**ASSIGNED, "by_agency": False},
    "desk_answer": {
        "agent": "Laura Gil",
        "tracking_key": "G-2026-000123",
        "asked_on": "2026-11-20",
        "text": ["La factura de octubre ya está <b>anulada</b>.", "Te llegará la nueva el lunes."],
        "link": LINK,
    },
    "desk_file": {
        "agent": "Laura Gil",
        "tracking_key": "G-2026-000123",
        "asked_on": "2026-11-20",
        "link": LINK,
    },
    "procedure_opened": {
        "tracking_key": "G-2026-000123",
        "what": "cambio de representante",
        "opened_on": "2026-11-20",
        "deadline": "2026-12-14",
        "text": ["Llevo un mes esperando <b>respuesta</b>.", "Y nadie contesta."],
        "papers": [PAPER],
        "link": LINK,
    },
    "procedure_changed": {
        "tracking_key": "G-2026-000123",
        "what": "cambio de representante",
        "state": "a la espera de tus documentos",
        "note": "No se lee la segunda página.",
        "papers": [PAPER],
        "link": LINK,
    },
}


def templates() -> set[str]:
    """The names of all mails that have a text."""
    folder: Path = PROJECT / "bot" / "notifications" / "templates"
    return {path.name.removesuffix(".txt.j2") for path in folder.glob("*.txt.j2")} - {"signature"}
