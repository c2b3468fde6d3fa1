"""Expectations from the data: the calls, the records, and the earliest end under the rate limits."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from tap_gotowebinar.api.responses import ROUND_LENGTH

PAGE = 200
"""Webinars per page of the list."""

SETTLE = dt.timedelta(days=14)
"""How long a webinar counts as alive after its end or its last registration: the tap's default."""


@dataclass(frozen=True)
class Check:
    """A check and its result.

    Attributes:
        text: What has to be so.
        met: Whether it is.
        is_figure: Whether it depends on the machine and on the size of the scenario: no quick run decides it.
    """

    text: str
    met: bool
    is_figure: bool = False


@dataclass(frozen=True)
class Needs:
    """The data to read, as found by plain HTTP calls.

    Attributes:
        registrants: How many registrants each webinar has, by webinarKey.
        quiet_since: When each webinar ended or last drew someone.
    """

    registrants: dict[str, int]
    quiet_since: dict[str, dt.datetime]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the output of the plain HTTP calls."""
        registrants: Counter[str] = Counter()
        quiet_since: dict[str, dt.datetime] = {}
        with path.open("rb") as lines:
            for message in map(msgspec.json.decode, lines):
                record = message["record"]
                key = str(record["webinarKey"])
                if message["stream"] == "webinars":
                    registrants[key] = 0
                    quiet_since[key] = max(_instant(time["endTime"]) for time in record["times"])
                elif message["stream"] == "registrants":
                    registrants[key] += 1
                    quiet_since[key] = max(quiet_since[key], _instant(record["registrationDate"]))
        return cls(dict(registrants), quiet_since)

    @property
    def listing_calls(self) -> int:
        """Calls that list the webinars."""
        return max(1, -(-len(self.registrants) // PAGE))

    def first_calls(self, *, details: bool) -> int:
        """Return the calls of a first run: the webinars, the list of each, and the details of each registrant."""
        people = sum(self.registrants.values()) if details else 0
        return self.listing_calls + sum(map(_list_calls, self.registrants.values())) + people

    def idle_calls(self, now: dt.datetime) -> int:
        """Return the calls of a run right after another: the webinars, and the lists of alive ones."""
        alive = [key for key, quiet in self.quiet_since.items() if now - quiet < SETTLE]
        return self.listing_calls + sum(_list_calls(self.registrants[key]) for key in alive)


def _list_calls(registrants: int) -> int:
    """Return the calls that read a list; a round length may be a silent limit, which one more call checks."""
    return 2 if registrants >= 2 * ROUND_LENGTH and registrants % ROUND_LENGTH == 0 else 1


def _instant(text: Any) -> dt.datetime:  # noqa: ANN401 - JSON
    return dt.datetime.fromisoformat(text)


def earliest_last_send(calls: int, *, per_window: int, window: float, per_second: int) -> float:
    """Return the seconds from the first call to the earliest moment at which the last one may be sent.

    Args:
        calls: How many calls there are.
        per_window: Calls allowed in any stretch of `window` seconds.
        window: Its length.
        per_second: Calls allowed in any second.
    """
    sent: list[float] = []
    for number in range(calls):
        at = sent[-1] if sent else 0.0
        for limit, length in ((per_window, window), (per_second, 1.0)):
            if limit and number >= limit:
                at = max(at, sent[number - limit] + length)
        sent.append(at)
    return sent[-1]
