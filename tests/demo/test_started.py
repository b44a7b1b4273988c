"""What a start does with an empty database."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.conversation.model import Reply
from bot.desk.demo import ACCOUNTS
from bot.services import Services, make_services
from bot.settings import Settings


class Silent:
    """Stands where the assistant would: nobody talks in these tests."""

    def say(self, response: str, **values: object) -> Reply:
        return Reply(response)


def started(folder: Path, **settings: object) -> Services:
    chosen = Settings(_env_file=None, data_folder=folder, database_url="", **settings)  # type: ignore[call-arg, arg-type]
    return make_services(chosen, assistant=lambda *_: Silent())  # type: ignore[arg-type, return-value]


def test_the_first_start_and_later_ones_name_the_same_demo_people(tmp_path: Path) -> None:
    services = [started(tmp_path), started(tmp_path)]
    names = [[str(person) for person in each.demo_people] for each in services]
    for each in services:
        each.close()
    assert names[0] == names[1]
    assert len(names[0]) == 5 + len(ACCOUNTS)


@pytest.mark.parametrize("first", [False, True])
def test_nobody_is_named_where_demo_data_is_not_wanted(tmp_path: Path, first: bool) -> None:
    if first:
        started(tmp_path).close()
    services = started(tmp_path, demo_data=False)
    services.close()
    assert list(services.demo_people) == []
