"""What has been emitted, as pure rules: single cases, the bytes that may never change, and a machine that tries all."""

import datetime as dt
import json
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tap_gotowebinar.api.responses import MAX_KEY
from tap_gotowebinar.records.timestamps import to_iso
from tap_gotowebinar.sync.bookmarks.registrants import HASHED_FIELDS, RegistrantBookmark, SeenKeysBookmark, row_hash
from tap_gotowebinar.sync.bookmarks.sessions import SessionsBookmark
from tap_gotowebinar.sync.bookmarks.state import pack, unpack
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks, HashBookmark, rows_hash
from tap_gotowebinar.sync.schedule import WebinarTiming

NOW: Final = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
SETTLE: Final = dt.timedelta(days=14)
LONG_AGO: Final = NOW - dt.timedelta(days=400)
ALIVE: Final = WebinarTiming(NOW, NOW + dt.timedelta(days=1), SETTLE)
SETTLED: Final = WebinarTiming(NOW, LONG_AGO, SETTLE)
STREAMS: Final = {"registrants": RegistrantBookmark, "registrant_details": RegistrantBookmark}
OLD: Final = "2001-01-01T00:00:00.000000Z"
LATER: Final = "2025-06-01T00:00:00.000000Z"
Row = dict[str, Any]


def person(key: int, date: str | None = "2025-02-01T10:00:00.000000Z", **fields: object) -> Row:
    return {"registrantKey": str(key), "email": f"{key}@example.com", "registrationDate": date, **fields}


def by_key(rows: list[Row]) -> dict[int, Row]:
    return {int(row["registrantKey"]): row for row in rows}


def emitted(
    bookmark: RegistrantBookmark, rows: list[Row], timing: WebinarTiming = ALIVE, *, whole_list: bool = True
) -> list[str]:
    """Read a list to its end, as a stream does; return the keys that came out."""
    bookmark.load_roster(by_key(rows), whole_list=whole_list)
    due = list(bookmark.due(by_key(rows)))
    bookmark.remember(due, not_after=to_iso(timing.now))
    bookmark.mark_read(by_key(rows), timing)
    return [row["registrantKey"] for row in due]


def reloaded(bookmark: RegistrantBookmark) -> RegistrantBookmark:
    return RegistrantBookmark(json.loads(json.dumps(bookmark.entry())))


def read_before(*rows: Row, timing: WebinarTiming = ALIVE) -> RegistrantBookmark:
    """The bookmark of an earlier run that read these rows."""
    bookmark = RegistrantBookmark({})
    emitted(bookmark, list(rows), timing)
    return reloaded(bookmark)


# Bytes that may never change


def test_hashes_and_rosters_are_the_same_in_every_release() -> None:
    row = {
        "registrantKey": "1234567890123456789",
        "firstName": "Zoë",
        "lastName": "Müller 蜂",
        "email": "zoe@example.com",
        "status": "APPROVED",
        "registrationDate": "2026-02-20T08:15:30.120000Z",
        "joinUrl": "https://global.gotowebinar.com/join/1/2",
        "timeZone": "Europe/Zurich",
    }
    assert HASHED_FIELDS == ("email", "firstName", "joinUrl", "lastName", "registrationDate", "status", "timeZone")
    assert row_hash(row) == 0x90D3BD9C
    assert row_hash({}) == row_hash({"status": None}) == 0x438DD692
    roster = {1234567890123456789: 0xDEADBEEF, 7: 1}
    assert (pack(roster), unpack("AAAAAAAAAAcAAAABESIQ9H3pgRXerb7v")) == ("AAAAAAAAAAcAAAABESIQ9H3pgRXerb7v", roster)
    webinar = {"webinarKey": "1", "subject": "Beekeeping", "times": [{"startTime": "x"}], "inSession": False}
    assert rows_hash([webinar]) == "697bf85d"
    assert rows_hash([{"b": 2, "a": "Zoë"}, {"a": 1}]) == "7d5b1317"
    assert rows_hash([]) == "00000000"


def test_what_the_first_release_remembered_with_its_nulls_is_not_emitted_again() -> None:
    record = {"webinarKey": "1", "subject": "Beekeeping", "times": [{"startTime": None}], "inSession": False}
    assert not HashBookmark({"hash": "cd11b710"}).is_due([record])
    assert not HashBookmark({"hash": "6482d843"}).is_due([{"b": 2, "a": "Zoë"}, {"a": None}])
    assert HashBookmark({"hash": "cd11b710"}).is_due([{**record, "inSession": None}])


def test_null_and_absent_have_the_same_hash() -> None:
    absent = {"a": "null", "times": [{"end": 1}], "replyTo": {}}
    null = {"b": None, "a": "null", "times": [{"start": None, "end": 1}], "replyTo": {"name": None}}
    assert rows_hash([null]) == rows_hash([absent]) != rows_hash([{**absent, "a": None}])
    assert rows_hash([{**null, "times": [{"end": 2}]}]) != rows_hash([null])


def test_the_state_of_the_first_release_is_read_by_this_one() -> None:
    row = person(1234567890123456789)
    entry = {"replication_key_value": row["registrationDate"], "roster": "ESIQ9H3pgRUbI43P"}
    assert emitted(RegistrantBookmark(entry), [row]) == []
    settled = {"replication_key_value": row["registrationDate"], "count": 1, "read_at": "2026-01-01T00:00:00Z"}
    assert emitted(RegistrantBookmark(settled), [row], SETTLED) == []


def test_only_hashed_fields_change_the_hash_of_a_row() -> None:
    row = person(1)
    assert all(row_hash({**row, name: "new"}) != row_hash(row) for name in HASHED_FIELDS)
    assert row_hash({**row, "somethingNew": 1}) == row_hash(dict(reversed(row.items()))) == row_hash(row)


def test_keys_of_every_length_fit_a_roster_in_sixteen_characters() -> None:
    roster = {0: 0, 9999999999999999999: 5, MAX_KEY: 2**32 - 1}
    assert (unpack(pack(roster)), len(pack(roster))) == (roster, 3 * 16)
    assert (pack({}), unpack("")) == ("", {})


# One webinar, alive


def test_the_bookmark_is_the_newest_date_and_never_in_the_future() -> None:
    bookmark = read_before(person(1), person(2, "2099-01-01T00:00:00.000000Z"), person(3, OLD))
    assert bookmark.entry()["replication_key_value"] == to_iso(NOW)


@pytest.mark.parametrize("rows", [[], [person(1)]])
def test_reading_an_alive_webinar_again_without_a_change_is_no_change(rows: list[Row]) -> None:
    bookmark = read_before(*rows)
    before = json.dumps(bookmark.entry())
    bookmark.load_roster(by_key(rows), whole_list=True)
    assert bookmark.is_known
    bookmark.mark_read(by_key(rows), ALIVE)
    assert json.dumps(bookmark.entry()) == before


def test_without_days_to_settle_a_registration_at_this_very_moment_is_covered() -> None:
    bookmark = read_before(person(1, to_iso(NOW)), timing=WebinarTiming(NOW, LONG_AGO, dt.timedelta(0)))
    assert bookmark.entry()["count"] == 1


# One webinar, settled


def test_a_settled_webinar_is_remembered_by_bookmark_count_and_time() -> None:
    rows = [person(1), person(2, None)]
    assert read_before(*rows).registrant_count == 2
    bookmark = read_before(*rows, timing=SETTLED)
    newest = {"replication_key_value": "2025-02-01T10:00:00.000000Z"}
    assert bookmark.entry() == {**newest, "count": 2, "read_at": "2026-03-10T12:00:00Z"}
    assert bookmark.registrant_count == 2
    assert read_before(timing=SETTLED).entry() == {"count": 0, "read_at": "2026-03-10T12:00:00Z"}


def test_of_a_settled_webinar_whose_past_changed_the_list_is_repeated_where_it_costs_no_call() -> None:
    rows = [person(1), person(2)]
    bookmark = read_before(*rows, timing=SETTLED)
    rows.append(person(3, OLD))
    assert emitted(reloaded(bookmark), rows, SETTLED, whole_list=False) == []
    assert emitted(bookmark, rows, SETTLED, whole_list=True) == ["1", "2", "3"]
    assert emitted(reloaded(bookmark), rows, SETTLED, whole_list=True) == []


def test_a_row_dated_in_the_future_is_emitted_once_however_often_it_is_read() -> None:
    """The bookmark cannot cover it, so the webinar keeps its roster until the date has passed."""
    bookmark, rows = RegistrantBookmark({}), [person(1), person(2, "2026-06-01T00:00:00.000000Z")]
    seen = []
    for days in range(0, 400, 20):
        seen += emitted(bookmark, rows, SETTLED._replace(now=NOW + dt.timedelta(days=days)))
        bookmark = reloaded(bookmark)
    assert seen == ["1", "2"]
    assert bookmark.entry()["count"] == 2


# Older and merged states


def test_of_a_bookmark_without_a_roster_only_older_rows_count_as_emitted() -> None:
    bookmark = RegistrantBookmark({"replication_key_value": "2025-02-01T10:00:00Z"})
    older = person(1, "2025-02-01T09:59:59.999999Z")
    assert bookmark.registrant_count == 0
    assert emitted(bookmark, [older, person(2), person(3, None)]) == ["2", "3"]


def test_a_bookmark_without_a_roster_gets_one_from_a_list_that_brings_nothing_new() -> None:
    bookmark = RegistrantBookmark({"replication_key_value": "2026-02-01T10:00:00Z"})
    assert emitted(bookmark, [person(1)]) == []
    assert bookmark.entry()["roster"]


def test_a_merged_entry_of_roster_and_count_loses_nothing() -> None:
    """Meltano merges maps: the roster of an old state stays beside the count of a new one."""
    rows = [person(1), person(2)]
    old, new = read_before(rows[0]).entry(), read_before(*rows, timing=SETTLED).entry()
    merged = RegistrantBookmark({**old, **new})
    assert (merged.count, merged.read_at) == (None, None)
    assert emitted(merged, [*rows, person(3, OLD)], SETTLED) == ["2", "3"]


# Removals


def test_each_removal_is_found_until_it_has_been_emitted() -> None:
    bookmark = SeenKeysBookmark({})
    assert (bookmark.missing({1: person(1)}), bookmark.is_known, bookmark.entry()) == ([], False, {})
    bookmark.mark_read(by_key([person(1), person(2), person(3)]), settled=False)
    bookmark = SeenKeysBookmark(json.loads(json.dumps(bookmark.entry())))
    assert bookmark.missing({3: person(3)}) == [1, 2]
    bookmark.discard(1)
    assert SeenKeysBookmark(bookmark.entry()).missing({3: person(3)}) == [2]


def test_tracked_registrants_are_missed_beside_those_seen_before() -> None:
    bookmark = SeenKeysBookmark({"roster": pack({1: 0})})
    bookmark.track({2: person(2)})
    assert bookmark.registrant_count == 2
    assert bookmark.entry() == {"roster": pack({1: 0, 2: 0})}
    assert SeenKeysBookmark(bookmark.entry()).missing({}) == [1, 2]


def test_no_registrant_of_a_settled_webinar_is_remembered() -> None:
    bookmark = SeenKeysBookmark({})
    bookmark.mark_read({1: person(1)}, settled=False)
    for _ in range(2):
        bookmark.mark_read({1: person(1)}, settled=True)
        assert bookmark.entry() == {}


# Rows that come together


def test_rows_are_due_when_one_is_new_or_has_changed_whatever_their_order() -> None:
    rows = [{"a": 1, "b": 2}, {"a": 3}]
    bookmark = HashBookmark({})
    assert (bookmark.is_due(rows), bookmark.is_due([]), bookmark.is_known, bookmark.entry()) == (True, True, False, {})
    bookmark.remember(rows)
    bookmark.read_at = "2026-03-10T12:00:00Z"
    again = HashBookmark(json.loads(json.dumps(bookmark.entry())))
    assert again.entry() == bookmark.entry() == {"hash": rows_hash(rows), "read_at": "2026-03-10T12:00:00Z"}
    assert not again.is_due([{"a": 3}, {"b": 2, "a": 1}])
    assert again.is_due([{"a": 3}, {"a": 1, "b": 4}])
    again.read_at = None
    assert again.is_known
    assert again.entry().keys() == {"hash"}


# All streams


@pytest.mark.parametrize(
    "streams",
    [
        {"polls": {"version": 9, "anything": [1, None]}, "webinars": {}},
        {"registrants": {"version": 1, "webinars": {"5": {"count": 0, "read_at": "2026-01-01"}}}},
        {
            "sessions": {
                "version": 1,
                "organizers": {"2": {"replication_key_value": "2025-02-01", "start": "2025-01-01"}},
            }
        },
    ],
    ids=["streams of another release", "webinars that are not read", "organizers"],
)
def test_what_is_not_read_is_printed_as_it_came(streams: dict[str, Any]) -> None:
    bookmarks = Bookmarks({**STREAMS, "sessions": SessionsBookmark}, {"bookmarks": streams})
    bookmarks.get("registrants").get("6")
    assert bookmarks.state() == {"bookmarks": streams}


def test_bookmarks_are_printed_under_their_webinars() -> None:
    bookmarks = Bookmarks(STREAMS)
    for stream in STREAMS:
        bookmarks.get(stream).get("6").mark_read({}, ALIVE)
    printed = {"version": 1, "webinars": {"6": {"roster": ""}}}
    assert bookmarks.state() == {"bookmarks": dict.fromkeys(STREAMS, printed)}


def test_streams_that_an_earlier_run_remembered_are_known_from_those_it_did_not() -> None:
    bookmarks = Bookmarks(STREAMS, {"bookmarks": {"registrants": {"webinars": {}}, "webinars": {}}})
    assert [bookmarks.has_state_for(name) for name in ("registrants", "webinars", "polls")] == [True, False, False]


def test_an_entry_that_has_become_empty_is_no_longer_printed() -> None:
    state = {"bookmarks": {"registrant_removals": {"version": 1, "webinars": {"5": {"roster": pack({1: 0})}}}}}
    bookmarks = Bookmarks({"registrant_removals": SeenKeysBookmark}, state)
    bookmarks.get("registrant_removals").get("5").mark_read({}, settled=True)
    assert bookmarks.state() == {"bookmarks": {}}


# The machine


class Memory(NamedTuple):
    """What a stream has emitted of a webinar: rows while it is alive, a bookmark and a count once it is settled."""

    rows: dict[str, Row] | None = {}  # noqa: RUF012 - never changed
    people: int = 0
    newest: str = ""


class Reader:
    """A stream as it should be, in a run and as of the last STATE printed."""

    def __init__(self, name: str, *, whole_list: bool) -> None:
        self.name = name
        self.whole_list = whole_list
        self.memory = self.printed = Memory()

    def emitted(self, rows: dict[str, Row]) -> dict[str, Row]:
        """What of a list counts as emitted.

        Of a settled webinar only the bookmark and the count are left: rows newer than the bookmark are new. When the
        count tells that the past has changed, `registrants` repeats its whole list and `registrant_details` does not.
        """
        if self.memory.rows is not None:
            return dict(self.memory.rows)
        past = {key: row for key, row in rows.items() if not (row["registrationDate"] or "") > self.memory.newest}
        return {} if self.whole_list and len(past) != self.memory.people else past


class Webinar(RuleBasedStateMachine):
    """One webinar, people who come, change and go, and runs of which some are killed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.ends_at = NOW + dt.timedelta(days=2)
        self.rows: dict[str, Row] = {}
        self.gone: dict[str, Row] = {}
        self.next_key = 1
        self.state: dict[str, Any] | None = None
        self.readers = [Reader("registrants", whole_list=True), Reader("registrant_details", whole_list=False)]
        self.seen: set[str] = set()

    @property
    def timing(self) -> WebinarTiming:
        return WebinarTiming(self.now, self.ends_at, SETTLE)

    def add(self, date: str | None) -> None:
        self.rows[str(self.next_key)] = person(self.next_key, date, status="WAITING")
        self.next_key += 1

    @rule(hours=st.integers(0, 3))
    def someone_registers(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)
        self.add(to_iso(self.now))

    @rule(hours=st.integers(-50_000, 50_000))
    def someone_registers_with_an_odd_date(self, hours: int) -> None:
        self.add(to_iso(self.now + dt.timedelta(hours=hours)))

    @rule()
    def someone_registers_without_a_date(self) -> None:
        self.add(None)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def someone_registers_in_the_same_second(self, data: st.DataObject) -> None:
        self.add(self.rows[data.draw(st.sampled_from(sorted(self.rows)))]["registrationDate"])

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), status=st.sampled_from(["APPROVED", "DENIED"]))
    def someone_is_decided_upon(self, data: st.DataObject, status: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.rows[key] = {**self.rows[key], "status": status}

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def someone_cancels(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.gone[key] = self.rows.pop(key)

    @precondition(lambda self: self.gone)
    @rule(data=st.data())
    def someone_comes_back(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.gone)))
        self.rows[key] = self.gone.pop(key)

    @rule(days=st.integers(1, 100))
    def time_passes(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule(days=st.integers(-100, 100))
    def the_webinar_is_moved(self, days: int) -> None:
        self.ends_at = self.now + dt.timedelta(days=days)

    @rule()
    def a_run(self) -> None:
        bookmarks = self.started()
        for reader in self.readers:
            self.read(bookmarks, reader)
        self.read_removals(bookmarks)
        self.print_state(bookmarks)

    @rule(number=st.integers(0, 1), written=st.integers(0, 5), unprinted=st.integers(0, 2))
    def a_run_that_is_killed(self, number: int, written: int, unprinted: int) -> None:
        bookmarks = self.started()
        for reader in self.readers[:number]:
            self.read(bookmarks, reader)
        rows = self.due_rows(bookmarks, self.readers[number])[:written]
        for row in rows[: max(0, written - unprinted)]:
            self.write(bookmarks, self.readers[number], row)
        self.print_state(bookmarks)
        for row in rows[max(0, written - unprinted) :]:
            self.write(bookmarks, self.readers[number], row)

    def started(self) -> Bookmarks:
        for reader in self.readers:
            reader.memory = reader.printed
        return Bookmarks(STREAMS | {"registrant_removals": SeenKeysBookmark}, self.state)

    def print_state(self, bookmarks: Bookmarks) -> None:
        self.state = json.loads(json.dumps(bookmarks.state()))
        for reader in self.readers:
            reader.printed = reader.memory

    def read(self, bookmarks: Bookmarks, reader: Reader) -> None:
        for row in self.due_rows(bookmarks, reader):
            self.write(bookmarks, reader, row)
        rows = by_key(list(self.rows.values()))
        bookmarks.get(reader.name).get("1").mark_read(rows, self.timing)
        newest = max((row["registrationDate"] or "" for row in rows.values()), default="")
        if self.timing.is_settled(reader.memory.newest) and newest <= to_iso(self.now):
            reader.memory = Memory(None, len(rows), max(reader.memory.newest, newest))
        else:
            reader.memory = Memory(dict(self.rows), 0, reader.memory.newest)

    def due_rows(self, bookmarks: Bookmarks, reader: Reader) -> list[Row]:
        rows = by_key(list(self.rows.values()))
        bookmark = bookmarks.get(reader.name).get("1")
        bookmark.load_roster(rows, whole_list=reader.whole_list)
        due = list(bookmark.due(rows))
        known = reader.emitted(self.rows)
        assert due == [row for key, row in self.rows.items() if known.get(key) != row]
        return due

    def write(self, bookmarks: Bookmarks, reader: Reader, row: Row) -> None:
        known = reader.emitted(self.rows)
        bookmark = bookmarks.get(reader.name).get("1")
        bookmark.remember([row], not_after=to_iso(self.now))
        newest = max(reader.memory.newest, min(row["registrationDate"] or "", to_iso(self.now)))
        reader.memory = Memory({**known, row["registrantKey"]: row}, 0, newest)

    def read_removals(self, bookmarks: Bookmarks) -> None:
        bookmark = bookmarks.get("registrant_removals").get("1")
        rows = by_key(list(self.rows.values()))
        missing = {str(key) for key in bookmark.missing(rows)}
        assert missing == self.seen - self.rows.keys()
        for key in missing:
            bookmark.discard(int(key))
        is_settled = self.timing.is_settled(max(reader.memory.newest for reader in self.readers))
        bookmark.mark_read(rows, settled=is_settled)
        self.seen = set() if is_settled else set(self.rows)

    @invariant()
    def the_state_is_small(self) -> None:
        for stream in (self.state or {"bookmarks": {}})["bookmarks"].values():
            for entry in stream["webinars"].values():
                assert len(json.dumps(entry)) <= 140 + 16 * self.next_key
                assert ("roster" in entry) != ("count" in entry)


TestWebinar = Webinar.TestCase
TestWebinar.settings = settings(max_examples=settings().max_examples * 3 // 2, stateful_step_count=40, deadline=None)
