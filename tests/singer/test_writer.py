"""Messages are written in whole lines, each SCHEMA once."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from singer_sdk.singerlib import RecordMessage, SchemaMessage

from tap_gotowebinar.singer.writer import BUFFER_SIZE, MessageWriter


def record(number: int, stream: str = "registrants") -> RecordMessage:
    return RecordMessage(stream=stream, record={"number": number})


def lines(output: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


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
    messages.on_records = lambda stream, count: seen.extend([stream] * count)
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
