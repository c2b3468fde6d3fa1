"""What has been taken in and what of it is answered for, in the order of the input: which STATE may be passed on."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

MAX_STATES: Final = 16
"""STATE messages that wait for records before them. Where more come, the later ones make way for the last."""


class Ledger:
    """Numbers for records, and the STATE messages between them."""

    def __init__(self) -> None:
        """Nothing has been taken in."""
        self._taken = 0
        self._open: dict[int, None] = {}
        self._states: deque[tuple[int, Any]] = deque()

    @property
    def open(self) -> int:
        """How many records have not been answered for."""
        return len(self._open)

    def take(self) -> int:
        """Return the number of the next record."""
        number = self._taken
        self._open[number] = None
        self._taken += 1
        return number

    def answered(self, number: int) -> None:
        """Note that a record has been answered for."""
        del self._open[number]

    def state(self, value: Any) -> None:  # noqa: ANN401 - whatever the tap says
        """Keep a STATE until everything before it has been answered for."""
        is_newer = self._states and self._states[-1][0] == self._taken
        if is_newer or len(self._states) == MAX_STATES:
            self._states.pop()
        self._states.append((self._taken, value))

    def pass_on(self) -> list[Any]:
        """Return the latest STATE that everything before has been answered for, as the only item; else nothing."""
        first_open = next(iter(self._open), self._taken)
        passable: list[Any] = []
        while self._states and self._states[0][0] <= first_open:
            passable = [self._states.popleft()[1]]
        return passable
