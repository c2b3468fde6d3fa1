"""Any answer to any call: a clean record, a counted skip or one clear error; and the next run makes good for it."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gotowebinar_sandbox import Fault, Options, Sandbox
from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL
from tests.fuzz.conftest import share
from tests.fuzz.strategies import bent
from tests.incremental_runs import NOW, StoppedTap
from tests.runs import FAST, Run, run_here
from tests.sandbox.conftest import Caller
from tests.schema_files import STREAM_SCHEMAS
from tests.selection import selecting
from tests.tiers import slow

WORLD: Final = {"seed": 11, "webinars": 3, "registrants": 3, "attendance": 1.0, "questions": 1.0, "now": NOW}
EVERY_STREAM: Final = selecting(*STREAM_SCHEMAS)
EVERYTHING_IS_DUE: Final = {"recheck_factor": 0, "settle_days": 3650}


@dataclass
class Fuzzed:
    """A world, what a run brings of it when nothing is wrong, and the right answer to a call of each kind."""

    sandbox: Sandbox
    clean: Run
    answers: dict[str, tuple[str, Any]]

    def run(self, state: dict[str, Any] | None = None) -> Run:
        self.sandbox.control.reset_calls()
        given = {**self.sandbox.settings, **FAST, **EVERYTHING_IS_DUE}
        return run_here(given, state=state, catalog=EVERY_STREAM, tap_class=StoppedTap)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    with Sandbox(Options(**WORLD)) as sandbox:  # type: ignore[arg-type]
        fuzzed = Fuzzed(sandbox, Run(0, ""), {})
        fuzzed.clean = fuzzed.run()
        assert fuzzed.clean.exit_code == 0
        fuzzed.answers = dict(_answers(sandbox, sandbox.control.calls()))
        yield fuzzed


def _answers(sandbox: Sandbox, calls: list[dict[str, Any]]) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Yield for each kind of path the longest answer, and the path that gave it."""
    caller = Caller(sandbox)
    yield "/oauth/token", ("/oauth/token", caller.refresh().json())
    longest: dict[str, tuple[str, Any]] = {}
    for call in calls:
        if call["method"] == "GET":
            kind = re.sub(r"\d{5,}", "{}", call["path"])
            found = (call["path"], caller.get(call["path"], **call["query"]).json())
            longest[kind] = max(found, longest.get(kind, found), key=lambda it: len(json.dumps(it[1])))
    yield from longest.items()


ORGANIZER: Final = "/G2W/rest/v2/organizers/{}"
WEBINAR: Final = f"{ORGANIZER}/webinars/{{}}"
SESSION: Final = f"{WEBINAR}/sessions/{{}}"

KINDS: Final = (
    "/oauth/token",
    "/identity/v1/Users/me",
    "/G2W/rest/v2/webinars/{}/recordingAssets",
    *(f"{ORGANIZER}/{part}" for part in ("webinars", "sessions")),
    WEBINAR,
    *(f"{WEBINAR}/registrants{part}" for part in ("", "/{}", "/fields")),
    *(f"{WEBINAR}/{part}" for part in ("attendees", "coorganizers", "panelists", "performance")),
    *(f"{SESSION}/{part}" for part in ("attendees", "performance", "polls", "questions", "surveys")),
    *(f"{SESSION}/attendees/{{}}/{part}" for part in ("polls", "surveys")),
)
"""The kinds of calls that a run makes, keys as `{}`."""

LIST: Final = f"{WEBINAR}/registrants"

FOREIGN: Final = [
    (status, body)
    for status in (403, 404)
    for body in (b"<html><h1>Request blocked</h1></html>", b"[]", b'{"fault": {"reason": "policy"}}')
]
"""What proxies and gateways answer in GoTo's place."""


def test_every_kind_of_call_is_fuzzed(fuzzed: Fuzzed) -> None:
    assert sorted(fuzzed.answers) == sorted(KINDS)


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize("kind", [LIST, *slow(*(kind for kind in KINDS if kind != LIST))])
def test_any_answer_is_a_clean_record_a_counted_skip_or_one_clear_error(
    fuzzed: Fuzzed, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    caplog.set_level(logging.INFO)
    path, right = fuzzed.answers[kind]

    @share(6)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        status, body = data.draw(st.one_of(*[bent(right).map(lambda body: (200, body))] * 5, st.sampled_from(FOREIGN)))
        caplog.clear()
        try:
            fuzzed.sandbox.control.configure(faults=[strike(path, body, status)])
            struck = fuzzed.run()
        finally:
            fuzzed.sandbox.control.configure(faults=[])
        assert_clean(struck, caplog)
        caplog.clear()
        mended = fuzzed.run(struck.states[-1] if struck.states else None)
        assert_clean(mended, caplog)
        assert_made_good(fuzzed.clean, struck, mended)

    check()


def strike(path: str, body: bytes, status: int = 200) -> Fault:
    return Fault(kind="raw", path=f"^{re.escape(path)}$", value=body.decode("latin-1"), status=status)


def assert_clean(done: Run, caplog: pytest.LogCaptureFixture) -> None:
    assert done.exit_code in {0, 1}
    said = caplog.text
    assert EMBEDDED_EMAIL not in said
    assert "Traceback" not in said
    assert done.exit_code == 0 or [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "\x00" not in done.stdout
    assert "\\u0000" not in done.stdout
    validators: dict[str, Draft202012Validator] = {}
    for line in done.stdout.splitlines():
        message = json.loads(line, parse_constant=pytest.fail)
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = Draft202012Validator(message["schema"])
        elif message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])


def assert_made_good(clean: Run, struck: Run, mended: Run) -> None:
    """Whatever was said wrongly of a list that is read again, the last word is the right one."""
    assert mended.exit_code == 0
    for stream in ("webinars", "registrants", "webinar_details"):
        keys = clean.messages[0] and next(
            message["key_properties"] for message in clean.of_type("SCHEMA") if message["stream"] == stream
        )
        last = {
            tuple(record[key] for key in keys): record for done in (struck, mended) for record in done.records(stream)
        }
        for record in clean.records(stream):
            assert last.get(tuple(record[key] for key in keys)) == record
