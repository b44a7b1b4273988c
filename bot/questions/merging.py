"""What a follow-up means given the question that it continues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.invoices.model import Order
from bot.questions.model import Question, Subject, Wish

_STAYING = frozenset({Wish.TOTAL, Wish.SHEET, Wish.ARCHIVE, Wish.CHOOSE})
"""What goes on being wanted when only the filters change: "¿cuánto debe Sol?", "¿y López?"."""
_OF_WHAT_WAS_CHOSEN = frozenset({Wish.OPEN, Wish.DOWNLOAD})
_TURNING = frozenset({Wish.MORE, Wish.BACK})


def merged(before: Question, follow: Question) -> Question:
    """The whole question that a follow-up asks: its parts replace those of the same kind, the others stay.

    Another client replaces name, identifier and CUPS together; a period of either kind replaces both; "todas" takes
    away states and amounts. Another subject keeps only the client and the energy. The result is no follow-up.
    """
    kept = before if follow.subject in (None, before.subject) else _only_who(before)
    if kept.subject is Subject.PAYMENT_DAY:
        follow = _as_payment_day(follow)
    says_which = (
        follow.narrows
        or bool(follow.number or follow.ordinals or follow.unreadable)
        or follow.order is not Order.URGENCY
    )
    filtered = _filtered(kept, follow)
    return replace(filtered, **_chosen(kept, follow, says_which), **_wished(kept, follow, says_which), follow_up=False)


def _only_who(before: Question) -> Question:
    return Question(name=before.name, identifier=before.identifier, cups=before.cups, energy=before.energy)


def _as_payment_day(follow: Question) -> Question:
    """What is a place in a list elsewhere ("el 15") is the day here."""
    day = follow.day or (follow.ordinals[0] if len(follow.ordinals) == 1 and follow.ordinals[0] > 0 else None)
    wish = Wish.CHOOSE if day else follow.wish
    return replace(
        follow, day=day, ordinals=(), issued=None, due=None, wish=wish, wish_said=follow.wish_said or day is not None
    )


def _filtered(kept: Question, follow: Question) -> Question:
    who = follow if any(follow.who) else kept
    when = follow if follow.issued or follow.due else kept
    states = () if follow.unfiltered else follow.states or kept.states
    amount = (None, None) if follow.unfiltered or follow.amount != (None, None) else kept.amount
    least, most = follow.amount if follow.amount != (None, None) else amount
    return replace(
        kept,
        subject=follow.subject or kept.subject,
        name=who.name,
        identifier=who.identifier,
        cups=who.cups,
        issued=when.issued,
        due=when.due,
        states=frozenset(states),
        unfiltered=follow.unfiltered or (kept.unfiltered and not follow.states and follow.amount == (None, None)),
        least_cents=least,
        most_cents=most,
        energy=follow.energy or kept.energy,
        day=follow.day or kept.day,
        unreadable=follow.unreadable,
    )


def _chosen(kept: Question, follow: Question, says_which: bool) -> dict[str, Any]:
    """A number, places, and how many of which end: they stay while the same ones are opened or downloaded."""
    ends = follow.limit is not None or follow.order is not Order.URGENCY
    stays = not says_which and (follow.wish in _OF_WHAT_WAS_CHOSEN or not follow.wish_said)
    chosen = kept if stays else follow
    one = kept.limit == 1 and not _only_other_client(follow) and says_which
    end = follow if ends or one else kept
    return {"number": chosen.number, "ordinals": chosen.ordinals, "limit": end.limit, "order": end.order}


def _only_other_client(follow: Question) -> bool:
    rest = replace(follow, name="", identifier="", cups="", energy=None, subject=None, follow_up=False)
    return rest == Question()


def _wished(kept: Question, follow: Question, says_which: bool) -> dict[str, Any]:
    if _goes_on(kept, follow, says_which) and not follow.wish_said:
        return {"wish": kept.wish, "wish_said": kept.wish_said}
    return {"wish": follow.wish, "wish_said": follow.wish_said}


def _goes_on(kept: Question, follow: Question, says_which: bool) -> bool:
    """Whether the wish of before is still the wish, where nothing else is said."""
    if kept.wish in _TURNING:
        return False
    if follow.ordinals or follow.number:
        return kept.wish is Wish.DOWNLOAD and not kept.ordinals and not kept.number
    return kept.wish in _STAYING or (kept.limit == 1 and _only_other_client(follow)) or not says_which
