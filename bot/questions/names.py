"""Which words of a question are a name: those protected before anything is read, and what is left over afterwards.

A name is protected where it stands in quotation marks, before a company form ("Hnos. Marzo S.L."), after a street word
("calle 2 de mayo") and, written with a capital letter, after a word such as "cliente" or "comunidad" or beside another
capital letter ("Julio Pascual"). A month written small after "cliente" is a month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.questions.line import Line, Use
from bot.questions.vocabulary import spelt, vocabulary

_QUOTED = re.compile(r"[\"“«„]([^\"“”«»„]{2,80})[\"”»“]|(?<![^\W_])['‘]([^'’]{2,80})['’](?![^\W_])")
_LETTERS_OF_A_FORM = {("s", "l"), ("s", "a"), ("c", "b"), ("s", "c")}
_YEAR = re.compile(r"(?:19|20)\d\d")
_SELF = {"soy", "somos", "llamo", "llamamos", "escribo", "escribimos", "hablo"}
_OCCASIONS = {"junta", "reunion", "cita", "inspeccion", "auditoria"}
_AFTER_SELF = re.compile(r"necesit.*|quier.*|quer.*|pued.*|podr.*|dame|dime|ensen.*|cuant.*|que|y|tengo|busc.*")
_KINDS = {"comunidad", "cdad", "finca", "empresa", "edificio", "local", "propietarios"}
"""Alone they name nobody: "de la misma comunidad"."""
_INTRODUCING = {"de", "del", "para", "a", "al", "con", "y", "solo", "ahora", "por"}
_INFINITIVE = re.compile(r"[a-z]{2,}[aei]r(?:(?:me|se|nos|te)?(?:l[aeo]s?)?)")
_INFINITIVES_OF_A_WISH = re.compile(r"(?:ver|descargar|pagar|cobrar|abonar|bajar|consultar|vencer)(?:l[ao]s?)?")


def protect_names(line: Line) -> None:
    """Marks the words that are surely a name, and takes away what people say of themselves and of their reasons."""
    _quoted(line)
    for place in range(len(line.tokens)):
        _company(line, place)
        _street(line, place)
        _capitals_after_cue(line, place)
    for place in range(len(line.tokens)):
        _given_name(line, place)
        _house_number(line, place)
        if line.tokens[place].use is Use.FREE:
            _introduction(line, place)
            _reason(line, place)
    line.correct(_spared(line))


def left_over(line: Line) -> list[tuple[int, int]]:
    """The spans of tokens (first, last) that may name a client or an address, surely protected ones before others."""
    runs = list(_runs(line))
    sure = [run for run in runs if _is_sure(line, run)]
    return sure or [run for run in runs if _says_anything(line, run)]


def written(line: Line, runs: list[tuple[int, int]]) -> str:
    """The text of such spans as it was written."""
    return " ".join(_span(line, *run) for run in runs)


def is_introduced(line: Line, runs: list[tuple[int, int]]) -> bool:
    """Whether a name is said as the other half of a question: "de Sol 14", "¿y Sol 14?", "comunidad Sol 14"."""
    return all(_is_sure(line, run) or _has_number(line, run) or _follows_a_small_word(line, run[0]) for run in runs)


def _has_number(line: Line, run: tuple[int, int]) -> bool:
    return any(_plain(line, place).isdecimal() for place in range(run[0], run[1] + 1))


def _follows_a_small_word(line: Line, place: int) -> bool:
    return any(_plain(line, at) in _INTRODUCING for at in range(max(place - 3, 0), place))


def _span(line: Line, first: int, last: int) -> str:
    start, end = line.tokens[first].start, line.tokens[last].end
    if len(line.tokens[last].plain) == 1 and line.tokens[last].plain.isalpha() and line.text[end : end + 1] == ".":
        end += 1
    return " ".join(line.text[start:end].replace('"', " ").split())


def _mark(line: Line, place: int) -> None:
    if line.tokens[place].use is Use.FREE:
        line.tokens[place].use = Use.NAME


def _plain(line: Line, place: int) -> str:
    return line.tokens[place].plain if 0 <= place < len(line.tokens) else ""


def _quoted(line: Line) -> None:
    for match in _QUOTED.finditer(line.text):
        start, end = match.span(1) if match[1] else match.span(2)
        inside = [token for token in line.tokens if start <= token.start < end and token.use is Use.FREE]
        if any(not vocabulary().is_known(spelt(token.plain)) for token in inside) or len(inside) > 2:
            for token in inside:
                token.use = Use.NAME


def _company(line: Line, place: int) -> None:
    """Marks the company form at a place and the name before it: the last word, and words with capital letters."""
    length = _company_form(line, place)
    if not length or place == 0:
        return
    for at in range(place, place + length):
        _mark(line, at)
    if _plain(line, place - 1) not in vocabulary().glue:
        _mark(line, place - 1)
        _capitals_before(line, place - 2)


def _company_form(line: Line, place: int) -> int:
    """How many words the company form at a place takes; 0 for none."""
    words, token = vocabulary(), line.tokens[place]
    if token.plain in words.company_forms or token.written in words.company_capitals:
        return 1
    after = line.tokens[place + 1] if place + 1 < len(line.tokens) else None
    pair = after is not None and (token.plain, after.plain) in _LETTERS_OF_A_FORM and "." in line.gap(place + 1)
    return 2 if pair else 0


def _capitals_before(line: Line, place: int) -> None:
    while place >= 0:
        joined = place if line.is_capital(place) else place - 1
        if joined < 0 or not line.is_capital(joined) or (joined != place and not _joins(line, place)):
            return
        for at in range(joined, place + 1):
            _mark(line, at)
        place = joined - 1


def _joins(line: Line, place: int) -> bool:
    return _plain(line, place) in vocabulary().connectors


def _capitals_from(line: Line, place: int) -> None:
    """Marks words with capital letters from a place on, with the small words between them."""
    while place < len(line.tokens) and not _is_subject(line, place):
        ahead = place
        while ahead < len(line.tokens) and _joins(line, ahead) and not line.is_capital(ahead):
            ahead += 1
        if (
            ahead == len(line.tokens)
            or not line.is_capital(ahead)
            or _is_subject(line, ahead)
            or _month_after_of(line, place, ahead)
        ):
            return
        for at in range(place, ahead + 1):
            _mark(line, at)
        place = ahead + 1


def _month_after_of(line: Line, place: int, ahead: int) -> bool:
    """Whether the name ends before a month: "cliente Sol de Marzo"."""
    return ahead > place and _plain(line, ahead) in vocabulary().months and _plain(line, place) in ("de", "del")


def _is_subject(line: Line, place: int) -> bool:
    word = spelt(_plain(line, place))
    return word in vocabulary().closed and word not in vocabulary().given_names


def _after_connectors(line: Line, place: int) -> int:
    while _joins(line, place) and not line.is_capital(place):
        place += 1
    return place


def _street(line: Line, place: int) -> None:
    if _plain(line, place) not in vocabulary().streets:
        return
    after = _after_connectors(line, place + 1)
    if after >= len(line.tokens) or _is_subject(line, after):
        return
    dated = _plain(line, after + 1) == "de" and line.is_month(after + 2)
    last = after + 2 if dated else after
    for at in range(place, last + 1):
        _mark(line, at)
    _capitals_from(line, last + 1)
    number = last + 1
    while number < len(line.tokens) and line.tokens[number].use is Use.NAME:
        number += 1
    labelled = spelt(_plain(line, number)) == "numero"
    if _plain(line, number + labelled).isdecimal():
        for at in range(number, number + labelled + 1):
            _mark(line, at)


def _capitals_after_cue(line: Line, place: int) -> None:
    words = vocabulary()
    if _plain(line, place) not in words.name_cues:
        return
    after = _after_connectors(line, place + 1)
    while _plain(line, after) in words.name_cues:
        after = _after_connectors(line, after + 1)
    if after < len(line.tokens) and line.is_capital(after):
        _capitals_from(line, after)


def _given_name(line: Line, place: int) -> None:
    """Marks months and energies that are names, as the capital letters beside them say: "Julio Pascual"."""
    words, word = vocabulary(), _plain(line, place)
    if (word not in words.months and word not in words.given_names) or not line.is_capital(place):
        return
    year_follows = _YEAR.fullmatch(_plain(line, place + 1)) is not None
    after_name = place > 0 and line.gap(place) == " " and _is_name_like(line, place - 1) and not year_follows
    before_name = word in words.given_names and place + 1 < len(line.tokens) and _is_name_like(line, place + 1)
    if after_name or before_name:
        _mark(line, place)


def _is_name_like(line: Line, place: int) -> bool:
    unknown = not vocabulary().is_known(spelt(_plain(line, place)))
    return line.tokens[place].use is Use.NAME or (line.is_capital(place) and unknown)


def _house_number(line: Line, place: int) -> None:
    """Marks a number right after an unknown word, "sol 14 de marzo": a day would have "del" before it."""
    before = _plain(line, place - 1)
    if not place or not _plain(line, place).isdecimal() or not before.isalpha() or line.begins_clause(place):
        return
    month_follows = line.is_month(place + 1) or (_plain(line, place + 1) == "de" and line.is_month(place + 2))
    if (month_follows or _is_subject(line, place + 1)) and (
        line.tokens[place - 1].use is Use.NAME or _may_end_a_name(line, place - 1)
    ):
        _mark(line, place)


def _may_end_a_name(line: Line, place: int) -> bool:
    word, words = _plain(line, place), vocabulary()
    return len(word) > 2 and not (words.is_known(spelt(word)) or word in words.month_short or word in words.short)


def _introduction(line: Line, place: int) -> None:
    """Takes away who writes and why now: "soy Marta de la gestoría Aranda", "tengo la junta el jueves".

    Who is "el administrador de Sol 14" asks about Sol 14: that stays.
    """
    word, after = _plain(line, place), _plain(line, place + 1)
    occasion = (
        word in _OCCASIONS
        and _plain(line, place - 1) in ("la", "una", "tengo", "tenemos", "hay")
        and not line.is_capital(place)
    )
    if occasion or (word in _SELF and after not in ("el", "la", "un", "una")):
        _take_clause(line, place, _AFTER_SELF)


def _reason(line: Line, place: int) -> None:
    """Takes away what it is for: "porque me la pide la vecina", "para cuadrar la caja"."""
    after = _plain(line, place + 1)
    purpose = (
        _plain(line, place) == "para" and _INFINITIVE.fullmatch(after) and not _INFINITIVES_OF_A_WISH.fullmatch(after)
    )
    if purpose or line.tokens[place].word == "porque":
        _take_clause(line, place, None)


def _take_clause(line: Line, place: int, stop: re.Pattern[str] | None) -> None:
    for at in range(place, len(line.tokens)):
        beyond = at > place and (line.begins_clause(at) or _is_subject(line, at))
        if beyond or (stop and at > place and stop.fullmatch(_plain(line, at))):
            return
        line.tokens[at].use = Use.TAKEN


def _spared(line: Line) -> frozenset[int]:
    """The words right after a cue: a name is never put right."""
    cues = [place for place in range(len(line.tokens)) if _plain(line, place) in vocabulary().name_cues]
    return frozenset(
        _after_connectors(line, place + 1) for place in cues if not vocabulary().is_noise(_plain(line, place))
    )


def _runs(line: Line) -> Iterator[tuple[int, int]]:
    """Words of names that stand together, small words between them included."""
    first = last = -1
    for place in range(len(line.tokens)):
        if _is_left(line, place):
            first, last = (first if first >= 0 else place), place
        elif first >= 0 and (line.tokens[place].use is not Use.FREE or not _joins(line, place)):
            yield first, last
            first = -1
    if first >= 0:
        yield first, last


def _is_left(line: Line, place: int) -> bool:
    token = line.tokens[place]
    if token.use is Use.NAME:
        return True
    if token.use is Use.TAKEN or not token.plain[0].isalnum():
        return False
    words = vocabulary()
    if words.is_content_free(token.word):
        return line.is_capital(place) and place > 0 and _is_name_like(line, place - 1)
    return token.word not in words.glue


def _is_sure(line: Line, run: tuple[int, int]) -> bool:
    places = range(run[0], run[1] + 1)
    cued = any(_plain(line, place) in vocabulary().name_cues for place in places) and len(places) > 1
    return cued or any(line.tokens[place].use is Use.NAME or line.is_capital(place) for place in places)


def _says_anything(line: Line, run: tuple[int, int]) -> bool:
    word = _plain(line, run[0])
    return run[0] < run[1] or (word not in _KINDS and (len(word) > 1 or word.isdecimal()))
