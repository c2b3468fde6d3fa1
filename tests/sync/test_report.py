"""What a run says of itself: counts, progress, what was left out, and whether it was complete."""

import contextlib
import fcntl
import json
import logging
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.sync.report import PlannedCalls, Report, about
from tests.canned_server import api_calls
from tests.forkserver import run_command
from tests.list_answers import hal
from tests.runs import EXECUTABLE, FAST, run_here
from tests.selection import selecting

LISTS = [f"/organizers/1/webinars/{number}/registrants" for number in range(10)]


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tap-gotowebinar")


# Whether the run is complete -----------------------------------------------------------------------------------------

CHECK = "check the permissions of the user"
NEXT_TIME = "they are read again next time"
EVERY_CALL = f"every call of this stream was refused: deselect it, or {CHECK}"


@pytest.mark.parametrize(
    ("skips", "counts", "failures"),
    [
        (False, {"registrants": {"gone": LISTS[:1]}, "webinars": {}}, []),
        (True, {"registrants": {"gone": LISTS[:1]}, "webinars": {}}, []),
        (
            False,
            {"registrants": {"calls": 3, "answered": 2, "records": 20, "forbidden": LISTS[:1]}},
            [f"'registrants': 1 refused ({LISTS[0]}); {CHECK}, or set on_forbidden to skip"],
        ),
        (True, {"registrants": {"calls": 3, "answered": 2, "forbidden": LISTS[:1]}}, []),
        (
            True,  # One of the calls was repeated because its token had expired.
            {"registrants": {"calls": 3, "retries": 1, "forbidden": LISTS[:2]}},
            [f"'registrants': 2 refused ({LISTS[0]}, {LISTS[1]}); {EVERY_CALL}"],
        ),
        (
            True,  # The details share the lists.
            {
                "registrants": {"calls": 3, "answered": 2, "forbidden": LISTS[:1]},
                "registrant_details": {"forbidden": LISTS[:1]},
            },
            [],
        ),
        (
            True,
            {
                "registrants": {"calls": 2, "forbidden": LISTS[:1]},
                "registrant_details": {"forbidden": LISTS[:1]},
                "webinars": {"calls": 2, "answered": 2},
            },
            [f"'{stream}': 1 refused ({LISTS[0]}); {EVERY_CALL}" for stream in ("registrants", "registrant_details")],
        ),
        (
            True,
            {"registrants": {"calls": 9, "answered": 9, "given_up": LISTS[:7]}},
            [
                f"'registrants': 7 not read after several tries ({', '.join(LISTS[:5])} and 2 more); {NEXT_TIME}",
            ],
        ),
    ],
)
def test_a_run_is_incomplete_for_what_failed_and_for_refusals_unless_they_are_skipped(
    *, skips: bool, counts: dict[str, dict[str, Any]], failures: list[str]
) -> None:
    report = Report()
    for stream, values in counts.items():
        for name, value in values.items():
            setattr(report.stats(stream), name, value)
    assert report.failures(skip_forbidden=skips) == failures


def test_a_run_that_was_refused_something_completes_when_refusals_are_skipped(sandbox: Sandbox, tmp_path: Path) -> None:
    webinars = [webinar["webinarKey"] for webinar in sandbox.control.expected_records()["webinars"]]
    sandbox.control.configure(forbidden=(webinars[0],))
    settings = {**sandbox.settings, **FAST}
    # Of sessions there may be one only: a stream that is refused altogether fails the run.
    catalog = selecting("webinars", "webinar_details", "registrants", "registrant_details")

    skipping = run_command({**settings, "on_forbidden": "skip"}, tmp_path, catalog=catalog)
    # The next run has nothing to tell of the other webinars; the refused one is still no reason to fail.
    again = run_command({**settings, "on_forbidden": "skip"}, tmp_path, catalog=catalog, state=skipping.states[-1])
    failing = run_command(settings, tmp_path, catalog=catalog)

    assert (skipping.exit_code, again.exit_code, failing.exit_code) == (0, 0, 1)
    assert any("refused, left out: 1 (/G2W/rest/v2/organizers/" in line for line in skipping.stderr.splitlines())


# The summary ---------------------------------------------------------------------------------------------------------


def test_the_summary_is_a_table_of_all_streams(caplog: pytest.LogCaptureFixture) -> None:
    now = iter([100.0, 163.25])
    report = Report(clock=lambda: next(now))
    report.stats("webinars").calls = 1
    stats = report.stats("registrant_details")
    stats.records, stats.calls, stats.retries, stats.waited = 12345, 12350, 4, 61.44
    stats.forbidden.append(LISTS[0])
    stats.gone += LISTS[1:3]
    stats.unusable.update({"status": 2, "email": 1})

    report.log_summary()

    assert caplog.messages == [
        "stream                  records   calls  refused   gone  retries  waited s",
        "webinars                      0       1        0      0        0       0.0",
        "registrant_details        12345   12350        1      2        4      61.4",
        f"'registrant_details': refused, left out: 1 ({LISTS[0]})",
        f"'registrant_details': no longer there: 2 ({LISTS[1]}, {LISTS[2]})",
        "'registrant_details': 1 unusable value(s) of 'email' became null",
        "'registrant_details': 2 unusable value(s) of 'status' became null",
        "used 12351 calls, waited 61.4 s for the rate, finished in 63.2 s",
    ]


def used(caplog: pytest.LogCaptureFixture) -> tuple[int, float, float]:
    """Calls, seconds waited and seconds in all, as the end of a run says."""
    (line,) = (message for message in caplog.messages if message.startswith("used "))
    found = re.fullmatch(r"used (\d+) calls.*, waited ([\d.]+) s for the rate, finished in ([\d.]+) s", line)
    assert found, line
    return int(found[1]), float(found[2]), float(found[3])


def table(caplog: pytest.LogCaptureFixture) -> dict[str, tuple[int, float]]:
    """Calls and seconds waited by stream."""
    rows = (re.fullmatch(r"(\w+) +\d+ +(\d+) +\d+ +\d+ +\d+ +([\d.]+)", message) for message in caplog.messages)
    return {row[1]: (int(row[2]), float(row[3])) for row in rows if row}


@pytest.mark.slow
@pytest.mark.parametrize("streams", [(), ("registrant_details",), ("attendee_polls", "questions")], ids=str)
def test_the_calls_of_the_table_are_those_that_goto_counts_whoever_makes_them(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture, streams: tuple[str, ...]
) -> None:
    faults = (
        Fault(kind="status", path="/webinars$", times=1),
        Fault(kind="status", status=429, retry_after=0.1, path="/registrants$", times=2),
        Fault(kind="invalid_token", path="/registrants", times=1, skip=3),
        Fault(kind="status", status=404, path="/me$", times=1),
        Fault(kind="truncate", path="/registrants$", times=7),
    )
    # Lists of 100, or of a multiple of it, are looked at twice.
    sandbox = make_sandbox(webinars=3, registrants=200, faults=faults, identity="forbidden")

    run = run_here({**sandbox.settings, **FAST}, catalog=selecting(*streams) if streams else None)

    assert run.exit_code == 0
    assert sum(calls for calls, _ in table(caplog).values()) == used(caplog)[0] == len(api_calls(sandbox))


def test_the_run_has_waited_as_long_as_it_stood_still(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    faults = (Fault(kind="status", status=429, retry_after=1, path=r"/registrants/\d+", times=1),)
    sandbox = make_sandbox(faults=faults)

    run_here({**sandbox.settings, **FAST})

    _, waited, seconds = used(caplog)
    assert 0.9 <= waited <= seconds
    assert sum(waited for _, waited in table(caplog).values()) == pytest.approx(waited, abs=1)


def test_a_run_that_did_nothing_has_no_summary(caplog: pytest.LogCaptureFixture) -> None:
    Report().log_summary()

    assert caplog.messages == []


def test_a_warning_is_said_when_it_arises_and_counted_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    report = Report()
    report.stats("webinars")
    report.warn("the list changed while it was read")
    assert caplog.messages == ["the list changed while it was read"]

    report.log_summary()

    assert caplog.messages[-1].endswith("; 1 warning(s) above")


# Unknown fields ------------------------------------------------------------------------------------------------------


def test_new_fields_of_goto_are_one_line_for_each_stream_with_all_names_and_no_warning(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    new = {f"newField{letter}": 1 for letter in "ABCDEFGHIJKL"}
    webinars = [{"webinarKey": 11, **new}, {"webinarKey": 12, "newFieldA": 1, "ada.berg@example.com": 1}]
    faults = (
        Fault(kind="json", path="/webinars$", value=hal("webinars", webinars)),
        Fault(kind="json", path="/registrants$", value=[{"registrantKey": 7, "newFieldA": 1}]),
    )
    sandbox.control.configure(faults=faults)

    run_here({**sandbox.settings, **FAST}, catalog=selecting("webinars", "registrants"))

    told = [record for record in caplog.records if "not in the schema" in record.message]
    assert [record.message for record in told] == [
        f"'webinars': 13 field(s) not in the schema were left out: <e-mail>, {', '.join(new)}",
        "'registrants': 1 field(s) not in the schema were left out: newFieldA",
    ]
    assert {record.levelname for record in told} == {"INFO"}


def test_a_first_run_says_little_and_every_fact(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(seed=3, webinars=6, registrants=5)

    run = run_here({**sandbox.settings, **FAST})

    assert run.exit_code == 0
    lines = [record for record in caplog.records if not record.message.startswith("METRIC")]
    assert len(lines) < 25
    assert {record.levelname for record in lines} == {"INFO"}
    said = "\n".join(record.message for record in lines)
    assert "not selected: attendee_polls, attendee_surveys" in said
    assert "nothing in: registrant_removals" in said


# Progress ------------------------------------------------------------------------------------------------------------


def test_progress_is_said_every_half_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = [0.0]
    report = Report(clock=lambda: clock[0])
    report.plan("webinars", "100 webinars", PlannedCalls(100, "at least", 200, []), 100)
    caplog.clear()
    report.stats("registrants").calls, report.stats("registrants").records = 1000, 9000

    for second in range(100):
        clock[0] = float(second)
        report.done += 1
        report.log_progress()

    # The first one comes with the 31st webinar: 1000 calls for 31 of 100, so 2226 to go.
    assert [message.partition(",")[0] for message in caplog.messages] == [
        "31 of 100 webinars",
        "61 of 100 webinars",
        "91 of 100 webinars",
    ]
    assert caplog.messages[0] == (
        "31 of 100 webinars, 1000 calls, 9000 records, about 22 min left at 100 calls a minute"
    )


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.9, "less than a minute"), (22.3, "about 22 min"), (1500, "about 25.0 h")]
)
def test_long_times_are_given_in_hours(minutes: float, words: str) -> None:
    assert about(minutes) == words


def test_nobody_sees_a_bar_where_there_is_no_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    run = run_command({**sandbox.settings, **FAST}, tmp_path)

    assert "webinar/s" not in run.stderr
    assert "\r" not in run.stderr
    assert "finished in" in run.stderr


def on_a_terminal(settings: dict[str, Any], folder: Path) -> tuple[int, str, bytes]:
    """Run the tap with its log on a pseudo-terminal; return exit code, what the terminal got, and the output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))  # 40 lines of 200 characters
    shown, output, config = bytearray(), folder / "output", folder / "config.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    with (
        output.open("wb") as file,
        subprocess.Popen([EXECUTABLE, "--config", str(config)], stdout=file, stderr=theirs) as process,
    ):
        os.close(theirs)
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while data := os.read(ours, 4096):
                shown += data
    os.close(ours)
    return process.returncode, shown.decode(), output.read_bytes()


def test_who_watches_a_terminal_sees_a_bar_below_the_log(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = make_sandbox(latency=0.02)

    code, shown, output = on_a_terminal({**sandbox.settings, **FAST}, tmp_path)

    assert code == 0
    assert output.startswith(b'{"type":"SCHEMA"')
    steps = re.findall(r"(\d+) of 5 webinars, \d+ calls, \d+ records, (?:about \d+ min|less than a minute) left", shown)
    assert steps, shown
    assert steps == sorted(steps)
    assert "finished in" in shown
    # The bar goes away when the run ends: the last line is the log's.
    assert "webinars," not in shown.rpartition("finished in")[2]
