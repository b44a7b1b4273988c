"""Searches as people write them: names of the invented world with slips, and names that nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from bot.accounts.model import Client, searchable
from bot.identity.identifier_checks import Kind

BEFORE_A_COMMUNITY = (
    "",
    "comunidad ",
    "comunidá ",
    "cp ",
    "c/ ",
    "cdad. prop. ",
    "Comunidad de Propietarios ",
    "la cdad de la calle ",
)
AFTER_A_COMPANY = ("", " sl", ", S.L.", " s l")
NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioposdfghjklkxcvbnmn", strict=True))
SOUNDS = (
    ("v", "b"),
    ("b", "v"),
    ("h", ""),
    ("ll", "y"),
    ("z", "s"),
    ("j", "g"),
    ("que", "ke"),
    ("qui", "ki"),
    ("ce", "ze"),
)

# What is searched at the agency with that id → part of the name that has to be found.
BY_HAND = {
    2: {
        "comunidá sool 2": "Sol 2",
        "panaderia quirga": "Panadería Quiroga",
        "cp calle mayr 54": "Mayor 54",
        "C/Maior, 6": "Mayor 6",
        "cdad prop santana 6": "Santa Ana 6",
        "sanroque 42": "San Roque 42",
        "riotajo35": "Río Tajo 35",
        "marques larios nº 38": "Marqués de Larios 38",
        "comunidad de vecinos de la calle constitusion 57": "Constitución 57",
        "ferreteria sans": "Ferretería Sanz",
        "talleres munos sl": "Talleres Muñoz",
        "tayeres muñoz": "Talleres Muñoz",
        "fernández muñoz, inés": "Inés Fernández Muñoz",
        "sr hugo nuñes muñoz": "Hugo Núñez Muñoz",
        "echevarria gallardo": "Carmen Etxebarria Gallardo",
        "imprenta pasqual s.l.u.": "Imprenta Pascual",
        "carpinteria penya": "Carpintería Peña",
        "com prop penalarra 52": "Peñalara 52",
        "floristeria brabo": "Floristería Bravo",
        "av libertat 22": "Libertad 22",
        "gonsalo gallardo": "Gonzalo Gallardo Pascual",
    },
    3: {
        "optica camaxo": "Óptica Camacho",
        "libreria aroyo": "Librería Arroyo",
        "clinica dentel herero": "Clínica Dental Herrero",
        "cp fuentenueva 21": "Fuente Nueva 21",
        "rozales 4": "Rosales 4",
        "begonia nuñez bermudez": "Begoña Núñez Bermúdez",
        "labanderia garcia": "Lavandería García",
        "acdemia fuentes": "Academia Fuentes",
        "jardnes 27 getafe": "Jardines 27",
        "cervants 29": "Cervantes 29",
    },
}

UNKNOWN = (
    "juan pérez", "bar manolo", "gran vía 31", "comunidad gran via", "cp velázquez 12", "hotel miramar", "zapatería gómez",
    "construcciones ortega sl", "sol 99", "mayor 1234", "comunidad de propietarios serreta 8", "notaría delgado", "c/ alcalá 200",
    "asociación de vecinos", "taberna el gato", "mercedes oliva", "transportes rápidos", "colegio san josé", "parking centro",
    "residencia los pinos", "inmobiliaria vega", "antonio banderas", "cp islas canarias 7", "heladería valls", "pablo picasso",
    "supermercado día", "plaza nueva 3", "comunidad diagonal 640", "ayuntamiento", "cafetería london", "xyz", "ñandú 4",
    "wifi", "qwerty 12", "28080", "urbanización monteverde",
)  # fmt: skip


def slips(random: Random, clients: Sequence[Client], count: int) -> Iterator[tuple[str, Client]]:
    """(search, client meant): one word of the name is misspelt, often another is left out."""
    for client in random.sample(clients, count):
        words = client.name.replace(", S. L.", "").removeprefix("Comunidad de Propietarios ").split()
        place = max(range(len(words)), key=lambda at: (len(words[at]) > 2, random.random()))
        words[place] = misspelt(random, words[place])
        yield _as_written(random, client, " ".join(words)), client


def _as_written(random: Random, client: Client, words: str) -> str:
    if client.name.startswith("Comunidad"):
        return random.choice(BEFORE_A_COMMUNITY) + words
    return words + random.choice(AFTER_A_COMPANY) if client.kind is Kind.CIF else words


def misspelt(random: Random, word: str) -> str:
    """A word with one slip of the fingers or of the ear; one of three letters with a doubled letter."""
    letters = searchable(word)
    at = random.randrange(1, len(letters) - 1)
    if len(letters) < 4:
        return letters[:at] + letters[at] + letters[at:]
    slip = random.choice(("left out", "twice", "swapped", "neighbour", "sound", "sound"))
    if slip == "left out":
        return letters[:at] + letters[at + 1 :]
    if slip == "twice":
        return letters[:at] + letters[at] + letters[at:]
    if slip == "swapped":
        return letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
    if slip == "neighbour":
        return letters[:at] + NEIGHBOURS[letters[at]] + letters[at + 1 :]
    wrong = [letters.replace(old, new, 1) for old, new in SOUNDS if old in letters]
    return random.choice(wrong) if wrong else letters[:at] + letters[at + 1 :]
