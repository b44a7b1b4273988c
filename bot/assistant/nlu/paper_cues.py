"""Messages about papers that are known by their form: who offers a copy of an identity card, which nobody should send."""

import re

from bot.identity.identifiers import find_identifiers

IDENTITY_CARD = "documents_identity_card"

_LONGEST = 100
_CARD = re.compile(r"\b(?:DNI|D N I|NIE|PASAPORTE|CARNET? DE IDENTIDAD|DOCUMENTO (?:NACIONAL )?DE IDENTIDAD)\b")
_COPY = re.compile(r"\b(?:COPIA|FOTOCOPIA|FOTO|FOTOGRAFIA|ESCANE\w+|IMAGEN|(?:DOS|AMBAS|2) CARAS|POR DELANTE)\b")
_ABOUT_MORE = re.compile(
    r"\b(?:POR ?QUE|PARA QUE|MOTIVO|DONDE|A QUIEN|ADONDE|CORREO|MAIL|ESCRITURA|PODER|CONTRASENA|FACTURA|AUTORI[ZC])"
)


def paper_topic(text: str, said: str) -> str:
    """The topic that the form of a message says, or nothing; `said` is the text in capitals without accents or signs."""
    if len(text) > _LONGEST or not (_CARD.search(said) and _COPY.search(said)) or _ABOUT_MORE.search(said):
        return ""
    return "" if find_identifiers(text) else IDENTITY_CARD
