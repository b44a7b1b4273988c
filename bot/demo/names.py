"""Names, addresses and identifiers of the invented world, from its word lists and a seeded generator."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from stdnum.es import cif as cif_rules
from stdnum.es import cups as cups_rules
from stdnum.es import dni as dni_rules

from bot.identity.identifier_checks import Kind

WORDS = Path(__file__).with_name("words.yml")
COMMUNITY_LETTER, COMPANY_LETTER = "H", "B"
DISTRIBUTORS = {"electricity": ("0021", "0022", "0031"), "gas": ("0217", "0238")}


@cache
def words() -> Any:
    """The word lists."""
    return yaml.safe_load(WORDS.read_text(encoding="utf-8"))


class Names:
    """Gives out names; no identifier twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: set[str] = set()

    def nif(self) -> str:
        """A valid NIF of a natural person."""
        number = f"{self._random.randrange(10_000_000, 80_000_000)}"
        return self._once(number + dni_rules.calc_check_digit(number)) or self.nif()

    def cif(self, letter: str) -> str:
        """A valid CIF; of these letters the check character is the digit."""
        number = f"{letter}{self._random.randrange(1_000_000, 9_999_999)}"
        return self._once(number + cif_rules.calc_check_digits(number)[0]) or self.cif(letter)

    def cups(self, energy: str) -> str:
        """A valid code of a supply point."""
        number = f"ES{self._random.choice(DISTRIBUTORS[energy])}{self._random.randrange(10**12):012}"
        return self._once(number + cups_rules.calc_check_digits(number)) or self.cups(energy)

    def client(self) -> tuple[Kind, str, str, str]:
        """(kind, identifier, name, address); most clients of an agency are communities of owners."""
        place = self._place()
        address = words()["address"].format(**place)
        chance = self._random.random()
        if chance < 0.6:
            return Kind.CIF, self.cif(COMMUNITY_LETTER), words()["community_name"].format(**place), address
        if chance < 0.8:
            name = words()["company_name"].format(business=self._of("businesses"), surname=self._of("surnames"))
            return Kind.CIF, self.cif(COMPANY_LETTER), name, address
        return Kind.NIF, self.nif(), f"{self._of('first_names')} {self._of('surnames')} {self._of('surnames')}", address

    def product(self, energy: str) -> str:
        """The name of what is contracted."""
        return str(self._random.choice(words()["products"][energy]))

    def _place(self) -> dict[str, str | int]:
        town = self._random.choice(words()["towns"])
        number = self._random.randrange(1, 60)
        return {"street": self._of("streets"), "number": number, "town": town["name"], "postcode": town["postcode"]}

    def _of(self, what: str) -> str:
        return str(self._random.choice(words()[what]))

    def _once(self, value: str) -> str | None:
        """The value, or None when it has been given before."""
        if value in self._given:
            return None
        self._given.add(value)
        return value
