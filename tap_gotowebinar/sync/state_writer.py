"""How often a STATE is printed."""

import hashlib
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from typing_extensions import override

from tap_gotowebinar.singer.sdk_overrides import StateWriter as SdkStateWriter
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks

STATE_INTERVAL: Final = 10.0
"""Fewest seconds between two STATE messages."""

STATE_SHARE: Final = 50
"""Times the seconds that a STATE took to encode until the next one."""

SMALL_STATE: Final = 64 * 1024
"""Bytes of a STATE whose size does not delay the next one."""

OUTPUT_SHARE: Final = 20
"""Times the size of a larger STATE that other output has to reach before the next one."""

LONGEST_STATE_INTERVAL: Final = 60.0
"""Most seconds between two STATE messages: a killed run repeats at most this much work."""


class StateWriter(SdkStateWriter):
    """Prints the bookmarks when they have changed, at bounded cost.

    The SDK asks for a STATE after each child of each parent; printing each would make the output grow with the square
    of the webinars.
    """

    interval: ClassVar[float] = STATE_INTERVAL
    """Fewest seconds between two STATE messages; a test may shorten it."""

    def __init__(
        self, writer: MessageWriter, bookmarks: Bookmarks, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Print nothing until the bookmarks differ from those of the earlier run."""
        self._writer = writer
        self._bookmarks = bookmarks
        self._clock = clock
        self._printed = _digest(writer.encode_state(bookmarks.state()))
        self._next_at = clock() + self.interval
        self._deadline = self._next_at
        self._min_bytes = 0

    @override
    def write_state(self, state: Any) -> None:
        """Print the bookmarks if the last STATE is long enough ago; the SDK's copy of the state is not used."""
        now = self._clock()
        if now >= self._next_at and (self._writer.bytes_written >= self._min_bytes or now >= self._deadline):
            self.write_final()

    def write_final(self) -> None:
        """Print the bookmarks if they differ from the last STATE."""
        started = self._clock()
        line = self._writer.encode_state(self._bookmarks.state())
        digest = _digest(line)
        # Without the time of the write: else a slow target would get ever fewer of them.
        pause = STATE_SHARE * (self._clock() - started)
        if digest != self._printed:
            self._writer.write_line(line)
            self._printed = digest
            pause = max(pause, self.interval)
            self._deadline = self._clock() + LONGEST_STATE_INTERVAL
            self._min_bytes = self._writer.bytes_written + (OUTPUT_SHARE * len(line) if len(line) > SMALL_STATE else 0)
        self._next_at = self._clock() + min(pause, LONGEST_STATE_INTERVAL)


def _digest(line: bytes) -> bytes:
    """Return what tells a STATE from another one, in less memory."""
    return hashlib.sha256(line).digest()
