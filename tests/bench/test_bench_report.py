from dataclasses import replace

import pytest

from bench.load import Turn
from bench.report import MEASURES, Spread, number, render, table
from bench.rounds import Size, cost_near, growth_figures, long_and_fresh, percentile

OURS = [{"one_p50": 8.0, "growth": 1.1}, {"one_p50": 9.0, "growth": 1.15}, {"one_p50": 30.0, "growth": 1.0}]
STOCK = [{"one_p50": 44.0, "growth": 20.0}, {"one_p50": 46.0}, {"one_p50": 50.0}]


def lines_by_title(ours, stock):
    return {line.title: line for line in table(ours, [], stock)}


def turns_costing(cost, last, sender="long"):
    return [Turn(sender, number, cost(number), float(number)) for number in range(1, last + 1)]


def fresh_turns(cost, at):
    return [Turn(f"fresh-{at}", number, cost, float(at)) for number in range(1, 19)]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (0.0, 1), (1.0, 100)])
def test_a_percentile_is_the_smallest_value_that_covers_its_share(share, expected):
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_a_cell_shows_the_median_and_the_noise_of_the_rounds():
    assert str(Spread.of(OURS, "one_p50")) == "9 (8–30)"


def test_a_ratio_within_its_goal_is_reached():
    line = lines_by_title(OURS, STOCK)["One user, turn, p50, ms"]
    assert (line.ratio, line.reached) == ("0.20×", "yes")


def test_a_ratio_beyond_its_goal_is_not_reached():
    line = lines_by_title([{"one_p50": 9.3}], STOCK)["One user, turn, p50, ms"]
    assert line.reached == "**no**"


def test_throughput_has_to_be_high_and_not_low():
    reached = [lines_by_title([{"turns_per_second": ours}], [{"turns_per_second": 20.0}]) for ours in (159.0, 161.0)]
    assert [lines["16 users, throughput, turns/s"].reached for lines in reached] == ["**no**", "yes"]


def test_growth_is_judged_by_our_own_figure():
    (line,) = [line for line in table([{"growth": 1.3}], [], [{"growth": 40.0}]) if line.goal]
    assert line.reached == "**no**"


def test_a_goal_without_figures_is_not_called_reached():
    assert lines_by_title(OURS, [])["One user, turn, p50, ms"].reached == "not measured"


def test_lines_nobody_measured_are_left_out():
    assert len(table(OURS, [], STOCK)) == 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (12.34, "12.3"), (1184.6, "1,185"), (3.0, "3"), (0.0, "0")]
)
def test_numbers_are_written_with_the_digits_that_mean_something(value, text):
    assert number(value) == text


def test_the_cost_of_a_turn_is_taken_around_it():
    assert cost_near(turns_costing(float, 200), (100, 40)) == 100.0


def test_the_edges_of_a_window_belong_to_it():
    assert cost_near(turns_costing({1: 50.0, 2: 10.0, 3: 1.0, 4: 10.0, 5: 50.0}.get, 5), (3, 1)) == 10.0


def test_a_window_that_was_not_reached_has_no_cost():
    assert cost_near(turns_costing(float, 139), (100, 40)) is None


def test_growth_compares_the_last_turns_reached_with_turn_10():
    figures = growth_figures(turns_costing(float, 246) + fresh_turns(10.0, at=200))
    assert "turn_1000" not in figures
    assert figures["growth"] == pytest.approx(206.5 / 10)


def test_growth_compares_only_what_was_measured_at_the_same_time():
    """The machine was three times slower at the end, and the long conversation cost no more than a fresh one."""
    long = turns_costing(lambda number: 30.0 if number > 900 else 10.0, 1040)
    figures = growth_figures(long + fresh_turns(10.0, at=500) + fresh_turns(30.0, at=1000))
    assert figures["growth"] == pytest.approx(1)


def test_a_long_conversation_with_no_fresh_one_beside_it_has_no_growth():
    assert "growth" not in growth_figures(turns_costing(float, 246))


def test_the_long_conversation_goes_on_after_each_fresh_one():
    pieces = long_and_fresh(map(str, range(10_000)), 120)
    assert [(piece.sender, piece.first, len(piece.messages)) for piece in pieces] == [
        ("long", 1, 40), ("fresh-1-0", 1, 18), ("long", 41, 40), ("fresh-41-0", 1, 18), ("long", 81, 40), ("fresh-81-0", 1, 18)
    ]  # fmt: skip


def page(**changes):
    values = dict.fromkeys(("date", "processor", "python", "aiohttp", "ceiling", "spin", "minutes", "command"), "")
    values |= {"lines": table(OURS, [], STOCK), "size": Size.full(), "cores": 2, "load": 0.5, "faults": []}
    return render(**(values | {"stock": {"version": "Rasa"}, "postgresql": None} | changes))


def test_the_page_names_faults_and_does_not_say_that_all_went_well():
    text = page(faults=["stock, round 1, crowd: status 500"])
    assert "- stock, round 1, crowd: status 500" in text
    assert "Every message got its answer" not in text


def test_the_page_of_a_single_round_says_not_to_quote_it():
    assert "not to quote" in page(size=replace(Size.full(), rounds=1))
    assert "not to quote" not in page()


def test_every_figure_is_listed_once():
    names = [measure.name for measure in MEASURES]
    assert len(names) == len(set(names))
