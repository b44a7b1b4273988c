"""Several needs in one message: which ones, the main one first. Wrong splits are worse than missed ones."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Parse = Callable[[str], Mapping[str, Any]]
"""A text → what Rasa makes of it: `intent` {name, confidence} and `intent_ranking`."""

MOST_NEEDS = 3
LEAST_WORDS_AFTER_STOP, LEAST_WORDS_AFTER_AND = 2, 3
SURE_AFTER_STOP = 0.6  # least probability of a clause that stands by itself
SURE_AFTER_AND = 0.7  # the same after a bare "y", which joins words more often than needs

_SMALLTALK = {"greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "insult", "capabilities"}
_CONTROL = {"cancel", "go_back", "start_over"}
NO_NEED = frozenset({*_SMALLTALK, *_CONTROL, "identifier_given", "out_of_scope", "nlu_fallback"})

# What ends a need by itself, and what only may do so.
_STOP = re.compile(
    r"\n+|[.?!;]+(?:\s+|$)|,?\s+(?:y|i|and)\s+(?:adem[áa]s|tambi[ée]n|aparte|de paso|de camino|luego|otra cosa|a m[ée]s|"
    r"tamb[ée]|also|then)\b,?|,?\s+(?:adem[áa]s|por cierto|aparte de eso|otra cosa|per cert|a m[ée]s|by the way)\b,?|"
    r",\s*(?:tambi[ée]n|tamb[ée]|also|aparte)\b,?",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:y|i|and)\s+)?(?:adem[áa]s|tambi[ée]n|aparte|por cierto|otra cosa|per cert|a m[ée]s|tamb[ée]|also|"
    r"by the way)\b\s*[,:]?\s*",
    re.IGNORECASE,
)
_AND = re.compile(r",?\s+(?:y|e|i|and)\s+|,\s+", re.IGNORECASE)
_ASKS = re.compile(
    r"[¿\s]*(?:(?:a|con|de|por|en|para|desde|hasta|amb|per)\s+)?\b(?:c[óo]mo|qu[ée]|q|d[óo]nde|cu[áa]ndo|cu[áa]l|cu[áa]les|qui[ée]n|qui[ée]nes|por qu[ée]|cu[áa]nto|quiero|"
    r"quisiera|quer[íi]a|necesito|puedo|se puede|hay que|tengo que|dime|dame|decidme|no s[ée]|no me|no recuerdo|"
    r"no encuentro|me sale|he olvidado|com|quin|quina|quins|on|vull|"
    r"necessito|puc|how|what|where|when|who|which|why|i want|i need|can i)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Need:
    """One thing that somebody wants: its topic, and the words that say so."""

    topic: str
    text: str


@dataclass(frozen=True)
class _Clause:
    text: str
    after_stop: bool


def split_needs(text: str) -> list[str]:
    """Up to three clauses of a message that may each say a need; the message itself where it has only one."""
    clauses = _clauses(text)
    return [clause.text for clause in clauses] if len(clauses) > 1 else [text.strip()]


def _clauses(text: str) -> list[_Clause]:
    """Clauses of enough words, from left to right. What follows a bare "y" must ask something by itself."""
    found: list[_Clause] = []
    for stopped in filter(str.strip, _STOP.split(text)):
        pieces = _cut_at_and(_LEAD.sub("", stopped.strip(" ,:")))
        found += [_Clause(piece, after_stop=place == 0) for place, piece in enumerate(pieces)]
    return [clause for clause in found if _is_long_enough(clause)][:MOST_NEEDS]


def _is_long_enough(clause: _Clause) -> bool:
    return len(clause.text.split()) >= (LEAST_WORDS_AFTER_STOP if clause.after_stop else LEAST_WORDS_AFTER_AND)


def _cut_at_and(text: str) -> list[str]:
    """`text` cut before each "y" or comma that a question or a wish follows."""
    start, cuts = 0, []
    for match in _AND.finditer(text):
        if _ASKS.match(text, match.end()) and _ASKS.search(text, start, match.start()):
            cuts.append(text[start : match.start()])
            start = match.end()
    return [*cuts, text[start:]]


def needs_of(parse: Parse, text: str) -> list[Need]:
    """The needs in a message, the main one first: one, unless its clauses clearly say different ones."""
    whole = parse(text)
    main = Need(str(whole["intent"]["name"]), text)
    clauses = _clauses(text)
    if len(clauses) < 2 or main.topic in NO_NEED - {"nlu_fallback", "out_of_scope"}:
        return [main]
    needs = _different([need for clause in clauses if (need := _need_of(parse, clause))])
    return _main_first(needs, main.topic) if len(needs) > 1 and _is_consistent(needs, whole) else [main]


def _need_of(parse: Parse, clause: _Clause) -> Need | None:
    """The need that a clause says for certain."""
    intent = parse(clause.text)["intent"]
    sure = SURE_AFTER_STOP if clause.after_stop else SURE_AFTER_AND
    topic = str(intent["name"])
    return Need(topic, clause.text) if topic not in NO_NEED and intent["confidence"] >= sure else None


def _different(needs: Sequence[Need]) -> list[Need]:
    """The first need of each topic."""
    first: dict[str, Need] = {}
    for need in needs:
        first.setdefault(need.topic, need)
    return list(first.values())


def _is_consistent(needs: Sequence[Need], whole: Mapping[str, Any]) -> bool:
    """Whether the message as a whole is about one of its needs: else the clauses were torn out of their context."""
    candidates = {str(candidate["name"]) for candidate in whole["intent_ranking"][:2]}
    return any(need.topic in candidates for need in needs)


def _main_first(needs: Sequence[Need], main_topic: str) -> list[Need]:
    """The need that the whole message is about first, the others as written."""
    return sorted(needs, key=lambda need: need.topic != main_topic)
