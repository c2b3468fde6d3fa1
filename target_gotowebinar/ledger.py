"""What has been taken in and what of it is answered for, in the order of the input: which STATE may be passed on."""

from __future__ import annotations

from collections import deque
from typing import Final

MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of STATE that wait for records before them. Where more come, every other one makes way."""


class Ledger:
    """Numbers for records, and the STATE messages between them."""

    def __init__(self) -> None:
        """Nothing has been taken in."""
        self._taken = 0
        self._open: dict[int, None] = {}
        self._states: deque[tuple[int, bytes]] = deque()
        self._bytes = 0

    def take(self) -> int:
        """Return the number of the next record."""
        number = self._taken
        self._open[number] = None
        self._taken += 1
        return number

    def answered(self, number: int) -> None:
        """Note that a record has been answered for."""
        del self._open[number]

    def state(self, value: bytes) -> None:
        """Keep a STATE until everything before it has been answered for."""
        if self._states and self._states[-1][0] == self._taken:
            self._bytes -= len(self._states.pop()[1])
        self._states.append((self._taken, value))
        self._bytes += len(value)
        while self._bytes > MAX_BYTES and len(self._states) > 1:
            # The last one is the one that the next run begins with when all goes well.
            self._states = deque(list(self._states)[::-2][::-1])
            self._bytes = sum(len(value) for _, value in self._states)

    def pass_on(self) -> bytes | None:
        """Return the latest STATE that everything before has been answered for, if it has not been returned yet."""
        first_open = next(iter(self._open), self._taken)
        passable = None
        while self._states and self._states[0][0] <= first_open:
            passable = self._states.popleft()[1]
            self._bytes -= len(passable)
        return passable
