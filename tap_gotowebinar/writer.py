"""Singer messages on standard output: each SCHEMA once, lines never torn, STATE when it is worth its bytes."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from singer_sdk.contrib.msgspec import enc_hook
from singer_sdk.helpers._state import StateWriter as SdkStateWriter  # a public class in an underscore module
from singer_sdk.singerlib import RecordMessage, SchemaMessage
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tap_gotowebinar.bookmarks import Bookmarks

BUFFER_SIZE: Final = 64 * 1024
"""Bytes collected before they are written."""

MAX_DELAY: Final = 2.0
"""Seconds a message may stay in the buffer while the run goes on."""

STATE_INTERVAL: Final = 10.0
"""Seconds between two STATE messages, at the least."""

STATE_SHARE: Final = 50
"""A STATE that took a second to print is followed by this many seconds without one."""


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
        self._flushed_at = time.monotonic()
        self._schemas: dict[str, bytes] = {}
        self.on_record: Callable[[str], None] = lambda _stream: None

    @override
    def serialize_message(self, message: Message) -> bytes:
        return self._encoder.encode(message.to_dict())

    @override
    def write_message(self, message: Message) -> None:
        line = self.serialize_message(message)
        if isinstance(message, SchemaMessage):
            if self._schemas.get(message.stream) == line:
                return
            self._schemas[message.stream] = line
        elif isinstance(message, RecordMessage):
            self.on_record(message.stream)
        self._append(line)

    def write_state(self, state: dict[str, Any]) -> None:
        """Write a STATE message and everything before it."""
        self._append(self._encoder.encode({"type": "STATE", "value": state}))
        self.flush()

    def flush(self) -> None:
        """Hand everything collected to the reader at the other end.

        Raises:
            BrokenPipeError: there is none any more.
        """
        data, self._buffer = bytes(self._buffer), bytearray()
        self._flushed_at = time.monotonic()
        if data:
            # Looked up late: the SDK's test runner puts another standard output in its place.
            output = self._output or sys.stdout.buffer
            output.write(data)
            output.flush()

    def flush_if_old(self) -> None:
        """Flush when the last time is `MAX_DELAY` ago; called before waiting, too, so that the target has work."""
        if time.monotonic() - self._flushed_at >= MAX_DELAY:
            self.flush()

    def abandon(self) -> None:
        """Forget everything: the reader is gone. Keeps the interpreter from failing once more at its own flush."""
        self._buffer.clear()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _append(self, line: bytes) -> None:
        self._buffer += line + b"\n"
        if len(self._buffer) >= BUFFER_SIZE:
            self.flush()
        else:
            self.flush_if_old()


class StateWriter(SdkStateWriter):
    """Prints the bookmarks when they have changed, not more often than they are worth.

    The SDK asks for a STATE after each child of each parent; printing each would make the output grow with the square
    of the webinars.
    """

    def __init__(
        self, writer: MessageWriter, bookmarks: Bookmarks, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing has been printed, so there is nothing to print until a bookmark changes."""
        self._writer = writer
        self._bookmarks = bookmarks
        self._clock = clock
        self._printed_changes = 0
        self._next_at = clock() + STATE_INTERVAL

    @override
    def write_state(self, state: Any) -> None:
        """Print the bookmarks if the last STATE is long enough ago; the SDK's own copy of the state is not used."""
        if self._clock() >= self._next_at:
            self.write_final()

    def write_final(self) -> None:
        """Print the bookmarks unless they are as they were."""
        changes = self._bookmarks.changes
        if changes == self._printed_changes:
            return
        started = self._clock()
        self._writer.write_state(self._bookmarks.state())
        self._printed_changes = changes
        self._next_at = self._clock() + max(STATE_INTERVAL, STATE_SHARE * (self._clock() - started))
