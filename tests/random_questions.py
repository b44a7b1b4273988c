"""What people write to the assistant about clients of any agency, made of pieces."""

from __future__ import annotations

from random import Random

from tests.accounts.misspelt import misspelt
from tests.invoices.test_isolation import Truth


def either(phrases: str) -> list[str]:
    """Phrases with a bar between them; those that are there several times are chosen more often."""
    return phrases.split("|")


STATES = either("|pendientes|vencidas|devueltas|pagadas|por vencer|sin pagar")
PERIODS = either(
    "||de marzo|de octubre|de este año|de 2025|del último trimestre|del mes pasado|que vencen este mes|"
    "del 1 al 15 de septiembre|emitidas en julio de 2026|de marzo de 2019"
)
ENERGIES = either("|||de gas|de luz")
AMOUNTS = either("|||de más de 300 euros|de menos de 50 €|de entre 100 y 200 euros|las más caras")
FILES = either("|||en excel|en una hoja de cálculo|en un zip|¿cuánto suman?|descárgamelas todas")
FOLLOW_UPS = either(
    "la primera|la segunda|la 3|la última|el 1|más|ver más|anterior|en excel|y las vencidas|¿y las de febrero?|descárgala|"
    "descarga la 1|descárgalas todas|¿cuánto suman?|sus contratos|sus facturas|¿y las de gas?|los contratos de la 2|"
    "las facturas de la 1|ábrela|¿y su día de pago?|de más de 100 euros|en zip|¿y las pagadas?|pon su día de pago al 9|"
    "sí|no|el 5|las de este año"
)
OTHERS = either(
    "¿quién soy?|hola|gracias|mis clientes|mis contratos|quién me debe más|cancelar|quiero identificarme|"
    "¿con qué estoy dado de alta?|Comprobar mi cuenta|000000|¿cómo veo las facturas?|me di de alta con {identifier}, ¿qué hago?"
)
ABOUT_SOMEBODY = either(
    "cuánto debe {}|los contratos de {}|qué día paga {}|busca a {}|la última factura de {}|{}|pon el día de pago de {} al 7|"
    "cliente {}|descarga la última factura de {}|pasa a excel lo de {}"
)
BY_NUMBER = either(
    "ábreme la factura {invoice}|descarga {invoice}|¿y la {invoice}?|facturas del cups {cups}|contratos del CUPS {cups}|"
    "¿de quién es el contrato {contract}?"
)


class Questions:
    """Makes one after the other. The same random numbers make the same questions."""

    def __init__(self, random: Random, truth: Truth) -> None:
        self._random, self._truth = random, truth

    def some(self) -> str:
        kinds = (self._invoices, self._invoices, self._other, self._about_somebody, self.follow_up, self._by_number)
        asked = self._random.choice(kinds)()
        if self._random.random() < 0.04:
            asked = f"{asked}. ¿Y {self._random.choice(kinds)()}?"
        return asked.upper() if self._random.random() < 0.05 else asked

    def follow_up(self) -> str:
        return self._random.choice(FOLLOW_UPS)

    def _other(self) -> str:
        identifier = self._random.choice(self._truth.clients).identifier
        return self._random.choice(OTHERS).format(identifier=identifier)

    def _invoices(self) -> str:
        pick = self._random.choice
        whose = "" if self._random.random() < 0.6 else f"de {self._somebody()}"
        begun = pick(("facturas", "mis facturas", "recibos")), pick(STATES), whose, pick(PERIODS)
        return " ".join(" ".join((*begun, pick(ENERGIES), pick(AMOUNTS), pick(FILES))).split())

    def _about_somebody(self) -> str:
        return self._random.choice(ABOUT_SOMEBODY).format(self._somebody())

    def _by_number(self) -> str:
        contract, invoice = self._random.choice(self._truth.contracts), self._random.choice(self._truth.invoices)
        asked = {
            "contract": contract.number,
            "cups": self._truth.points[contract.supply_point_id],
            "invoice": self._random.choice((invoice.number, invoice.number.lower())),
        }
        return self._random.choice(BY_NUMBER).format_map(asked)

    def _somebody(self) -> str:
        some = self._random.choice(self._truth.clients)
        words = some.name.split()
        place = self._random.choice([place for place, word in enumerate(words) if len(word) > 2])
        slipped = " ".join([*words[:place], misspelt(self._random, words[place]), *words[place + 1 :]])
        short = some.name.removeprefix("Comunidad de Propietarios ").removesuffix(", S. L.")
        spellings = (some.name, some.name.lower(), short, short.lower(), slipped, words[-1], some.address)
        return self._random.choice((*spellings, some.identifier))
