"""How an identifier and a mailbox are shown to who may not read all of it."""

_SHOWN_DIGITS = slice(3, 7)
_FEWEST_DIGITS = 7


def masked_identifier(identifier: str) -> str:
    """Four of its digits, as the data protection agency advises: "12345678Z" → "***4567**"."""
    places = [place for place, character in enumerate(identifier) if character.isdecimal()]
    shown = places[_SHOWN_DIGITS] if len(places) >= _FEWEST_DIGITS else places[-4:]
    return "".join(character if place in shown else "*" for place, character in enumerate(identifier))


def masked_email(email: str) -> str:
    """The first letter and the domain: "paula@gestoria.example" → "p***@gestoria.example"."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}***{at}{domain}"
