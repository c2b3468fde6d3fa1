"""How often a STATE is printed: often enough for a killed run, seldom enough for a large account. And what it says."""

import io
import itertools
from typing import Any, Final

import pytest
from singer_sdk.singerlib import RecordMessage
from typing_extensions import Buffer

from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.sync.bookmarks.registrants import SeenKeysBookmark
from tap_gotowebinar.sync.bookmarks.state import unpack
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks, HashBookmark
from tap_gotowebinar.sync.state_writer import (
    LONGEST_STATE_INTERVAL,
    OUTPUT_SHARE,
    SMALL_STATE,
    STATE_INTERVAL,
    STATE_SHARE,
    StateWriter,
)
from tests.sync.conftest import MakeRuns


class Output(io.BytesIO):
    """A reader who takes some seconds for what is written."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        super().__init__()
        self._clock = clock
        self._seconds = seconds

    def write(self, data: Buffer) -> int:
        self._clock[0] += self._seconds
        return super().write(data)


KINDS: Final = {"registrants": SeenKeysBookmark}


class Costly(Bookmarks):
    """Bookmarks that take some seconds to put together."""

    def __init__(self, clock: list[float], seconds: float) -> None:
        super().__init__(KINDS)
        self._clock = clock
        self._seconds = seconds

    def state(self) -> dict[str, Any]:
        self._clock[0] += self._seconds
        return super().state()


def see(bookmarks: Bookmarks, registrant: int) -> None:
    """Change a bookmark."""
    bookmarks.get("registrants").get("1").track({registrant: {}})


def pauses(*, reader: float = 0.0, making: float = 0.0) -> list[float]:
    """Return the seconds between STATE messages in ten minutes in which something changes every second."""
    clock = [0.0]
    output = Output(clock, reader)
    bookmarks = Costly(clock, making)
    writer = StateWriter(MessageWriter(output), bookmarks, clock=lambda: clock[0])
    printed, ends = 0, [0.0]
    starts: list[float] = []
    while clock[0] < 600:
        clock[0] += 1
        see(bookmarks, int(clock[0]))
        before = clock[0]
        writer.write_state({})
        if (lines := output.getvalue().count(b"\n")) > printed:
            starts.append(before - ends[-1])
            printed, ends = lines, [*ends, clock[0]]
    # The first one cannot know its price.
    return starts[1:]


@pytest.mark.parametrize(
    ("costs", "pause"),
    [
        ({}, STATE_INTERVAL),
        ({"reader": 7}, STATE_INTERVAL),
        ({"making": 0.5}, STATE_SHARE * 0.5),
        ({"making": 5}, LONGEST_STATE_INTERVAL),
    ],
    ids=["cheap", "a slow reader gets as many", "costly", "at least once a minute"],
)
def test_a_state_comes_every_few_seconds_or_less_often_when_it_takes_long_to_make(
    costs: dict[str, float], pause: float
) -> None:
    assert set(pauses(**costs)) == {pause}


def test_a_state_is_printed_once_for_a_change_and_never_for_none() -> None:
    entry = {"hash": "697bf85d", "read_at": "2026-01-01T00:00:00Z"}
    state = {"bookmarks": {"panelists": {"webinars": {"1": dict(reversed(entry.items()))}, "version": 1}}}
    output, bookmarks = io.BytesIO(), Bookmarks({"panelists": HashBookmark}, state)
    writer = StateWriter(MessageWriter(output), bookmarks)
    bookmark = bookmarks.get("panelists").get("1")
    for read_at, printed in ((entry["read_at"], 0), ("2026-02-01T00:00:00Z", 1), ("2026-02-01T00:00:00Z", 1)):
        bookmark.read_at = read_at
        writer.write_final()
        assert output.getvalue().count(b"\n") == printed


def test_a_change_after_a_silence_is_printed_at_once() -> None:
    clock, output, bookmarks = [0.0], io.BytesIO(), Bookmarks(KINDS)
    writer = StateWriter(MessageWriter(output), bookmarks, clock=lambda: clock[0])
    clock[0] = 2 * STATE_INTERVAL
    writer.write_state({})
    assert output.getvalue() == b""
    see(bookmarks, 1)
    writer.write_state({})
    assert output.getvalue().count(b"\n") == 1


def test_a_large_state_waits_for_as_many_records_but_not_for_more_than_a_minute() -> None:
    clock = [0.0]
    output = io.BytesIO()
    messages = MessageWriter(output)
    bookmarks = Bookmarks(KINDS)
    writer = StateWriter(messages, bookmarks, clock=lambda: clock[0])
    numbers = itertools.count()
    for number in itertools.islice(numbers, SMALL_STATE // 16):
        see(bookmarks, number)

    def prints(seconds: float) -> bool:
        clock[0] += seconds
        see(bookmarks, next(numbers))
        before = len(output.getvalue())
        writer.write_state({})
        return len(output.getvalue()) > before

    assert not prints(STATE_INTERVAL - 1)
    assert prints(1)
    assert not prints(STATE_INTERVAL)
    messages.write_message(RecordMessage(stream="registrants", record={"text": "x" * OUTPUT_SHARE * 2 * SMALL_STATE}))
    assert prints(0)
    assert not prints(LONGEST_STATE_INTERVAL - 1)
    assert prints(1)


@pytest.mark.usefixtures("eager")
def test_no_state_is_ahead_of_the_removals_that_were_written(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=0)
    webinar = runs.control.add_webinar()
    gone = runs.control.add_registrants(webinar, 12)[:5]
    runs.run("registrant_removals")
    for key in gone:
        runs.control.cancel_registrant(webinar, key)
    done = runs.run("registrant_removals")
    written: set[str] = set()
    states = 0
    for message in done.messages:
        if message["type"] == "RECORD":
            written.add(message["record"]["registrantKey"])
        elif message["type"] == "STATE":
            states += 1
            remembered = unpack(message["value"]["bookmarks"]["registrant_removals"]["webinars"][webinar]["roster"])
            assert set(gone) - written <= set(map(str, remembered))
    assert written == set(gone)
    assert states >= len(gone)
