"""The state: what it says and when, what it costs, and what becomes of one that is old, foreign or damaged."""

import copy
import json
from pathlib import Path
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.sync.bookmarks.state import StateError, loaded_entries
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks, HashBookmark
from tap_gotowebinar.tap import TapGoToWebinar
from tests.forkserver import run_command
from tests.incremental_runs import BOTH, NOW, STREAMS, Runs, assert_in_step, emitted, keys, merged
from tests.runs import FAST
from tests.selection import selecting
from tests.sources import ROOT
from tests.sync.conftest import MakeRuns

PEOPLE: Final = 40
ROSTER: Final = "AAAAAAAAAAcAAAAB"
KEY: Final = "1234567890123456789"


@pytest.fixture
def runs(make_runs: MakeRuns) -> Runs:
    return make_runs()


# Never ahead of the records, never behind


@pytest.mark.usefixtures("eager")
def test_every_state_says_exactly_what_was_written_before_it(runs: Runs) -> None:
    assert assert_in_step(runs.run(*BOTH)) >= 2 * PEOPLE


@pytest.mark.usefixtures("eager")
def test_from_every_state_a_run_goes_on_with_nothing_lost_and_nothing_twice(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=4, registrants=4)
    first = runs.run()
    messages = first.messages
    places = [number for number, message in enumerate(messages) if message["type"] == "STATE"]
    for place in places[:: max(1, len(places) // 8)]:
        runs.state = messages[place]["value"]
        done = runs.run()
        for stream in BOTH:
            before = [
                message["record"]
                for message in messages[:place]
                if message["type"] == "RECORD" and message["stream"] == stream
            ]
            whole = [row["registrantKey"] for row in before] + keys(done, stream)
            assert sorted(whole) == sorted(row["registrantKey"] for row in runs.people())


def test_a_run_prints_one_state_at_its_end_and_an_idle_one_none(runs: Runs) -> None:
    first = runs.run()
    assert [message["type"] for message in first.messages].count("STATE") == 1
    assert first.messages[-1]["type"] == "STATE"
    assert runs.run().states == []


@pytest.mark.parametrize("stream", STREAMS[:2])
def test_one_record_is_enough_for_a_state(runs: Runs, stream: str) -> None:
    runs.run(stream)
    runs.control.add_registrants(next(iter(runs.webinars())))
    assert len(runs.run(stream).states) == 1


def test_a_fatal_error_midway_ends_with_a_state_and_exit_code_1(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    person = runs.people(list(runs.webinars())[1])[0]["registrantKey"]
    runs.control.configure(faults=[Fault(kind="status", status=400, path=f"{person}$")])
    first = runs.run(*BOTH)
    assert (first.exit_code, len(first.states)) == (1, 1)
    assert first.messages[-1]["type"] == "STATE"
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    assert_in_step(first)
    runs.control.configure(faults=[])
    second = runs.run(*BOTH)
    assert len(keys(first, "registrant_details")) + len(keys(second, "registrant_details")) == PEOPLE
    assert len(keys(first, "registrants")) + len(keys(second, "registrants")) == PEOPLE


def test_a_stream_map_that_fails_midway_leaves_a_state_too(runs: Runs, tmp_path: Path) -> None:
    person = runs.people(list(runs.webinars())[1])[0]["registrantKey"]
    maps = {"registrants": {"bad": f"int('x') if registrantKey == '{person}' else int('1')"}}
    done = run_command({**runs.settings, "stream_maps": maps}, tmp_path, catalog=selecting("registrants"))
    assert (done.exit_code, len(done.errors)) == (1, 1)
    assert done.messages[-1]["type"] == "STATE"
    assert 0 < len(done.records("registrants")) < PEOPLE
    assert_in_step(done)


# Size


def test_a_settled_webinar_costs_less_than_400_bytes_over_all_streams_however_often_it_is_read(runs: Runs) -> None:
    sizes = []
    for _ in range(3):
        runs.run(recheck_factor=0)
        sizes.append(len(json.dumps(runs.state)))
        runs.passes(days=400)
    assert sizes[0] > sizes[1] == sizes[2]
    for key in runs.webinars():
        entries = [runs.entry(stream, key) for stream in STREAMS]
        assert sum(len(json.dumps({key: entry})) for entry in entries if entry) < 400


def test_the_state_holds_keys_hashes_and_times_only(runs: Runs) -> None:
    runs.run()
    text = json.dumps(runs.state)
    assert not any(row["email"] in text or row["lastName"] in text for row in runs.people())


# States from elsewhere


def partitions(runs: Runs, value: object) -> dict[str, Any]:
    organizer = runs.control.expected_records()["organizers"][0]["organizerKey"]
    return {
        "partitions": [
            {
                "context": {"organizerKey": organizer, "webinarKey": key},
                "replication_key": "registrationDate",
                "replication_key_value": value,
            }
            for key in runs.webinars()
        ]
    }


def test_partitions_of_an_sdk_tap_are_gone_on_with(runs: Runs) -> None:
    """Of what they cover only the last instant comes again: others may have registered in it."""
    bookmark = sorted(row["registrationDate"] for row in runs.people())[PEOPLE // 2]
    runs.state = {"bookmarks": {name: partitions(runs, bookmark) for name in BOTH}}
    newer = sorted(row["registrantKey"] for row in runs.people() if row["registrationDate"] >= bookmark)
    done = runs.run(*BOTH)
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == newer
    assert 0 < len(newer) < PEOPLE
    assert "partitions" not in json.dumps(runs.state)
    assert emitted(runs.run(*BOTH)) == {}


def test_of_two_partitions_of_a_webinar_the_earlier_counts() -> None:
    def partition(organizer: str, value: str | None) -> dict[str, Any]:
        return {"context": {"organizerKey": organizer, "webinarKey": 5}, "replication_key_value": value}

    stream = {"partitions": [partition("1", "2026-02-01"), partition("2", "2026-01-01"), partition("3", None)]}
    assert loaded_entries(stream, "here") == {"5": {"replication_key_value": "2026-01-01"}}


@pytest.mark.parametrize(
    "state", [{}, {"bookmarks": {}}, {"bookmarks": {"registrants": {}}}, {"bookmarks": {}, "origin": None}]
)
def test_a_state_that_says_nothing_is_a_beginning(runs: Runs, state: dict[str, Any]) -> None:
    runs.state = state
    assert emitted(runs.run("registrants")) == {"registrants": PEOPLE}


def test_a_state_merged_by_meltano_from_an_old_and_a_new_one_loses_nothing(runs: Runs) -> None:
    """Maps are merged key by key, so an entry may hold the roster of the one and the count of the other."""
    runs.run()
    old = copy.deepcopy(runs.state)
    added = runs.control.add_registrants(next(iter(runs.webinars())))
    runs.run()
    runs.passes(days=200)
    runs.run()
    runs.state = merged(old, runs.state)
    again = runs.run(*BOTH)
    assert set(keys(again, "registrants")) <= set(added)
    later = runs.control.add_registrants(next(iter(runs.webinars())), people=[{"registrationDate": NOW}])
    runs.state = merged(runs.state, old)
    assert set(later) <= set(keys(runs.run(*BOTH), "registrant_details"))
    assert emitted(runs.run(*BOTH)) == {}


def test_a_bookmark_set_back_by_hand_brings_everything_since(runs: Runs) -> None:
    runs.run(*BOTH)
    key = list(runs.webinars())[-1]
    assert runs.state is not None
    entry = runs.state["bookmarks"]["registrant_details"]["webinars"][key]
    entry.clear()
    entry["replication_key_value"] = "2000-01-01"
    assert sorted(keys(runs.run(*BOTH), "registrant_details")) == sorted(
        row["registrantKey"] for row in runs.people(key)
    )


# Damaged states


def entry(**fields: object) -> dict[str, Any]:
    return {"bookmarks": {"registrants": {"version": 1, "webinars": {KEY: fields}}}}


def stream(value: object) -> dict[str, Any]:
    return {"bookmarks": {"registrants": value}}


HERE: Final = f"bookmarks.registrants.webinars.{KEY}"
PART: Final = "bookmarks.registrants.partitions"
ODD_ORIGINS: Final[list[object]] = [[], "x", {"owner": 1}, {"owner": "x", "keys": "x"}, {"keys": [1]}]
DAMAGED: Final[list[tuple[object, str]]] = [
    ([], "all of it"),
    ("state", "all of it"),
    ({"value": {"bookmarks": {}}, "type": "STATE"}, "all of it"),
    ({"singer_state": {"bookmarks": {}}}, "all of it"),
    ({"bookmarks": None}, "bookmarks"),
    ({"bookmarks": []}, "bookmarks"),
    (stream(None), "bookmarks.registrants"),
    (stream([]), "bookmarks.registrants"),
    (stream("2026-01-01"), "bookmarks.registrants"),
    (stream({"version": 2, "webinars": {}}), "bookmarks.registrants"),
    (stream({"version": "1"}), "bookmarks.registrants"),
    (stream({"version": None}), "bookmarks.registrants"),
    (stream({"replication_key": "registrationDate", "replication_key_value": NOW}), "bookmarks.registrants"),
    (stream({"partitions": None}), PART),
    (stream({"partitions": {}}), PART),
    (stream({"partitions": [None]}), f"{PART}[0]"),
    (stream({"partitions": [{"context": None}]}), f"{PART}[0].context"),
    (stream({"partitions": [{"replication_key_value": NOW}]}), f"{PART}[0].context"),
    (stream({"partitions": [{"context": {"organizerKey": "1"}}]}), f"{PART}[0].context"),
    (stream({"partitions": [{"context": {"webinarKey": True}}]}), f"{PART}[0].context"),
    (
        stream({"partitions": [{"context": {"webinarKey": 1}, "replication_key_value": 5}]}),
        f"{PART}[0].replication_key_value",
    ),
    (stream({"version": 1, "webinars": None}), "bookmarks.registrants.webinars"),
    (stream({"version": 1, "webinars": []}), "bookmarks.registrants.webinars"),
    (stream({"version": 1, "webinars": {"no key": {}}}), "bookmarks.registrants.webinars"),
    (stream({"version": 1, "webinars": {"9" * 21: {}}}), "bookmarks.registrants.webinars"),
    (stream({"version": 1, "webinars": {"١٢": {}}}), "bookmarks.registrants.webinars"),
    (stream({"version": 1, "webinars": {KEY: None}}), HERE),
    (stream({"version": 1, "webinars": {KEY: "2026-01-01"}}), HERE),
    (entry(replication_key_value="yesterday"), f"{HERE}.replication_key_value"),
    (entry(replication_key_value=20260101), f"{HERE}.replication_key_value"),
    (entry(read_at="2026-13-01T00:00:00Z"), f"{HERE}.read_at"),
    (entry(read_at=[]), f"{HERE}.read_at"),
    (entry(count="5"), f"{HERE}.count"),
    (entry(count=-1), f"{HERE}.count"),
    (entry(count=True), f"{HERE}.count"),
    (entry(count=1.5), f"{HERE}.count"),
    (entry(roster=[KEY]), f"{HERE}.roster"),
    (entry(roster={}), f"{HERE}.roster"),
    (entry(roster=ROSTER[:-1]), f"{HERE}.roster"),
    (entry(roster=ROSTER[:-4]), f"{HERE}.roster"),
    (entry(roster=f"!{ROSTER}"), f"{HERE}.roster"),
    (entry(roster="äöü"), f"{HERE}.roster"),
    (entry(hash=5), f"{HERE}.hash"),
    (entry(hash=""), f"{HERE}.hash"),
    (entry(rooster=ROSTER), HERE),
    *(({"bookmarks": {}, "origin": origin}, "origin") for origin in ODD_ORIGINS),
]


@pytest.mark.parametrize(("state", "where"), DAMAGED)
def test_a_damaged_state_is_refused_with_the_place_and_the_remedy(state: object, where: str) -> None:
    with pytest.raises(StateError) as caught:
        Bookmarks(dict.fromkeys(STREAMS, HashBookmark), state)
    text = str(caught.value)
    assert text.startswith(f"the state is damaged: {where} ")
    assert "restore an earlier state, or remove that entry" in text
    assert "\n" not in text


def test_half_a_character_in_the_state_of_another_stream_is_refused() -> None:
    with pytest.raises(StateError, match="all of it has half a character"):
        TapGoToWebinar(config={}, validate_config=False, state={"bookmarks": {"other": {"name": "\ud800"}}})


@pytest.mark.parametrize("number", [0, 4, 9, 39, -1])
def test_a_run_with_a_damaged_state_is_one_line_exit_code_1_and_no_call(
    sandbox: Sandbox, tmp_path: Path, number: int
) -> None:
    state, where = DAMAGED[number]
    done = run_command({**sandbox.settings, **FAST}, tmp_path, state=state)
    assert (done.exit_code, done.stdout) == (1, "")
    (error,) = done.errors
    assert number == 0 or where in error
    assert "Traceback" not in done.stderr
    assert sandbox.control.calls() == []


@pytest.mark.parametrize("parents", ["webinars", "organizers"])
def test_a_bookmark_for_everything_is_refused_and_says_what_there_should_be_one_for(parents: str) -> None:
    with pytest.raises(StateError, match=f"here has one bookmark for all {parents}"):
        loaded_entries({"replication_key_value": "2026-01-01"}, "here", parents)


def test_a_name_that_is_no_key_is_masked() -> None:
    with pytest.raises(StateError, match="<e-mail>"):
        loaded_entries({"webinars": {"someone@example.com": {}}}, "bookmarks.registrants")


def test_what_lies_in_a_nulled_field_is_nothing() -> None:
    entries = loaded_entries({"webinars": {KEY: {"count": None, "roster": ROSTER}}}, "here")
    assert entries == {KEY: {"roster": ROSTER}}


def test_the_first_release_s_state_is_printed_again_as_it_was() -> None:
    """Pins the form: names, version, and that nothing is lost or added on the way."""
    settled = {"replication_key_value": "2026-01-31T09:00:00.000000Z", "count": 7, "read_at": "2026-03-01T00:00:00Z"}
    state = {
        "bookmarks": {
            "webinar_details": {"version": 1, "webinars": {"7": {"hash": "7f065448"}}},
            "registrants": {"version": 1, "webinars": {"7": settled, "8": {"roster": ROSTER}}},
            "registrant_details": {"version": 1, "webinars": {"7": settled}},
            "registrant_removals": {"version": 1, "webinars": {"8": {"roster": ROSTER}}},
        }
    }
    tap = TapGoToWebinar(config={}, validate_config=False, state=state, catalog=selecting(*STREAMS))
    assert tap.sync_context.bookmarks.state() == state
    run = tap.sync_context
    for key in ("7", "8", "9"):
        run.latest_registration(key), run.known_registrant_count(key)
    assert tap.sync_context.bookmarks.state() == state


def test_a_run_goes_on_from_a_state_of_an_earlier_release_without_emitting_anything_twice(make_runs: MakeRuns) -> None:
    runs = make_runs(seed=7, organizers=1, webinars=6)
    written = json.loads((ROOT / "tests" / "fixtures" / "state-0.1.0.json").read_text(encoding="utf-8"))
    remembered = tuple(written["bookmarks"])
    assert len(remembered) >= 15
    assert len(runs.run(*remembered).of_type("RECORD")) > 100
    runs.state = written
    again = runs.run(*remembered)
    # A field that the first release did not know brings its row once.
    assert {message["stream"] for message in again.of_type("RECORD")} <= {"webinar_details"}
    assert all(record["isOndemand"] is not None for record in again.records("webinar_details"))
    assert runs.run(*remembered).of_type("RECORD") == []
