"""Messages are written in whole lines, each SCHEMA once, and a STATE only when due."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from singer_sdk.singerlib import RecordMessage, SchemaMessage

from tap_gotowebinar.singer.writer import BUFFER_SIZE, MessageWriter
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks, HashBookmark
from tap_gotowebinar.sync.state_writer import LONGEST_STATE_INTERVAL, STATE_INTERVAL, STATE_SHARE, StateWriter

STREAM = "webinar_details"


class Clock:
    """Seconds that pass when told to; each look at it may cost some too."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cost = 0.0

    def __call__(self) -> float:
        self.now += self.cost
        return self.now


class Output:
    """A StateWriter, what it remembers, and what it printed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.output = io.BytesIO()
        self.bookmarks = Bookmarks(None, {STREAM: HashBookmark})
        self.messages = MessageWriter(self.output)
        self.writer = StateWriter(self.messages, self.bookmarks, clock=self.clock)

    def change(self, number: int) -> None:
        webinars = self.bookmarks.get(STREAM, HashBookmark)
        webinars.get("1").remember([{"number": number}])
        webinars.changed()

    def write_state(self, after: float = 0.0, *, cost: float = 0.0) -> int:
        """Offer a STATE so many seconds later, which takes `cost` seconds; return how many were printed so far."""
        self.clock.now += after
        self.clock.cost = cost
        self.writer.write_state({})
        self.clock.cost = 0.0
        return len(self.states)

    @property
    def states(self) -> list[Any]:
        return [json.loads(line)["value"] for line in self.output.getvalue().splitlines()]


@pytest.fixture
def out() -> Output:
    return Output()


def record(number: int, stream: str = "registrants") -> RecordMessage:
    return RecordMessage(stream=stream, record={"number": number})


def lines(output: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


# STATE


def test_without_a_change_no_state_is_printed(out: Output) -> None:
    assert out.write_state(after=1000) == 0
    out.writer.write_final()
    assert out.output.getvalue() == b""


def test_a_change_made_before_the_writer_was_asked_for_is_printed_too() -> None:
    """The SDK asks for the writer late: after the first record."""
    out = Output()
    out.change(1)
    StateWriter(out.messages, out.bookmarks, clock=out.clock).write_final()
    assert len(out.states) == 1


def test_a_new_state_is_printed_when_the_interval_has_passed_and_at_the_end(out: Output) -> None:
    for number in range(101):
        out.change(number)
        out.write_state(after=STATE_INTERVAL / 10)
    hashes = {state["bookmarks"][STREAM]["webinars"]["1"]["hash"] for state in out.states}
    assert len(hashes) == len(out.states) == 10
    out.change(-1)
    for _ in range(2):
        out.writer.write_final()
        assert len(out.states) == 11, "the second time nothing has changed"


def test_a_state_that_takes_long_is_printed_rarely_but_each_minute(out: Output) -> None:
    out.change(1)
    assert out.write_state(after=STATE_INTERVAL, cost=1.0) == 1
    out.change(2)
    assert out.write_state(after=STATE_SHARE - 1) == 1
    assert out.write_state(after=2, cost=1000.0) == 2
    out.change(3)
    assert out.write_state(after=LONGEST_STATE_INTERVAL) == 3


def test_a_state_comes_after_every_record_before_it(out: Output) -> None:
    out.messages.write_message(record(1))
    out.change(1)
    out.writer.write_final()
    assert [line["type"] for line in lines(out.output)] == ["RECORD", "STATE"]


# Messages


def test_a_schema_is_written_once_until_it_changes() -> None:
    output = io.BytesIO()
    messages = MessageWriter(output)
    for name in ("a", "a", "b", "b"):
        messages.write_message(SchemaMessage("registrants", {"properties": {name: {}}}, [name]))
        messages.write_message(SchemaMessage("webinars", {"properties": {}}, ["a"]))
    messages.flush()
    assert [line["stream"] for line in lines(output)] == ["registrants", "webinars", "registrants"]


def test_records_are_counted_by_stream() -> None:
    messages, seen = MessageWriter(io.BytesIO()), list[str]()
    messages.on_record = seen.append
    messages.write_message(SchemaMessage("webinars", {"properties": {}}, ["a"]))
    messages.write_message(record(1))
    messages.write_message(record(2, "webinars"))
    assert seen == ["registrants", "webinars"]


def test_messages_are_collected_and_written_in_whole_lines() -> None:
    written: list[bytes] = []

    class Pieces(io.BytesIO):
        def write(self, data: Any) -> int:  # noqa: ANN401 - as in the base class
            written.append(bytes(data))
            return len(data)

    messages = MessageWriter(Pieces())
    for number in range(5000):
        messages.write_message(record(number))
    messages.flush()
    assert len(written) < 10
    assert all(piece.endswith(b"\n") and len(piece) < 2 * BUFFER_SIZE for piece in written)
    assert [json.loads(line)["record"]["number"] for line in b"".join(written).splitlines()] == list(range(5000))


def test_what_cannot_be_written_is_not_written_by_half() -> None:
    output = io.BytesIO()
    messages = MessageWriter(output)
    messages.write_message(record(1))
    with pytest.raises(UnicodeEncodeError):
        messages.write_message(RecordMessage(stream="registrants", record={"odd": "\ud83d"}))
    messages.write_message(record(2))
    messages.flush()
    assert [line["record"]["number"] for line in lines(output)] == [1, 2]


def test_a_reader_that_is_gone_is_one_error_and_no_second_one_at_exit() -> None:
    code = (
        "import sys\n"
        "from singer_sdk.singerlib import RecordMessage\n"
        "from tap_gotowebinar.api.errors import OutputError\n"
        "from tap_gotowebinar.singer.writer import MessageWriter\n"
        "writer = MessageWriter()\n"
        "sys.stdin.readline()\n"
        "writer.write_message(RecordMessage(stream='s', record={'a': 1}))\n"
        "try:\n"
        "    writer.flush()\n"
        "except OutputError:\n"
        "    sys.exit(3)\n"
    )
    reading, writing = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        os.close(reading)
        _, errors = process.communicate(b"go\n", timeout=60)
    assert (process.returncode, errors) == (3, b"")
