"""Which webinars are read, how often over their lives, and in which order: pure rules, tried with odd figures too."""

import datetime as dt
import math
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tap_gotowebinar.records.timestamps import to_iso, to_iso_seconds
from tap_gotowebinar.sync.schedule import (
    DueReason,
    DueRule,
    PlannedWebinar,
    WebinarTiming,
    alive_first,
    last_end,
    quiet_since,
)

NOW: Final = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
SETTLE: Final = dt.timedelta(days=14)
DAY: Final = dt.timedelta(days=1)

ANY_TIME = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))  # noqa: DTZ001
NEAR_TIME = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2060, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
FACTORS = st.floats(0, 0.5)
ANY_TEXT = st.one_of(st.none(), ANY_TIME.map(to_iso), st.sampled_from(["", "nonsense", "2026-02-31"]))


def timing(now: dt.datetime = NOW, ends_at: dt.datetime | None = None) -> WebinarTiming:
    return WebinarTiming(now, ends_at, SETTLE)


def quiet_for(days: float) -> WebinarTiming:
    return timing(ends_at=NOW - dt.timedelta(days=days))


def ago(days: float) -> str:
    return to_iso_seconds(NOW - dt.timedelta(days=days))


# Cases


@pytest.mark.parametrize(
    ("days", "read_days_ago", "reason"),
    [
        (-1, None, DueReason.ALIVE),  # upcoming
        (-1, 0.1, DueReason.ALIVE),
        (13.9, 1, DueReason.ALIVE),  # not yet quiet for long enough
        (14, None, DueReason.ALIVE),  # settled, but never read to its end since
        (14, 1.3, None),
        (14, 1.4, DueReason.RECHECK),
        (1000, 99, None),
        (1000, 100, DueReason.RECHECK),
        (1000, -1, DueReason.ALIVE),  # read in the future: the clock was wrong
    ],
)
def test_a_webinar_is_due_while_alive_and_then_at_a_tenth_of_its_quiet_time(
    days: float, read_days_ago: float | None, reason: DueReason | None
) -> None:
    read_at = None if read_days_ago is None else ago(read_days_ago)
    assert DueRule(0.1).reason(quiet_for(days), None, read_at) is reason


def test_a_late_registration_brings_a_webinar_back_to_life() -> None:
    assert DueRule(0.1).reason(quiet_for(1000), ago(13), ago(1)) is DueReason.ALIVE
    assert DueRule(0.1).reason(quiet_for(1000), ago(20), ago(2)) is DueReason.RECHECK
    assert DueRule(0.1).reason(quiet_for(1000), ago(20), ago(1)) is None


def test_without_usable_times_a_webinar_is_alive_until_it_is_quiet() -> None:
    assert DueRule(0.1).reason(timing(), None, ago(1)) is DueReason.ALIVE
    assert DueRule(0.1).reason(timing(), ago(13), ago(1)) is DueReason.ALIVE
    assert DueRule(0.1).reason(timing(), ago(15), ago(1)) is None


def test_with_factor_0_every_run_reads_everything() -> None:
    assert DueRule(0).reason(quiet_for(1000), None, ago(0)) is DueReason.RECHECK


# Properties


@given(FACTORS, NEAR_TIME, st.one_of(st.none(), NEAR_TIME.map(to_iso)), NEAR_TIME)
def test_no_webinar_starves(factor: float, ends_at: dt.datetime, newest: str | None, read: dt.datetime) -> None:
    """However rarely a webinar is read, a time comes when it is: at the latest when its quiet time has doubled."""
    since = quiet_since(ends_at, newest)
    assert since is not None
    late = max(since + SETTLE, read + (read - since) * (factor / (1 - factor)), read) + dt.timedelta(seconds=2)
    assert late <= max(since + SETTLE, read + max(read - since, dt.timedelta())) + dt.timedelta(seconds=2)
    assert DueRule(factor).reason(timing(late, ends_at), newest, to_iso_seconds(read)) is not None


@given(st.floats(0.02, 0.5), st.integers(15, 20_000), st.integers(1, 500))
def test_reads_over_a_lifetime_grow_with_the_logarithm_of_its_age(factor: float, days: int, hours: int) -> None:
    """Whatever the schedule, between two readings the quiet time grows by 1 / (1 - factor)."""
    rule, ends_at, read_at, reads = DueRule(factor), NOW, None, 0
    step = dt.timedelta(hours=hours)
    for run in range(math.ceil(SETTLE / step), min(4000, math.ceil(days * DAY / step))):
        now = NOW + run * step
        if rule.reason(timing(now, ends_at), None, read_at) is not None:
            read_at, reads = to_iso_seconds(now), reads + 1
    age = max(1.0, min(days * DAY, 4000 * step) / SETTLE)
    assert reads <= 2 + math.log(age) / -math.log(1 - factor)


@given(FACTORS, st.one_of(st.none(), ANY_TIME), st.lists(NEAR_TIME, min_size=1), NEAR_TIME, st.integers(0, 20_000))
def test_more_registrations_never_make_it_due_later(
    factor: float, ends_at: dt.datetime | None, dates: list[dt.datetime], read: dt.datetime, days: int
) -> None:
    rule, when = DueRule(factor), timing(max(read, *dates) + days * DAY, ends_at)
    fewer, more = to_iso(min(dates)), to_iso(max(dates))
    if rule.reason(when, fewer, to_iso_seconds(read)) is not None:
        assert rule.reason(when, more, to_iso_seconds(read)) is not None


@given(FACTORS, NEAR_TIME, st.floats(0, 10_000), st.floats(0, 10_000), st.floats(0, 10_000))
def test_once_due_it_stays_due_until_it_is_read(
    factor: float, ends_at: dt.datetime, quiet: float, read: float, wait: float
) -> None:
    rule, at = DueRule(factor), ends_at + dt.timedelta(days=quiet)
    read_at = to_iso(at - dt.timedelta(days=read))
    later = at + dt.timedelta(days=wait)
    assume(later.year < 2200)
    if rule.reason(timing(at, ends_at), None, read_at) is not None:
        assert rule.reason(timing(later, ends_at), None, read_at) is not None


@given(FACTORS, ANY_TIME, st.one_of(st.none(), ANY_TIME), ANY_TEXT, ANY_TEXT)
def test_odd_dates_and_clocks_are_harmless(
    factor: float, now: dt.datetime, ends_at: dt.datetime | None, newest: str | None, read_at: str | None
) -> None:
    """Nothing raises; what cannot be true makes a webinar due."""
    reason = DueRule(factor).reason(timing(now, ends_at), newest, read_at)
    if reason is None:
        since = quiet_since(ends_at, newest)
        assert since is not None
        assert since <= now - SETTLE
        assert read_at is not None
        assert read_at <= to_iso(now)


# The end of a webinar


@pytest.mark.parametrize(
    ("times", "end"),
    [
        ([{"startTime": "2026-03-01T10:00:00Z", "endTime": "2026-03-01T11:00:00Z"}], "2026-03-01T11:00:00Z"),
        ([{"endTime": "2026-03-08T11:00:00Z"}, {"endTime": "2026-03-01T11:00:00Z"}], "2026-03-08T11:00:00Z"),
        ([{"startTime": "2026-03-01T10:00:00Z", "endTime": None}], "2026-03-01T10:00:00Z"),
        ([None, {}, {"endTime": None}], None),
        ([], None),
        (None, None),
    ],
)
def test_a_webinar_ends_with_its_last_occurrence(times: list[dict[str, Any]] | None, end: str | None) -> None:
    found = last_end({"times": times})
    assert (found and to_iso_seconds(found)) == end


# Order


def planned(key: str, ends_in_days: float | None, reason: DueReason | None, *, settled: bool = False) -> PlannedWebinar:
    ends_at = None if ends_in_days is None else NOW + dt.timedelta(days=ends_in_days)
    return PlannedWebinar({"webinarKey": key}, timing(ends_at=ends_at), reason, settled)


def test_alive_webinars_come_first_and_then_the_newest() -> None:
    webinars = [
        planned("old", -900, DueReason.NEW, settled=True),
        planned("over", -3, DueReason.ALIVE),
        planned("older", -901, None, settled=True),
        planned("soon", 3, DueReason.NEW),
        planned("unknown", None, DueReason.ALIVE),
        planned("draws people still", -5000, DueReason.ALIVE),
        planned("recent", -20, DueReason.RECHECK, settled=True),
    ]
    found = alive_first(webinars)
    alive = {webinar.key for webinar in found[:4]}
    assert alive == {"soon", "over", "unknown", "draws people still"}
    assert [webinar.key for webinar in found if webinar.settled] == ["recent", "old", "older"]
    assert [webinar.key for webinar in found][:2] == ["soon", "over"]


@given(st.permutations(["1", "2", "3", "4"]))
def test_the_order_does_not_depend_on_the_listing(keys: list[str]) -> None:
    found = alive_first(planned(key, 1, DueReason.NEW) for key in keys)
    assert [webinar.key for webinar in found] == ["1", "2", "3", "4"]
