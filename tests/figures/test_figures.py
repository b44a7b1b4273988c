"""The figures of a supervisor, counted by hand and by the product, on both databases."""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.conversation.queries import conversation_table
from bot.database import Database
from bot.desk.model import Choice, State
from bot.desk.tables import case_table, staff_table
from bot.figures import service
from bot.figures.model import Asked, Report, Step, durations
from bot.procedures.store import procedure_table
from bot.satisfaction.store import rating_table
from bot.topics.store import answered_turn_table
from tests.conftest import DEMO_DAY
from tests.figures import world

TODAY = date(2026, 11, 22)
YESTERDAY = TODAY - timedelta(days=1)
SECONDS_FOR_A_HUNDRED_THOUSAND = 5.0


def counted(database: Database, asked: Asked | None = None) -> Report:
    with database.reading() as connection:
        return service.report(connection, asked or Asked(YESTERDAY, TODAY), DEMO_DAY)


@pytest.fixture
def talks(demo: Database) -> Database:
    """Yesterday one conversation of the first agency, today two, one of which was not understood."""
    with demo.writing() as connection:
        world.put(connection, conversation_table, [world.conversation_row(n) for n in (1, 2)])
        rows = [
            world.turn_row(1, YESTERDAY, "access_how", agency_id=1),
            world.turn_row(1, YESTERDAY, "thanks", agency_id=1),
            world.turn_row(1, TODAY, "access_how", agency_id=1),
            world.turn_row(2, TODAY, "nlu_fallback", "telegram"),
            world.turn_row(2, TODAY, "access_how", "telegram"),
        ]
        world.put(connection, answered_turn_table, rows)
    return demo


def add_case(database: Database, number: int, seconds_after: int | None = 60, **values: object) -> None:
    opened = DEMO_DAY - timedelta(hours=1)
    taken = None if seconds_after is None else opened + timedelta(seconds=seconds_after)
    with database.writing() as connection:
        world.put(connection, procedure_table, [world.procedure_row(number, opened)])
        row = {"taken_at": taken, "ended_at": DEMO_DAY} | values
        world.put(connection, case_table, [world.case_row(number, opened, **row)])


def test_conversations_count_once_a_day_by_channel(talks: Database) -> None:
    report = counted(talks)
    assert [column.by_channel for column in report.columns] == [{"web": 1}, {"web": 1, "telegram": 1}]
    assert (report.total.conversations, report.total.not_understood) == (3, 1)


def test_topics_are_questions_the_most_frequent_first(talks: Database) -> None:
    assert counted(talks).topics == [("access_how", 3)]


def test_figures_of_an_agency_are_only_its_own(talks: Database) -> None:
    report = counted(talks, Asked(YESTERDAY, TODAY, agency_id=1))
    assert (report.total.conversations, report.topics) == (2, [("access_how", 2)])
    assert counted(talks, Asked(YESTERDAY, TODAY, agency_id=2)).total.conversations == 0


def test_weeks_begin_on_monday_and_empty_days_are_there_too(talks: Database) -> None:
    weeks = counted(talks, Asked(TODAY - timedelta(days=13), TODAY, Step.WEEK))
    assert [column.first_day.isoformat() for column in weeks.columns] == ["2026-11-09", "2026-11-16"]
    assert [column.conversations for column in weeks.columns] == [0, 3]


def test_the_share_without_a_person_leaves_out_those_that_needed_one(talks: Database) -> None:
    add_case(talks, 1)
    assert counted(talks).total.share_solved == pytest.approx(2 / 3)


def test_waits_are_judged_by_the_law(demo: Database) -> None:
    for number, seconds in enumerate((10, 60, 180, 181), start=1):
        add_case(demo, number, seconds)
    waits = counted(demo).total.waits
    assert (waits.asked, waits.within, waits.is_lawful) == (4, 3, False)
    assert (waits.attended.mean_seconds, waits.attended.median_seconds) == (108, 120)


def test_who_left_before_counts_against_us_and_who_wanted_a_call_does_not(demo: Database) -> None:
    add_case(demo, 1)
    add_case(demo, 2, None)
    add_case(demo, 3, 4000, choice=Choice.CALL.value)
    waits = counted(demo).total.waits
    assert (waits.asked, waits.within, waits.left) == (2, 1, 1)


def test_who_waits_for_more_than_three_minutes_now_counts_too(demo: Database) -> None:
    add_case(demo, 1, None, ended_at=None, state=State.WAITING.value)
    assert counted(demo).total.waits.asked == 1


def test_contentment_is_the_mean_of_those_who_answered(talks: Database) -> None:
    with talks.writing() as connection:
        rows = [world.rating_row(1, TODAY, 5, comment="bien"), world.rating_row(2, TODAY, 2)]
        world.put(connection, rating_table, [*rows, world.rating_row(1, YESTERDAY, None)])
    report = counted(talks)
    assert (report.total.content.asked, report.total.content.answers, report.total.content.mean) == (3, 2, 3.5)
    assert report.comments == [(TODAY, 5, "bien")]
    assert report.scores == [(5, 1), (4, 0), (3, 0), (2, 1), (1, 0)]


def test_open_procedures_are_told_by_their_deadline(demo: Database) -> None:
    lasts = {1: TODAY - timedelta(days=1), 2: TODAY, 3: TODAY + timedelta(days=6), 4: TODAY + timedelta(days=7)}
    with demo.writing() as connection:
        rows = [world.procedure_row(n, DEMO_DAY, deadline_on=day) for n, day in lasts.items()]
        world.put(connection, procedure_table, [*rows, world.procedure_row(5, DEMO_DAY, closed_at=DEMO_DAY)])
    with demo.reading() as connection:
        found = service.live(connection, DEMO_DAY).deadlines
    assert (found.open, found.due_soon, found.late) == (4, 2, 1)


def test_agents_are_told_with_their_first_answers(demo: Database) -> None:
    with demo.writing() as connection:
        world.put(connection, staff_table, [world.staff_row(1, "Laura")])
    opened = DEMO_DAY - timedelta(hours=1)
    add_case(demo, 1, 60, staff_id=1, first_answer_at=opened + timedelta(seconds=90))
    agent = counted(demo).agents[0]
    assert (agent.name, agent.cases, agent.answers.mean_seconds) == ("Laura", 1, 30)


def test_now_is_who_waits_who_attends_and_since_when(demo: Database) -> None:
    with demo.writing() as connection:
        here, gone = DEMO_DAY - timedelta(seconds=5), DEMO_DAY - timedelta(minutes=5)
        world.put(
            connection,
            staff_table,
            [world.staff_row(1, "Laura", seen_at=here), world.staff_row(2, "Juan", seen_at=gone)],
        )
    add_case(demo, 1, None, ended_at=None, state=State.WAITING.value)
    add_case(demo, 2, None, ended_at=None, state=State.WAITING.value, choice=Choice.CALL.value)
    add_case(demo, 3, ended_at=None, state=State.AGENT.value, staff_id=1)
    with demo.reading() as connection:
        now = service.live(connection, DEMO_DAY)
    assert (now.waiting, now.to_call, now.with_agent, now.agents_here, now.longest_wait_seconds) == (1, 1, 1, 1, 3600)


def test_a_day_begins_at_midnight_in_spain(demo: Database) -> None:
    with demo.writing() as connection:
        for number, hour in ((1, 22), (2, 23)):  # 23:30 in Spain, and 00:30 of the next day
            opened = datetime(2026, 11, 20, hour, 30, tzinfo=UTC)
            world.put(connection, procedure_table, [world.procedure_row(number, opened)])
            world.put(connection, case_table, [world.case_row(number, opened, taken_at=opened, ended_at=opened)])
    columns = counted(demo, Asked(date(2026, 11, 20), date(2026, 11, 21))).columns
    assert [column.with_person for column in columns] == [1, 1]


def test_days_in_the_wrong_order_and_too_many_are_refused() -> None:
    for since, until in ((TODAY, YESTERDAY), (TODAY - timedelta(days=401), TODAY)):
        with pytest.raises(ValueError, match="until"):
            Asked(since, until)


def test_nothing_measured_has_no_mean() -> None:
    assert durations([]).mean_seconds is None


def test_a_hundred_thousand_conversations_are_counted_quickly(demo: Database) -> None:
    with demo.writing() as connection:
        world.fill(connection, 100_000, 90)
        connection.execute(text("ANALYZE"))
    started = time.perf_counter()
    month = counted(demo, Asked(TODAY - timedelta(days=29), TODAY))
    took = time.perf_counter() - started
    started = time.perf_counter()
    counted(demo, Asked(TODAY - timedelta(days=89), TODAY, Step.WEEK, agency_id=2))
    quarter = time.perf_counter() - started
    sys.stderr.write(f"\n100,000 conversations: 30 days {took:.2f} s, 90 days of an agency {quarter:.2f} s\n")
    assert month.total.conversations > 30_000
    assert max(took, quarter) < SECONDS_FOR_A_HUNDRED_THOUSAND
