"""Of every stream: the last row that a target has stored of anything is what the sandbox says of it in the end."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.chaos.mutations import ALIVE_FOR, Mutations
from tests.chaos.past_run import PastRun
from tests.comparable_rows import OF_SESSIONS, SOURCES, comparable, told

Row = dict[str, Any]


def wrong_rows(runs: list[PastRun], mutations: Mutations, truth: dict[str, list[Row]]) -> Iterator[str]:
    """Yield a line for each row of the truth in the end that is not the last one stored by all the runs."""
    looked_for = _LookedFor(mutations, truth["sessions"])
    for stream, kind in SOURCES.items():
        stored = list(_last_rows(runs, stream))
        expected = (row for row in truth[kind] if looked_for(stream, row))
        missing = comparable(stream, expected) - comparable(stream, stored)
        yield from (f"{stream}: {row} was {_stored_as(json.loads(row), stored)}" for row in missing)


def checked_rows(mutations: Mutations, truth: dict[str, list[Row]]) -> int:
    """Return how many rows `wrong_rows` looks at."""
    looked_for = _LookedFor(mutations, truth["sessions"])
    return sum(looked_for(stream, row) for stream, kind in SOURCES.items() for row in truth[kind])


class _LookedFor:
    """What the README promises to see, of all that happens."""

    def __init__(self, mutations: Mutations, sessions: Iterable[Row]) -> None:
        settled_before = (mutations.began - ALIVE_FOR).isoformat()
        self._late = mutations.late
        self._left_alone = set(mutations.left_alone)
        self._fresh = {row["sessionKey"] for row in sessions if row["endTime"] > settled_before}

    def __call__(self, stream: str, row: Row) -> bool:
        if stream in OF_SESSIONS:
            # Who comes, or is approved, when all is over has attended it in the sandbox.
            return row["sessionKey"] in self._fresh or row["webinarKey"] in self._left_alone
        # Details of who came late to a settled webinar are not read.
        return stream != "registrant_details" or (row["webinarKey"], row["registrantKey"]) not in self._late


def _last_rows(runs: list[PastRun], stream: str) -> Iterable[Row]:
    last: dict[tuple[str, ...], Row] = {}
    for run in runs:
        keys: list[str] = []
        for message in run.committed:
            if message["type"] == "SCHEMA" and message["stream"] == stream:
                keys = message["key_properties"]
            elif message["type"] == "RECORD" and message["stream"] == stream:
                last[tuple(message["record"][key] for key in keys)] = message["record"]
    return last.values()


def _stored_as(row: Row, stored: Iterable[Row]) -> str:
    """Return what is stored in its place: what differs in the row that is most like it."""
    others = [{name: value for name, value in told(it).items() if value != row.get(name)} for it in stored]
    return f"stored last with {min(others, key=len)}" if others else "never stored"
