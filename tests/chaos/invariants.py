"""What must hold after any number of killed runs."""

import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL, EMBEDDED_LINK
from tests.chaos.last_rows import wrong_rows
from tests.chaos.mutations import Mutations, Person
from tests.chaos.past_run import PastRun

PLANTED: Final = (EMBEDDED_EMAIL, EMBEDDED_LINK, "@example.")
"""What must not be in any log."""

ALWAYS: Final = frozenset({"organizers", "webinars"})
"""Streams that every run emits."""

REGISTRANTS: Final = ("registrants", "registrant_details")


def rows(messages: list[dict[str, Any]], *streams: str) -> Iterator[tuple[Person, dict[str, Any]]]:
    """Yield the records of some streams with whom they are about."""
    for message in messages:
        if message["type"] == "RECORD" and message["stream"] in streams:
            record = message["record"]
            yield (record["webinarKey"], record["registrantKey"]), record


def violations(runs: list[PastRun], mutations: Mutations, truth: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield a line for each thing that went wrong; before the last run nothing new had happened."""
    final = {(row["webinarKey"], row["registrantKey"]): row["status"] for row in truth["registrants"]}
    webinars = {row["webinarKey"] for row in truth["webinars"]}
    yield from _exit_codes(runs)
    yield from _stopped_whole(runs)
    yield from _complete_when_it_says_so(runs, mutations)
    yield from _removals(runs, mutations, final, webinars)
    yield from _webinar_removals(runs, webinars)
    yield from _nothing_made_up(runs, mutations)
    yield from _nothing_twice(runs, mutations)
    yield from wrong_rows(runs, mutations, truth)
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


def _stopped_whole(runs: list[PastRun]) -> Iterator[str]:
    """Who is asked to stop says in a last STATE what was written."""
    for number, run in enumerate(runs):
        if run.exit_code == 128 + signal.SIGTERM:
            after = [it["stream"] for it in run.messages[len(run.committed) :] if it["type"] == "RECORD"]
            if set(after) - ALWAYS:
                yield f"run {number} was stopped, and its last STATE came before {len(after)} records"
        elif run.exit_code == -signal.SIGTERM and run.messages:
            yield f"run {number} did not heed the signal to stop"


def _complete_when_it_says_so(runs: list[PastRun], mutations: Mutations) -> Iterator[str]:
    """After a run that ends with 0, everybody is stored who was there, as they are, all the time it took."""
    for stream in REGISTRANTS:
        stored: dict[Person, str] = {}
        for number, run in enumerate(runs):
            stored |= {person: record["status"] for person, record in rows(run.committed, stream)}
            if run.exit_code == 0 and not run.is_limited:
                for person, status in mutations.history.unchanged(run.began, run.ended):
                    # Settled webinars are not read each time.
                    if person[0] in mutations.ever_alive and stored.get(person) != status:
                        was = f"{person} was {status}, not {stored.get(person)}"
                        yield f"{stream}: run {number} ended with 0, and {was}"


def _removals(runs: list[PastRun], mutations: Mutations, final: dict[Person, str], webinars: set[str]) -> Iterator[str]:
    """Who was emitted and is gone, was removed."""
    emitted = {person for run in runs for person, _ in rows(run.committed, *REGISTRANTS)}
    removed = {person for run in runs for person, _ in rows(run.committed, "registrant_removals")}
    for person in emitted - final.keys() - removed:
        if person[0] in webinars:
            yield f"{person} was emitted, is gone and was not removed"
    for run in runs:
        for person, _ in rows(run.messages, "registrant_removals"):
            if not mutations.history.was_true(person, None, run.began, run.ended):
                yield f"{person} was removed and was there all the time"


def _webinar_removals(runs: list[PastRun], webinars: set[str]) -> Iterator[str]:
    """A webinar that was emitted and is gone was removed, once; no other was."""
    emitted = {key for run in runs for key in _webinars(run.committed, "webinars")}
    removed = Counter(key for run in runs for key in _webinars(run.committed, "webinar_removals"))
    for key in emitted - webinars - removed.keys():
        yield f"webinar {key} was emitted, is gone and was not removed"
    for key, times in removed.items():
        if times > 1 or key in webinars:
            yield f"webinar {key} was removed {times} times and is {'there' if key in webinars else 'gone'}"


def _webinars(messages: list[dict[str, Any]], stream: str) -> Iterator[str]:
    return (it["record"]["webinarKey"] for it in messages if it["type"] == "RECORD" and it["stream"] == stream)


def _nothing_made_up(runs: list[PastRun], mutations: Mutations) -> Iterator[str]:
    """Whatever was emitted was true at some moment of the run."""
    for number, run in enumerate(runs):
        for stream in REGISTRANTS:
            for person, record in rows(run.messages, stream):
                if not mutations.history.was_true(person, record["status"], run.began, run.ended):
                    yield f"{stream}: run {number} emitted {person} as {record['status']}, which was not so then"


def _nothing_twice(runs: list[PastRun], mutations: Mutations) -> Iterator[str]:
    """Who was emitted before a STATE and has not changed, is not emitted again: no call is made twice."""
    repeated = {webinar for webinar, _ in mutations.late}
    for stream in REGISTRANTS:
        stored: set[Person] = set()
        for number, run in enumerate(runs):
            for person, _ in rows(run.messages, stream):
                unchanged = person in stored and mutations.history.never_changed(person)
                # The list of a settled webinar whose past has changed is repeated whole.
                if unchanged and not (stream == "registrants" and person[0] in repeated):
                    yield f"{stream}: run {number} emitted {person} again"
            stored |= {person for person, _ in rows(run.committed, stream)}
