"""A small part of each measurement, so that they cannot rot. No time is asserted."""

import datetime as dt
import json
from pathlib import Path

import pytest

from benchmarks import bench, startup
from benchmarks.expected import Needs, earliest_last_send
from benchmarks.long_runs import month_of_runs, state_scaling
from benchmarks.output import Output
from benchmarks.runner import in_flight
from benchmarks.scenarios import QUICK, Scenario

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [scenarios[0] for scenarios in QUICK.values()], ids=list(QUICK))
def test_every_scenario_brings_what_the_data_require(scenario: Scenario) -> None:
    result = scenario.measure(1)

    assert [check.text for check in result.checks if not (check.met or check.is_figure)] == []
    assert len(result.checks) > 2
    assert {"this tap", "plain SDK tap"} <= result.runs.keys()
    assert all(name in bench.report(result) for name in result.runs)


@pytest.mark.slow
def test_start_up_is_measured_for_both_taps() -> None:
    table = startup.report(1)

    assert "idle run with 1 call, this tap" in table
    assert "idle run with 1 call, plain SDK tap" in table
    assert "singer_sdk" in table


def test_the_documented_limits_let_the_351st_call_go_after_185_seconds() -> None:
    assert earliest_last_send(351, per_window=100, window=60, per_second=10) == 185
    assert earliest_last_send(351, per_window=100, window=60, per_second=0) == 180
    assert earliest_last_send(1, per_window=100, window=60, per_second=10) == 0


def test_calls_in_flight_are_averaged_over_the_whole_span() -> None:
    calls: list[dict[str, float | None]] = [
        {"at": 0.0, "done": 2.0},
        {"at": 1.0, "done": 4.0},
        {"at": 1.0, "done": None},
    ]

    assert in_flight(calls) == pytest.approx(5 / 4)
    assert in_flight([]) == 0


def test_calls_are_counted_from_what_there_is() -> None:
    long_ago, lately = NOW - dt.timedelta(days=300), NOW - dt.timedelta(days=3)
    sizes = {f"{number}": 4 for number in range(198)} | {"round": 300, "long": 301, "none": 0}
    needs = Needs(sizes, {**dict.fromkeys(sizes, long_ago), "round": lately, "none": lately})

    # Two pages of webinars, a list each, and one more call for the list that may have been cut at 300.
    assert needs.first_calls(details=False) == 2 + 201 + 1
    assert needs.first_calls(details=True) == 2 + 201 + 1 + 198 * 4 + 300 + 301
    assert needs.idle_calls(NOW) == 2 + 2 + 1
    assert Needs({}, {}).first_calls(details=True) == 1


def test_order_and_values_of_records_tell_outputs_apart(tmp_path: Path) -> None:
    rows = [{"webinarKey": "1", "subject": "a"}, {"webinarKey": "2", "subject": "b"}]

    def output(*records: dict[str, str]) -> Output:
        lines = [json.dumps({"type": "RECORD", "stream": "webinars", "record": record}) for record in records]
        (tmp_path / "out").write_text("\n".join(lines), encoding="utf-8")
        return Output.read(tmp_path / "out")

    assert output(*rows).order == output(*rows).order
    assert output(*rows).order != output(*reversed(rows)).order
    assert output(*rows).order != output(rows[0], {**rows[1], "subject": "c"}).order
    assert output(*rows).keys == output(*reversed(rows)).keys == {("webinars", "1", "None"), ("webinars", "2", "None")}


@pytest.mark.slow
def test_an_hourly_schedule_costs_what_is_alive_and_the_rule_agrees_with_the_tap() -> None:
    figures = month_of_runs.measure(webinars=60, alive=3, runs=48, real=3)

    assert figures.calls[0] > 2 * 60
    assert max(figures.calls[1:3]) <= 2 + 2 * 3 + 1
    assert "calls per run, median" in figures.table()


@pytest.mark.slow
def test_the_state_stays_small_per_settled_webinar() -> None:
    figures = state_scaling.measure(40, people=5)
    more = state_scaling.measure(20, details=True, people=5)

    assert figures.states == 1
    assert more.per_settled < 400
    assert "with details" in state_scaling.table([figures, more])
