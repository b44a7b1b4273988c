"""Reads a sentence into a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.invoices.model import Order
from bot.questions.amounts import take_amount
from bot.questions.codes import Codes, take_codes
from bot.questions.line import Line
from bot.questions.model import Question, Subject, Wish
from bot.questions.names import is_introduced, left_over, protect_names, written
from bot.questions.orders import take_order, tells_to_sort
from bot.questions.payment_day import PaymentDay, take_payment_day
from bot.questions.periods import take_periods
from bot.questions.selection import take_selection
from bot.questions.states import take_states
from bot.questions.vocabulary import vocabulary
from bot.questions.wishes import (
    Circumstances,
    asks_how,
    implied_subject,
    is_said_of_somebody,
    is_unfiltered,
    subject_of,
    take_energy,
    take_words,
    turned_page,
    wish_of,
)

_CONTINUES = frozenset(
    ("y", "e", "pero", "ahora", "solo", "solamente", "tambien", "entonces", "mejor", "luego", "ademas", "esas", "esos")
)


def read(text: str, today: date) -> Question:
    """What a sentence asks. Never raises; only the first 600 characters are read.

    A month without a year is the latest one that has begun by `today`. What nobody understands is taken for the name of
    a client or a place, unless it is one of the small words of everyday speech.
    """
    line = Line(text)
    codes = take_codes(line)
    protect_names(line)
    order = take_order(line)
    words = line.words
    payment = take_payment_day(line)
    parts = _parts(line, codes, today)
    parts = replace(parts, order=order or parts.order)
    take_words(line)
    runs = left_over(line)
    parts = replace(parts, name=written(line, runs), day=payment.day)
    question = _about_payment(words, parts, payment) if payment.is_meant and not parts.number else _about(words, parts)
    if payment.wish is Wish.CHOOSE and not payment.is_meant:
        question = replace(question, wish=Wish.CHOOSE, wish_said=True)
    return replace(question, follow_up=_is_follow_up(line, words, question) and is_introduced(line, runs))


def _parts(line: Line, codes: Codes, today: date) -> Question:
    """Everything that narrows the question, each taken away so that the next does not see it."""
    least, most = take_amount(line)
    periods = take_periods(line, today)
    selection = take_selection(line)
    return Question(
        issued=periods.issued,
        due=periods.due,
        unreadable=periods.unreadable,
        least_cents=least,
        most_cents=most,
        states=take_states(line),
        ordinals=selection.ordinals,
        limit=selection.limit,
        order=selection.order,
        number=codes.number,
        cups=codes.cups,
        identifier=codes.identifier,
        energy=take_energy(line),
    )


def _about_payment(words: str, parts: Question, payment: PaymentDay) -> Question:
    how = asks_how(words) and payment.day is None and not any(parts.who)
    wish = Wish.HOW if how else payment.wish
    return replace(parts, subject=Subject.PAYMENT_DAY, wish=wish, wish_said=True, ordinals=(), issued=None, due=None)


def _about(words: str, parts: Question) -> Question:
    subject = subject_of(words) or (Subject.INVOICES if parts.number[:1].isalpha() else None)
    subject = subject or implied_subject(words, names_somebody=any(parts.who), has_state=bool(parts.states))
    of_a_contract = subject is Subject.INVOICES and " contrato " in words
    one = bool(parts.number and not of_a_contract) or len(parts.ordinals) == 1 or parts.limit == 1
    narrows = replace(parts, energy=None).narrows
    wish, said = wish_of(words, Circumstances(narrows, one, several=len(parts.ordinals) > 1))
    if wish is Wish.LIST and not narrows and not parts.ordinals and parts.order is Order.URGENCY:
        turned = turned_page(words)
        wish, said = turned or wish, said or turned is not None
    return replace(parts, subject=subject, wish=wish, wish_said=said, unfiltered=_is_unfiltered(words, parts, wish))


def _is_unfiltered(words: str, parts: Question, wish: Wish) -> bool:
    filtered = parts.states or parts.amount != (None, None)
    return wish in (Wish.LIST, Wish.TOTAL) and not filtered and is_unfiltered(words)


def _is_follow_up(line: Line, words: str, question: Question) -> bool:
    """Whether something is said, but not of what; or it begins as only a continuation does."""
    if question.wish is Wish.HOW:
        return False
    if _continues(line) or (question.order is not Order.URGENCY and tells_to_sort(line)):
        return question != Question()
    if question.subject is None or (not any(question.who) and is_said_of_somebody(words)):
        return question != Question()
    return question.wish in (Wish.MORE, Wish.BACK) or (bool(question.ordinals) and not question.narrows)


def _continues(line: Line) -> bool:
    words = (token.plain for token in line.tokens if token.plain not in vocabulary().politeness)
    return next(words, "") in _CONTINUES
