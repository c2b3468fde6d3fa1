"""What was emitted of sessions, as pure rules: single cases, and any order of ends, failures and times."""

import datetime as dt
import json
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_gotowebinar.records.timestamps import to_iso
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.state import loaded_entries
from tap_gotowebinar.sync.bookmarks.streams import rows_hash
from tap_gotowebinar.sync.schedule import DueRule, PlannedSession, in_order

NOW: Final = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
SETTLE: Final = dt.timedelta(days=14)
START: Final = "2000-01-01T00:00:00.000000Z"
EVERY_RUN: Final = DueRule(0)
RARELY: Final = DueRule(0.1)


def day(number: float) -> str:
    """The end of a session so many days before now."""
    return to_iso(NOW - dt.timedelta(days=number))


def session(key: int, end: str | None, *, now: dt.datetime = NOW, start: str | None = None) -> PlannedSession:
    record = {"sessionKey": str(key), "webinarKey": "1", "organizerKey": "2", "startTime": start, "endTime": end}
    return PlannedSession(record, now, SETTLE)


def opened(entry: dict[str, Any], sessions: list[PlannedSession], start: str = START) -> SessionsBookmark:
    """A bookmark that has been told the list of a run, its entry taken from a printed state."""
    entries = loaded_entries({"organizers": {"2": json.loads(json.dumps(entry))} if entry else {}}, "", "organizers")
    bookmark = SessionsBookmark(entries.get("2", {}))
    since = bookmark.listing_start(start, to_iso(max((one.now for one in sessions), default=NOW) - SETTLE))
    bookmark.load_listing(
        in_order(one for one in sessions if one.end is None or one.end >= min(since, start)), is_complete=True
    )
    return bookmark


def due(bookmark: SessionsBookmark, sessions: list[PlannedSession], rule: DueRule = EVERY_RUN) -> list[str]:
    return [one.key for one in sessions if bookmark.is_due(one, rule)]


def read(bookmark: SessionsBookmark, *sessions: PlannedSession) -> SessionsBookmark:
    for one in sessions:
        bookmark.remember(one, hash="1")
        bookmark.mark_read(one)
    return bookmark


@pytest.mark.parametrize(
    ("days", "keys", "bookmark", "remembered"),
    [
        ([40, 20], "12", 20, ""),
        ([14], "1", 14, ""),
        ([60, 50, 40], "13", 60, "3"),
        ([50, 50], "1", None, "1"),
        ([60, 50, 50], "21", 60, "2"),
    ],
    ids=["all settled", "settled just now", "one failed", "at the same time as one that failed", "before those"],
)
def test_the_bookmark_stands_before_the_first_session_that_was_not_read(
    days: list[float], keys: str, bookmark: float | None, remembered: str
) -> None:
    sessions = [session(key, day(ago)) for key, ago in enumerate(days, start=1)]
    entry = read(opened({}, sessions), *(sessions[int(key) - 1] for key in keys)).entry()
    assert entry.get("replication_key_value") == (bookmark and day(bookmark))
    assert list(entry.get("sessions", {})) == list(remembered)
    failed = [one for one in sessions if one.key not in keys]
    again = opened(entry, sessions)
    assert due(again, sessions) == [one.key for one in failed]
    assert read(again, *failed).entry() == {"replication_key_value": day(days[-1]), "start": START}


def test_a_session_that_ended_just_when_the_bookmark_starts_is_read_once() -> None:
    sessions = [session(1, day(50))]
    entry = read(opened({}, sessions, day(50)), *sessions).entry()
    assert due(opened(entry, sessions, day(50)), sessions) == []


@pytest.mark.parametrize(("hours", "expected"), [(1, []), (9, []), (10, ["1"])])
def test_a_session_is_read_again_the_more_rarely_the_longer_it_is_over(hours: float, expected: list[str]) -> None:
    end = day(0)
    entry = read(opened({}, [session(1, end, now=NOW)]), session(1, end, now=NOW + dt.timedelta(hours=90))).entry()
    later = [session(1, end, now=NOW + dt.timedelta(hours=90 + hours))]
    assert due(opened(entry, later), later, RARELY) == expected


@pytest.mark.parametrize(("start", "since"), [(START, day(20)), (day(20), day(20)), (day(19), day(19))])
def test_only_sessions_since_the_bookmark_are_listed(start: str, since: str) -> None:
    sessions = [session(1, day(40)), session(2, day(20))]
    entry = read(opened({}, sessions), *sessions).entry()
    assert SessionsBookmark(entry).listing_start(start, day(14)) == since


def test_a_start_moved_to_the_bookmark_itself_reads_nothing_twice() -> None:
    sessions = [session(1, day(40)), session(2, day(20))]
    entry = read(opened({}, sessions), *sessions).entry()
    assert due(opened(entry, sessions, day(20)), sessions) == []


def test_what_was_found_of_a_session_is_new_until_it_has_been_emitted_and_when_it_changes() -> None:
    recent = session(1, day(3))
    bookmark = opened({}, [recent])
    assert bookmark.entry_of(recent) == {}
    assert bookmark.is_new(recent, [{"a": 1}])
    bookmark.remember(recent, hash=rows_hash([{"a": 1}]))
    again = opened(bookmark.entry(), [recent])
    assert not again.is_new(recent, [{"a": 1, "b": None}])
    assert again.is_new(recent, [{"a": 2}])


def test_nothing_is_new_of_a_session_behind_the_bookmark() -> None:
    old = session(1, day(40))
    bookmark = read(opened({}, [old]), old)
    assert not bookmark.is_new(old, [{"a": 2}])


def test_the_bookmark_stays_where_it_is_while_no_list_has_come() -> None:
    entry = {"replication_key_value": day(40), "start": day(100)}
    read_at = {"hash": "1", "read_at": "2026-03-10T12:00:00Z"}
    assert read(SessionsBookmark(entry), session(1, day(30))).entry() == {**entry, "sessions": {"1": read_at}}


def test_a_session_without_an_end_counts_from_its_start_and_one_without_either_is_read_each_time() -> None:
    no_end, no_time = session(1, None, start=day(50)), session(2, None)
    entry = read(opened({}, [no_end, no_time]), no_end, no_time).entry()
    assert entry["replication_key_value"] == day(50)
    assert due(opened(entry, [no_end, no_time]), [no_end, no_time], RARELY) == ["2"]


def test_a_session_that_ends_in_the_future_is_read_each_time() -> None:
    odd = session(1, day(-300))
    entry = read(opened({}, [odd]), odd).entry()
    later = session(1, day(-300), now=NOW + dt.timedelta(minutes=1))
    assert due(opened(entry, [later]), [later], RARELY) == ["1"]


def test_a_start_moved_back_reads_what_is_before_the_old_one_and_nothing_twice() -> None:
    recent, old, older = session(3, day(40)), session(2, day(300)), session(1, day(400))
    entry = read(opened({}, [recent], day(100)), recent).entry()
    bookmark = opened(entry, [older, old, recent], day(500))
    assert due(bookmark, [older, old, recent]) == ["1", "2"]
    half = read(bookmark, old).entry()
    again = opened(half, [older, old, recent], day(500))
    assert due(again, [older, old, recent]) == ["1"]
    assert read(again, older).entry() == {"replication_key_value": day(40), "start": day(500)}


def test_a_start_moved_beyond_the_bookmark_leaves_no_gap_that_counts_as_read() -> None:
    old, between, recent = session(1, day(400)), session(2, day(300)), session(3, day(40))
    entry = read(opened({}, [old], day(500)), old).entry()
    entry = read(opened(entry, [recent], day(100)), recent).entry()
    assert due(opened(entry, [old, between, recent], day(500)), [old, between, recent]) == ["1", "2"]


def test_an_incomplete_list_neither_moves_the_bookmark_nor_forgets() -> None:
    old, recent = session(1, day(40)), session(2, day(3))
    entry = read(opened({}, [recent]), recent).entry()
    bookmark = SessionsBookmark(entry)
    bookmark.listing_start(START, day(14))
    bookmark.load_listing([old], is_complete=False)
    assert read(bookmark, old).entry() == {
        "start": START,
        "sessions": {
            "1": {"hash": "1", "read_at": "2026-03-10T12:00:00Z"},
            "2": {"hash": "1", "read_at": "2026-03-10T12:00:00Z"},
        },
    }


def test_a_bookmark_of_sessions_that_are_not_settled_holds_no_more() -> None:
    """The clock was ahead when it was written, or `settle_days` was smaller."""
    settled, recent = sessions = [session(1, day(20)), session(2, day(3))]
    bookmark = opened({"replication_key_value": day(3), "start": START}, sessions)
    assert due(bookmark, sessions) == ["2"]
    assert read(bookmark, settled, recent).entry()["replication_key_value"] == day(14)


def test_the_bookmark_speaks_for_no_session_later_than_it_may() -> None:
    old, recent = sessions = [session(1, day(40)), session(2, day(20))]
    bookmark = SessionsBookmark({})
    bookmark.listing_start(START, day(30))
    bookmark.load_listing(sessions, is_complete=True)
    entry = read(bookmark, old, recent).entry()
    assert (entry["replication_key_value"], list(entry["sessions"])) == (day(40), ["2"])


RUNS = st.lists(st.tuples(st.integers(0, 30), st.sets(st.integers(0, 7)), st.sampled_from([0.0, 0.1, 0.5])), max_size=8)


@settings(deadline=None)
@given(ends=st.lists(st.one_of(st.none(), st.integers(-60, 60)), min_size=8, max_size=8), runs=RUNS)
def test_every_session_is_read_after_it_settled_whatever_fails(
    ends: list[int | None], runs: list[tuple[int, set[int], float]]
) -> None:
    """Days pass, sessions end, some cannot be read; in the end nothing is left, and nothing was forgotten."""
    moments = [None if end is None else NOW + dt.timedelta(days=end) for end in ends]
    now, entry, read_when = NOW - dt.timedelta(days=60), dict[str, Any](), dict[int, dt.datetime]()
    for days, failing, factor in [*runs, (200, set(), 0.0)]:
        now += dt.timedelta(days=days)
        sessions = in_order(
            session(key, None if end is None else to_iso(end), now=now)
            for key, end in enumerate(moments)
            if end is None or end <= now
        )
        bookmark = opened(entry, sessions)
        for one in sessions:
            if bookmark.is_due(one, DueRule(factor)):
                if int(one.key) not in failing:
                    read(bookmark, one)
                    read_when[int(one.key)] = now
            elif one.ended_at is not None:
                assert int(one.key) in read_when, "never read and not due"
        entry = bookmark.entry()
        alive = {one.key for one in sessions if one.ended_at is None or now - one.ended_at < SETTLE}
        if not failing and factor == 0:
            assert set(entry.get("sessions", {})) <= alive
    assert all(read_when[key] - end >= SETTLE for key, end in enumerate(moments) if end is not None)
