"""What the texts about invoices are made from, and what is said where nothing was found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from actions.find_client import Asked
from actions.visit import Visit
from bot.invoices.model import UNPAID, Filters
from bot.invoices.service import nearest_of
from bot.questions.model import NO_FIRST, NO_LAST, Question

ONE_DAY = timedelta(days=1)
MOST_NEARBY = 3


def values_of(question: Question, asked: Asked) -> dict[str, Any]:
    """What the templates need to say what was asked for; `one_day` tells them whether a month is whole."""
    ends = {"no_first": NO_FIRST, "no_last": NO_LAST, "one_day": ONE_DAY}
    return {"asked": question, "client": asked.client, "guessed": asked.guessed, "unpaid": UNPAID, **ends}


def nothing_found(visit: Visit, question: Question, filters: Filters, asked: Asked) -> None:
    """Say what was looked for, and the nearest thing that there is."""
    nearest = nearest_of(visit.connection, visit.viewer, filters)[:MOST_NEARBY]
    visit.show("no_invoices.md.j2", nearest=nearest, **values_of(question, asked))
