"""Several needs in one message: which ones, the main one first. Wrong splits are worse than missed ones."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Parse = Callable[[str], Mapping[str, Any]]
"""A text → what Rasa makes of it: `intent` {name, confidence} and `intent_ranking`."""

MOST_NEEDS = 3
MOST_CLAUSES = 6  # each is read like a message of its own
LEAST_WORDS_AFTER_STOP, LEAST_WORDS_AFTER_AND = 2, 3
SURE_AFTER_STOP = 0.6  # least probability of a clause that stands by itself
SURE_AFTER_AND = 0.7  # the same after a bare "y", which joins words more often than needs

_SMALLTALK = {"greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "insult", "capabilities"}
_CONTROL = {"cancel", "go_back", "start_over"}
GOES_ON = frozenset({"follow_up"})
"""What says more about the need before it: "las de marzo. Ordénalas por importe"."""
NO_NEED = frozenset({*_SMALLTALK, *_CONTROL, "identifier_given", "out_of_scope", "nlu_fallback"})

# What ends a need by itself, and what only may do so.
_STOP = re.compile(
    r"\n+|[.?!;]+(?:\s+|$)|,?\s+(?:y|i|and)\s+(?:adem[áa]s|tambi[ée]n|tb|tbn|tmb|tambn|aparte|de paso|de camino|luego|otra cosa|a m[ée]s|"
    r"tamb[ée]|also|then)\b,?|,?\s+(?:adem[áa]s|por cierto|aparte de eso|otra cosa|per cert|a m[ée]s|by the way)\b,?|"
    r",\s*(?:tambi[ée]n|tamb[ée]|also|aparte)\b,?",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:(?:y|i|and)\s+)?(?:adem[áa]s|tambi[ée]n|tb|tbn|tmb|tambn|aparte|por cierto|otra cosa|per cert|a m[ée]s|tamb[ée]|also|"
    r"by the way)\b\s*[,:]?\s*",
    re.IGNORECASE,
)
# A full stop after these ends an abbreviation: "la fra. de Bar Sol, S. L.", "D. Luis".
_ABBREVIATED = re.compile(
    r"(?:^|[\s(,.])(?:[a-zñ]|d[ªa]|dña|sra?|fras?|fact|ctto|cdad|prop|c/|av(?:da?)?|n[úu]m|tfno|tel)$", re.IGNORECASE
)
# What says more about what was said before: "no quiero que tramite", "que solo vea", "solo lectura", "el total".
_DETAIL = re.compile(
    r"(?:y\s+)?(?:no\s+)?(?:(?:quiero|quisiera|necesito|prefiero|vull|necessito)\s+)?que\s+(?:(?:no|s[óo]lo|solamente|"
    r"[úu]nicamente|nom[ée]s|tambi[ée]n|ya)\s+)*(?:pued|ve|mir|tramit|entr|hag|teng|consult|llev|se|gestion|firm|descarg)"
    r"(?:an?|en?)\b|(?:el|la|los|las|lo|un|una)\s+\w+$|(?:con\s+|de\s+)?(?:s[óo]lo\s+(?:lectura|consulta)|"
    r"(?:autorizaci[óo]n|acceso|permisos?)\s+(?:total|complet[oa]s?|de\s+(?:s[óo]lo\s+)?(?:lectura|consulta)))$",
    re.IGNORECASE,
)
_EDGE = " ,:"
_WORD = re.compile(r"\w\w")
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
class _Piece:
    """A part of a message: it begins at `start` and ends before `end`; `tells` when it may say a need by itself."""

    text: str
    start: int
    end: int
    after_stop: bool
    tells: bool


def split_needs(text: str) -> list[str]:
    """The clauses of a message that may each say a need; the message itself where it has only one."""
    clauses = [piece.text for piece in _pieces(text) if piece.tells]
    return clauses if len(clauses) > 1 else [text.strip()]


def _pieces(text: str) -> list[_Piece]:
    """A message from left to right. What follows a bare "y" must ask something by itself."""
    found: list[_Piece] = []
    for start, end in _between_stops(text):
        begin = _after_lead(text, start, end)
        for first, last in _cut_at_and(text, begin, end):
            found.append(_piece(text, first, last, after_stop=first == begin, goes_on=bool(found)))
    return found


def _between_stops(text: str) -> Iterator[tuple[int, int]]:
    """Where what stands between stops begins and ends; nothing that has no word, as the "Y" of ". Y además"."""
    start = 0
    for stop in _STOP.finditer(text):
        if not (text[stop.start()] == "." and _ABBREVIATED.search(text, start, stop.start())):
            if _WORD.search(text, start, stop.start()):
                yield start, stop.start()
            start = stop.end()
    if _WORD.search(text, start):
        yield start, len(text)


def _after_lead(text: str, start: int, end: int) -> int:
    """Where the words begin once "y además" and the like are left out."""
    while start < end and text[start] in _EDGE:
        start += 1
    lead = _LEAD.match(text, start, end)
    return lead.end() if lead else start


def _cut_at_and(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cuts before each "y" or comma that a question or a wish follows."""
    for match in _AND.finditer(text, start, end):
        if _ASKS.match(text, match.end(), end) and _ASKS.search(text, start, match.start()):
            yield start, match.start()
            start = match.end()
    yield start, end


def _piece(text: str, start: int, end: int, after_stop: bool, goes_on: bool) -> _Piece:
    """`goes_on`: something was said before it, of which it may be a detail."""
    words = text[start:end].strip(_EDGE)
    least = LEAST_WORDS_AFTER_STOP if after_stop else LEAST_WORDS_AFTER_AND
    tells = len(words.split()) >= least and not (goes_on and _DETAIL.match(words))
    return _Piece(words, start, end, after_stop, tells)


def needs_of(parse: Parse, text: str) -> list[Need]:
    """The needs in a message, the main one first: one, unless its clauses clearly say different ones."""
    whole = parse(text)
    main = Need(str(whole["intent"]["name"]), text)
    pieces = _pieces(text)
    if sum(piece.tells for piece in pieces) < 2 or main.topic in NO_NEED - {"nlu_fallback", "out_of_scope"}:
        return [main]
    topics = _sure_topics(parse, pieces)
    if len(topics) < 2 or not _is_consistent(topics, whole):
        return [main]
    places = [*topics.values(), len(pieces)]
    runs = [pieces[place:following] for place, following in pairwise(places)]
    return _main_first([_need(parse, text, topic, run) for topic, run in zip(topics, runs, strict=True)], main.topic)


def _sure_topics(parse: Parse, pieces: Sequence[_Piece]) -> dict[str, int]:
    """Topics that pieces say for certain → the place of the first piece that does, in the order in which they are said."""
    first: dict[str, int] = {}
    for place in [place for place, piece in enumerate(pieces) if piece.tells][:MOST_CLAUSES]:
        intent = parse(pieces[place].text)["intent"]
        sure = SURE_AFTER_STOP if pieces[place].after_stop else SURE_AFTER_AND
        goes_on = bool(first) and intent["name"] in GOES_ON
        if intent["name"] not in NO_NEED and not goes_on and intent["confidence"] >= sure:
            first.setdefault(str(intent["name"]), place)
    return dict(list(first.items())[:MOST_NEEDS])


def _need(parse: Parse, text: str, topic: str, run: Sequence[_Piece]) -> Need:
    """A need with all that was said of it up to the next one, unless that makes it something else."""
    words = text[run[0].start : run[-1].end].strip(_EDGE)
    return Need(topic, words if parse(words)["intent"]["name"] == topic else run[0].text)


def _is_consistent(topics: Iterable[str], whole: Mapping[str, Any]) -> bool:
    """Whether the message as a whole is about one of these topics: else its clauses were torn out of their context."""
    candidates = {str(candidate["name"]) for candidate in whole["intent_ranking"][:2]}
    return not candidates.isdisjoint(topics)


def _main_first(needs: Sequence[Need], main_topic: str) -> list[Need]:
    """The need that the whole message is about first, the others as written."""
    return sorted(needs, key=lambda need: need.topic != main_topic)
