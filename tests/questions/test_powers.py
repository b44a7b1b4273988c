"""Who may authorize others, and which kind of manager somebody is, read from a sentence with everything else in it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.accounts.model import ManagerKind, Role
from bot.questions.authorization import contact_meant, read_authorization

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("said", "may_authorize"),
    [
        ("autoriza a Marta Ruiz, total, y que pueda autorizar a otros", True),
        ("que Paula también pueda autorizar a más gente", True),
        ("dale a Luis permiso para autorizar a sus compañeros", True),
        ("que Paula ya no pueda autorizar a nadie", False),
        ("quítale a Paula el permiso para autorizar", False),
        ("autoriza a Marta Ruiz, total, sin poder autorizar a otros", False),
        ("autoriza a Marta Ruiz con permiso total", None),
        ("¿quién puede ver mis facturas?", None),
    ],
)
def test_what_is_said_of_authorizing_others(said: str, may_authorize: bool | None) -> None:
    assert read_authorization(said, TODAY).may_authorize is may_authorize


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("da de alta a nuestra gestora energética, Ana Polo", ManagerKind.ENERGY),
        ("registra como administrador de fincas a Ana Polo", ManagerKind.PROPERTY),
        ("quiero dar de alta un gestor externo", None),
        ("¿gestor energético o administrador de fincas?", None),
        ("autoriza a Ana Polo", None),
    ],
)
def test_the_kind_of_manager_is_read(said: str, kind: ManagerKind | None) -> None:
    assert read_authorization(said, TODAY).manager_kind is kind


def test_the_rest_of_the_sentence_is_read_as_ever() -> None:
    said = read_authorization(
        "autoriza a Marta Ruiz Gil, 12345678Z, marta@x.es, total y que pueda autorizar a otros", TODAY
    )
    assert (said.name.whole, said.identifier, said.email, said.role) == (
        "Marta Ruiz Gil",
        "12345678Z",
        "marta@x.es",
        Role.FULL,
    )


@pytest.mark.parametrize(
    "said", ["que Paula Vega pueda autorizar a otros", "quítale a Paula Vega el permiso para autorizar"]
)
def test_who_is_meant_is_found_beside_it(said: str) -> None:
    assert contact_meant(said, TODAY).words == ("Paula Vega",)
