"""When a STATE is worth its bytes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from typing_extensions import override

from tap_gotowebinar.singer.sdk_overrides import StateWriter as SdkStateWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gotowebinar.singer.writer import MessageWriter
    from tap_gotowebinar.sync.bookmarks.streams import Bookmarks

STATE_INTERVAL: Final = 10.0
"""Seconds between two STATE messages, at the least."""

STATE_SHARE: Final = 50
"""A STATE that took a second to make is followed by this many seconds without one."""

SMALL_STATE: Final = 64 * 1024
"""Bytes of a STATE that needs no reason but the time."""

OUTPUT_SHARE: Final = 20
"""A larger STATE is followed by this many times its size of other output, so that its bytes grow with the records."""

LONGEST_STATE_INTERVAL: Final = 60.0
"""Seconds after which a STATE is worth any cost: what a killed run loses is at most what it did since the last one."""


class StateWriter(SdkStateWriter):
    """Prints the bookmarks when they have changed, not more often than they are worth.

    The SDK asks for a STATE after each child of each parent; printing each would make the output grow with the square
    of the webinars.
    """

    interval: ClassVar[float] = STATE_INTERVAL
    """Seconds between two STATE messages, at the least; a test may shorten it."""

    def __init__(
        self, writer: MessageWriter, bookmarks: Bookmarks, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing has been printed, so there is nothing to print until a bookmark changes."""
        self._writer = writer
        self._bookmarks = bookmarks
        self._clock = clock
        self._printed_changes = 0
        self._next_at = clock() + self.interval
        self._deadline = self._next_at
        self._min_bytes = 0

    @override
    def write_state(self, state: Any) -> None:
        """Print the bookmarks if the last STATE is long enough ago; the SDK's own copy of the state is not used."""
        now = self._clock()
        if now >= self._next_at and (self._writer.bytes_written >= self._min_bytes or now >= self._deadline):
            self.write_final()

    def write_final(self) -> None:
        """Print the bookmarks unless they are as they were."""
        changes = self._bookmarks.changes
        if changes == self._printed_changes:
            return
        started = self._clock()
        line = self._writer.encode_state(self._bookmarks.state())
        # Waiting for a slow reader is no price of the STATE: else a slow target would get ever fewer of them.
        encode_seconds = self._clock() - started
        self._writer.write_line(line)
        self._printed_changes = changes
        now = self._clock()
        self._next_at = now + min(max(self.interval, STATE_SHARE * encode_seconds), LONGEST_STATE_INTERVAL)
        self._deadline = now + LONGEST_STATE_INTERVAL
        self._min_bytes = self._writer.bytes_written + (OUTPUT_SHARE * len(line) if len(line) > SMALL_STATE else 0)
