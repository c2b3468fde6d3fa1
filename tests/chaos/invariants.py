"""What must hold after any number of killed runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.sandbox.breakage import PLANTED_EMAIL, PLANTED_LINK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.life import Life, Person

PLANTED: Final = (PLANTED_EMAIL, PLANTED_LINK, "@example.")
"""What must not be in any log."""

ALWAYS: Final = frozenset({"organizers", "webinars"})
"""Streams that every run emits."""

REGISTRANTS: Final = ("registrants", "registrant_details")

OTHERS: Final = {
    "attendees": ("sessionKey", "registrantKey"),
    "co_organizers": ("webinarKey", "memberKey"),
    "panelists": ("webinarKey", "panelistId"),
    "recordings": ("webinarKey", "recordingAssetKey"),
    "registration_fields": ("webinarKey",),
    "session_performance": ("sessionKey",),
    "sessions": ("sessionKey",),
}
"""Further streams, and what tells their rows apart."""


@dataclass(frozen=True)
class PastRun:
    """What came out of a run, up to its last complete line.

    Attributes:
        began: When, in monotonic seconds.
        ended: When.
        killed: Whether it was.
        exit_code: Its exit code; negative: killed by that signal.
        messages: What it wrote.
        struck: Whether calls of it were made to fail, so that it may end with 1 and a line that says why.
        said: What it logged.
    """

    began: float
    ended: float
    killed: bool
    exit_code: int
    messages: list[dict[str, Any]]
    struck: bool = False
    said: str = ""

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
    yield from _others_complete(runs, life, truth)
    idle = [it["stream"] for it in runs[-1].messages if it["type"] == "RECORD" and it["stream"] not in ALWAYS]
    if idle:
        yield f"the last run, to which nothing had happened, emitted {len(idle)} records of {sorted(set(idle))}"


def _exit_codes(runs: list[PastRun]) -> Iterator[str]:
    for number, run in enumerate(runs):
        allowed = {0, 1} if run.struck else {0}
        if run.exit_code not in allowed and not run.killed:
            yield f"run {number} ended with {run.exit_code}"
        if run.exit_code == 1 and "| ERROR " not in run.said:
            yield f"run {number} ended with 1 and did not say why"
        if "Traceback" in run.said or "internal error" in run.said:
            yield f"run {number} stumbled: {run.said[-2000:]}"
        if any(planted in run.said for planted in PLANTED):
            yield f"run {number} told of somebody"


def _nothing_lost(runs: list[PastRun], life: Life, final: dict[Person, str]) -> Iterator[str]:
    """Everybody was emitted, last as they are, before the last STATE of some run."""
    for stream in REGISTRANTS:
        last = {person: record["status"] for run in runs for person, record in rows(run.committed, stream)}
        for person, status in final.items():
            # Details of who came late to a settled webinar are not looked for.
            if last.get(person) != status and not (stream == "registrant_details" and person in life.late):
                yield f"{stream}: {person} is {status} and was emitted last as {last.get(person)}"


def _others_complete(runs: list[PastRun], life: Life, truth: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Everything there is was emitted before the last STATE of some run."""
    changed = {row["sessionKey"] for row in truth["attendees"] if not life.history.stayed_the_same(_person(row))}
    for stream, keys in OTHERS.items():
        stored = {
            tuple(message["record"][key] for key in keys)
            for run in runs
            for message in run.committed
            if message["type"] == "RECORD" and message["stream"] == stream
        }
        for row in truth[stream]:
            # Who comes, or is approved, when all is over has attended it in the sandbox, and the absent are listed with
            # them; that is not looked for.
            is_absent = row.get("attendanceTimeInSeconds") == 0 and row["sessionKey"] in changed
            is_real = stream != "attendees" or (life.history.stayed_the_same(_person(row)) and not is_absent)
            if is_real and tuple(str(row[key]) for key in keys) not in stored:
                yield f"{stream}: {[row[key] for key in keys]} was never emitted"


def _person(row: dict[str, Any]) -> Person:
    return row["webinarKey"], row["registrantKey"]


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
