"""Runs that follow one another, as a scheduler makes them: each gets the last STATE of the one before."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from typing_extensions import override

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.sync.bookmarks.state import unpack
from tap_gotowebinar.tap import TapGoToWebinar
from tests.canned_server import QuickTap
from tests.runs import FAST, Run, run_here
from tests.selection import selecting

NOW: Final = "2026-03-10T12:00:00Z"
"""When runs begin."""

STREAMS: Final = ("registrants", "registrant_details", "registrant_removals", "webinar_details", "webinar_removals")
"""The streams that remember."""

BOTH: Final = ("registrants", "registrant_details")
LISTS: Final = r"/registrants$"
DETAILS: Final = r"/registrants/\d+$"
WEBINARS: Final = r"/webinars/\d+$"
LISTINGS: Final = r"/webinars$"

Row = dict[str, Any]


class StoppedTap(QuickTap):
    """The tap when runs begin, for which waits between tries are short."""

    @staticmethod
    @override
    def now() -> dt.datetime:
        return dt.datetime.fromisoformat(NOW)


class Runs:
    """A sandbox whose clock stands still between runs, and the state that is handed on.

    Attributes:
        now: The time of tap and sandbox.
        state: The last STATE printed.
    """

    def __init__(self, sandbox: Sandbox, **settings: object) -> None:
        self.sandbox = sandbox
        self.control = sandbox.control
        self.settings: dict[str, Any] = {**sandbox.settings, **FAST, **settings}
        self.now = dt.datetime.fromisoformat(NOW)
        self.state: dict[str, Any] | None = None

    def passes(self, **how_long: float) -> None:
        self.now += dt.timedelta(**how_long)
        self.control.configure(now=self.now.isoformat())

    def run(self, *streams: str, catalog: Mapping[str, Any] | None = None, **settings: object) -> Run:
        """Run the tap with these streams, all unless said; a run that prints no STATE leaves the old one."""
        self.control.reset_calls()
        now = self.now
        here = type("TapAtATime", (TapGoToWebinar,), {"now": staticmethod(lambda: now)})
        chosen = catalog or selecting(*(streams or ("webinars", *STREAMS)))
        done = run_here({**self.settings, **settings}, state=self.state, catalog=chosen, tap_class=here)
        self.state = done.states[-1] if done.states else self.state
        return done

    def calls(self, pattern: str) -> list[str]:
        """The paths of the calls of the last run that fit."""
        return [call["path"] for call in self.control.calls() if re.search(pattern, call["path"])]

    def webinars(self) -> dict[str, Row]:
        """All webinars by key, those that end last first."""
        rows = self.control.expected_records()["webinars"]
        return {row["webinarKey"]: row for row in sorted(rows, key=_end, reverse=True)}

    def organizers(self) -> list[str]:
        return [row["organizerKey"] for row in self.control.expected_records("organizers")["organizers"]]

    def account(self) -> str:
        return str(self.control.expected_records("organizers")["organizers"][0]["accountKey"])

    def people(self, webinar_key: str | None = None) -> list[Row]:
        """All registrants, or those of a webinar."""
        rows = self.control.expected_records()["registrants"]
        return [row for row in rows if webinar_key in (None, row["webinarKey"])]

    def entry(self, stream: str, webinar_key: str) -> dict[str, Any] | None:
        """What the state says of a webinar."""
        entries = ((self.state or {})["bookmarks"].get(stream) or {}).get("webinars", {})
        found: dict[str, Any] | None = entries.get(webinar_key)
        return found


def keys(done: Run, stream: str) -> list[str]:
    return [row["registrantKey"] for row in done.records(stream)]


def emitted(done: Run) -> dict[str, int]:
    """How many records came out of the streams that remember."""
    return {stream: len(done.records(stream)) for stream in STREAMS if done.records(stream)}


def assert_in_step(done: Run) -> int:
    """Hold each STATE of a first run against the records printed before it; return how many there were."""
    written: dict[tuple[str, str], set[int]] = {}
    for message in done.messages:
        if message["type"] == "RECORD" and message["stream"] in BOTH:
            record = message["record"]
            written.setdefault((message["stream"], record["webinarKey"]), set()).add(int(record["registrantKey"]))
        elif message["type"] == "STATE":
            entries = {
                (stream, webinar): entry
                for stream in BOTH
                for webinar, entry in message["value"]["bookmarks"].get(stream, {"webinars": {}})["webinars"].items()
            }
            for where in written.keys() | entries.keys():
                entry, people = entries.get(where, {}), written.get(where, set())
                if "count" in entry:
                    assert entry["count"] == len(people)
                else:
                    assert set(unpack(entry.get("roster", ""))) == people
    return len(done.states)


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - JSON
    """A state as Meltano merges it: maps key by key, everything else replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}
    return new


def _end(row: Row) -> str:
    return max((time["endTime"] for time in row["times"]), default="")
