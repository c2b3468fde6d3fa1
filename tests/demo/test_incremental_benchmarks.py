"""The benchmarks run, in small; what they promise holds there, too."""

from benchmarks.long_runs import month_of_runs, state_scaling


def test_an_hourly_schedule_costs_what_is_alive_and_the_rule_agrees_with_the_tap() -> None:
    figures = month_of_runs.measure(webinars=60, alive=3, runs=48, real=3)

    assert figures.calls[0] > 2 * 60
    assert max(figures.calls[1:3]) <= 2 + 2 * 3 + 1
    assert "calls per run, median" in figures.table()


def test_the_state_stays_small_per_settled_webinar() -> None:
    figures = state_scaling.measure(40, people=5)
    more = state_scaling.measure(20, details=True, people=5)

    assert figures.states == 1
    assert more.per_settled < 400
    assert "with details" in state_scaling.table([figures, more])
