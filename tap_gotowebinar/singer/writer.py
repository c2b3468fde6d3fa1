"""Writes Singer messages to standard output in whole lines, each SCHEMA once."""

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, Final

import msgspec
from singer_sdk.contrib.msgspec import encoder
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

from tap_gotowebinar.api.errors import OutputError

BUFFER_SIZE: Final = 64 * 1024
"""Bytes that are buffered before they are written."""

_STATE_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Buffers messages and writes whole lines, to standard output if no other is given."""

    def __init__(self, output: BinaryIO | None = None) -> None:
        self._output = output
        self._buffer = bytearray()
        self._extracted_at: dt.datetime | None = None
        self._schemas: dict[str, SchemaMessage] = {}
        self._flushed_bytes = 0
        self.on_records: Callable[[str, int], None] = lambda _stream, _count: None

    @override
    def serialize_message(self, message: Message) -> bytes:
        return encoder.encode(message.to_dict())

    @override
    def write_message(self, message: Message) -> None:
        if isinstance(message, SchemaMessage):
            if self._schemas.get(message.stream) == message:
                return
            self._schemas[message.stream] = message
        elif isinstance(message, RecordMessage):
            self.on_records(message.stream, 1)
        self._append(self.serialize_message(message) + b"\n")

    def write_records(self, stream: str, records: Sequence[dict[str, Any]]) -> None:
        """Write RECORD messages of records that need no mapping, in the same format as `write_message`.

        Records between two flushes have the same time of extraction.
        """
        now = self._extracted_at = self._extracted_at or dt.datetime.now(dt.UTC)
        messages = ({"type": "RECORD", "stream": stream, "record": record, "time_extracted": now} for record in records)
        self._append(encoder.encode_lines(messages))
        self.on_records(stream, len(records))

    def encode_state(self, state: dict[str, Any]) -> bytes:
        """Return a STATE message as a line; equal states make equal lines."""
        return _STATE_ENCODER.encode({"type": "STATE", "value": state})

    def write_line(self, line: bytes) -> None:
        """Write a line, for example of `encode_state`, and flush."""
        self._append(line + b"\n")
        self.flush()

    @property
    def bytes_written(self) -> int:
        """Bytes of all messages so far, those in the buffer included."""
        return self._flushed_bytes + len(self._buffer)

    def flush(self) -> None:
        """Write the buffer; called before each wait, so that the reader has work.

        Raises:
            OutputError: the reader is gone, or the disk is full; the buffer is lost.
        """
        data, self._buffer = bytes(self._buffer), bytearray()
        self._flushed_bytes += len(data)
        self._extracted_at = None
        if not data:
            return
        if self._output is None and sys.stdout is None:
            msg = "the output is closed; stopped"
            raise OutputError(msg)
        # Looked up late: the SDK's test runner replaces standard output.
        output = self._output or sys.stdout.buffer
        try:
            rest = memoryview(data)
            while rest:
                # An unbuffered standard output (PYTHONUNBUFFERED, as in containers) writes less when a signal comes.
                rest = rest[output.write(rest) or 0 :]
            output.flush()
        except BrokenPipeError:
            self._discard_stdout()
            msg = "the reader of the output is gone; stopped"
            raise OutputError(msg) from None
        except OSError as error:
            self._discard_stdout()
            msg = f"the output cannot be written ({error.strerror}); stopped"
            raise OutputError(msg) from None

    def _discard_stdout(self) -> None:
        """Let the interpreter's own flush at exit succeed, which would print a traceback."""
        if self._output is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _append(self, lines: bytes) -> None:
        self._buffer += lines
        if len(self._buffer) >= BUFFER_SIZE:
            self.flush()
