"""Singer messages on standard output: each SCHEMA once, lines never torn, STATE when it is worth its bytes."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

from tap_gotowebinar.api.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import BinaryIO


BUFFER_SIZE: Final = 64 * 1024
"""Bytes collected before they are written."""


class MessageWriter(GenericSingerWriter[bytes, Message]):
    """Collects messages and writes them to standard output, whole lines at a time."""

    def __init__(self, output: BinaryIO | None = None) -> None:
        """Start with an empty buffer.

        Args:
            output: Where messages go; standard output if not given.
        """
        self._output = output
        self._encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")
        self._buffer = bytearray()
        self._extracted_at: dt.datetime | None = None
        self._schemas: dict[str, SchemaMessage] = {}
        self._handed_over = 0
        self.on_record: Callable[[str], None] = lambda _stream: None

    @override
    def serialize_message(self, message: Message) -> bytes:
        return self._encoder.encode(message.to_dict())

    @override
    def write_message(self, message: Message) -> None:
        if isinstance(message, SchemaMessage):
            if self._schemas.get(message.stream) == message:
                return
            self._schemas[message.stream] = message
        elif isinstance(message, RecordMessage):
            self.on_record(message.stream)
        self._append(self.serialize_message(message) + b"\n")

    def write_records(self, stream: str, records: Iterable[dict[str, Any]]) -> None:
        """Write RECORD messages of records that need no mapping; the same lines as `write_message` would write.

        What is collected between two waits was extracted at the same time.
        """
        now = self._extracted_at = self._extracted_at or dt.datetime.now(dt.UTC)
        self._append(
            self._encoder.encode_lines(
                {"type": "RECORD", "stream": stream, "record": record, "time_extracted": now} for record in records
            )
        )

    def encode_state(self, state: dict[str, Any]) -> bytes:
        """Return a STATE message as a line."""
        return self._encoder.encode({"type": "STATE", "value": state})

    def write_line(self, line: bytes) -> None:
        """Write a line, as of `encode_state`, and everything before it."""
        self._append(line + b"\n")
        self.flush()

    @property
    def bytes_written(self) -> int:
        """Bytes of all messages so far."""
        return self._handed_over + len(self._buffer)

    def flush(self) -> None:
        """Hand everything collected to the reader at the other end; done before each wait, so that it has work.

        Raises:
            OutputError: there is none any more, or the disk is full. What was collected is lost.
        """
        data, self._buffer = bytes(self._buffer), bytearray()
        self._handed_over += len(data)
        self._extracted_at = None
        if not data:
            return
        if self._output is None and sys.stdout is None:
            msg = "the output is closed; stopped"
            raise OutputError(msg)
        # Looked up late: the SDK's test runner puts another standard output in its place.
        output = self._output or sys.stdout.buffer
        try:
            rest = memoryview(data)
            while rest:
                # An unbuffered standard output (PYTHONUNBUFFERED, as in containers) takes less when a signal comes.
                rest = rest[output.write(rest) or 0 :]
            output.flush()
        except BrokenPipeError:
            self._abandon()
            msg = "the reader of the output is gone; stopped"
            raise OutputError(msg) from None
        except OSError as error:
            self._abandon()
            msg = f"the output cannot be written ({error.strerror}); stopped"
            raise OutputError(msg) from None

    def _abandon(self) -> None:
        """Keep the interpreter from failing once more, with a traceback, at its own flush."""
        if self._output is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _append(self, lines: bytes) -> None:
        self._buffer += lines
        if len(self._buffer) >= BUFFER_SIZE:
            self.flush()
