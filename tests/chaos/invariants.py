"""What must hold after any number of killed runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.life import Life, Person

REGISTRANTS: Final = ("registrants", "registrant_details")
KEYS_OF_SESSIONS: Final = {
    "sessions": ("sessionKey",),
    "attendees": ("sessionKey", "registrantKey"),
    "session_performance": ("sessionKey",),
}
"""What is known of sessions in the end, and what tells its rows apart."""

EVERY_TIME: Final = ("organizers", "webinars")
"""What every run emits."""


@dataclass(frozen=True)
class PastRun:
    """What came out of a run, up to its last complete line.

    Attributes:
        began: When, in monotonic seconds.
        ended: When.
        killed: Whether it was.
        exit_code: Its exit code; negative: killed by that signal.
        messages: What it wrote.
    """

    began: float
    ended: float
    killed: bool
    exit_code: int
    messages: list[dict[str, Any]]

    @property
    def state(self) -> dict[str, Any] | None:
        """Its last STATE."""
        return next((message["value"] for message in reversed(self.messages) if message["type"] == "STATE"), None)

    @property
    def committed(self) -> list[dict[str, Any]]:
        """What came before its last STATE: what a target has stored for sure."""
        length = len(self.messages)
        while length and self.messages[length - 1]["type"] != "STATE":
            length -= 1
        return self.messages[:length]


def complete_lines(output: bytes) -> list[dict[str, Any]]:
    """Return the messages of an output that may end in the middle of a line."""
    return [json.loads(line) for line in output[: output.rfind(b"\n") + 1].splitlines()]


def rows(messages: list[dict[str, Any]], *streams: str) -> Iterator[tuple[Person, dict[str, Any]]]:
    """Yield the records of some streams with whom they are about."""
    for message in messages:
        if message["type"] == "RECORD" and message["stream"] in streams:
            record = message["record"]
            yield (record["webinarKey"], record["registrantKey"]), record


def violations(runs: list[PastRun], life: Life, truth: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield a line for each thing that went wrong.

    Args:
        runs: All runs, the last one without anything new.
        life: What happened meanwhile.
        truth: What there is in the end.
    """
    final = {(row["webinarKey"], row["registrantKey"]): row["status"] for row in truth["registrants"]}
    webinars = {row["webinarKey"] for row in truth["webinars"]}
    yield from _exit_codes(runs)
    yield from _nothing_lost(runs, life, final)
    yield from _removals(runs, life, final, webinars)
    yield from _nothing_made_up(runs, life)
    yield from _nothing_twice(runs, life)
    yield from _no_session_lost(runs, life, truth)
    idle = [item for item in runs[-1].messages if item["type"] == "RECORD" and item["stream"] not in EVERY_TIME]
    if idle:
        yield f"the last run, to which nothing had happened, emitted {len(idle)} records"


def _no_session_lost(runs: list[PastRun], life: Life, truth: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Every session, and everybody who came, was emitted before the last STATE of some run."""
    for stream, names in KEYS_OF_SESSIONS.items():
        # Whoever joins the past may have attended a session that was settled before: that is not looked for.
        known = [row for row in truth[stream] if (row["webinarKey"], row.get("registrantKey")) not in life.backdated]
        expected = {tuple(row[name] for name in names) for row in known}
        committed = (message for run in runs for message in run.committed)
        records = (item["record"] for item in committed if item["type"] == "RECORD" and item["stream"] == stream)
        missing = expected - {tuple(record[name] for name in names) for record in records}
        yield from (f"{stream}: {' '.join(keys)} was never emitted" for keys in sorted(missing))


def _exit_codes(runs: list[PastRun]) -> Iterator[str]:
    for number, run in enumerate(runs):
        if run.exit_code != 0 and not run.killed:
            yield f"run {number} ended with {run.exit_code}"


def _nothing_lost(runs: list[PastRun], life: Life, final: dict[Person, str]) -> Iterator[str]:
    """Everybody was emitted, last as they are, before the last STATE of some run."""
    for stream in REGISTRANTS:
        last = {person: record["status"] for run in runs for person, record in rows(run.committed, stream)}
        for person, status in final.items():
            # Details of who came late to a settled webinar are not looked for.
            if last.get(person) != status and not (stream == "registrant_details" and person in life.late):
                yield f"{stream}: {person} is {status} and was emitted last as {last.get(person)}"


def _removals(runs: list[PastRun], life: Life, final: dict[Person, str], webinars: set[str]) -> Iterator[str]:
    """Who was emitted and is gone, was removed."""
    emitted = {person for run in runs for person, _ in rows(run.committed, *REGISTRANTS)}
    removed = {person for run in runs for person, _ in rows(run.committed, "registrant_removals")}
    for person in emitted - final.keys() - removed:
        if person[0] in webinars:
            yield f"{person} was emitted, is gone and was not removed"
    for run in runs:
        for person, _ in rows(run.messages, "registrant_removals"):
            if not life.history.was_true(person, None, run.began, run.ended):
                yield f"{person} was removed and was there all the time"


def _nothing_made_up(runs: list[PastRun], life: Life) -> Iterator[str]:
    """Whatever was emitted was true at some moment of the run."""
    for number, run in enumerate(runs):
        for stream in REGISTRANTS:
            for person, record in rows(run.messages, stream):
                if not life.history.was_true(person, record["status"], run.began, run.ended):
                    yield f"{stream}: run {number} emitted {person} as {record['status']}, which was not so then"


def _nothing_twice(runs: list[PastRun], life: Life) -> Iterator[str]:
    """Who was emitted before a STATE and has not changed, is not emitted again: no call is made twice."""
    repeated = {webinar for webinar, _ in life.late}
    for stream in REGISTRANTS:
        stored: set[Person] = set()
        for number, run in enumerate(runs):
            for person, _ in rows(run.messages, stream):
                unchanged = person in stored and life.history.never_changed(person)
                # The list of a settled webinar whose past has changed is repeated whole.
                if unchanged and not (stream == "registrants" and person[0] in repeated):
                    yield f"{stream}: run {number} emitted {person} again"
            stored |= {person for person, _ in rows(run.committed, stream)}
