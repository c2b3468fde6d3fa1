"""``gotowebinar-sandbox do``: what it changes, and how it finds the sandbox."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dotenv
import pytest

from gotowebinar_sandbox import Control, Options, Sandbox
from gotowebinar_sandbox.cli import environment, main, write_env_file

from .conftest import NOW


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """A small sandbox that the environment names."""
    with Sandbox(Options(seed=7, now=NOW, webinars=4, registrants=12)) as sandbox:
        monkeypatch.setenv("GOTOWEBINAR_SANDBOX_URL", sandbox.url)
        yield sandbox.control


def people(control: Control) -> dict[str, dict[str, Any]]:
    return {row["registrantKey"]: row for row in control.expected_records()["registrants"]}


def statuses(control: Control) -> Counter[str]:
    return Counter(row["status"] for row in people(control).values())


def test_somebody_registers_is_approved_denied_and_cancels(
    control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    before, known = statuses(control), people(control)
    assert main(["do", "register", "--count=2", "--email=ada@example.com"]) == 0
    new = [row for key, row in people(control).items() if key not in known]
    assert [row["email"] == "ada@example.com" for row in new] == [True, False]
    assert all(row["registrantKey"] in capsys.readouterr().out for row in new[:1])
    assert main(["do", "cancel", new[0]["registrantKey"]]) == 0
    assert new[0]["registrantKey"] not in people(control)
    assert main(["do", "approve"]) == main(["do", "deny"]) == 0
    after = {"APPROVED": before["APPROVED"] + 2, "WAITING": before["WAITING"] - 2, "DENIED": before["DENIED"] + 1}
    assert statuses(control) == after


def test_somebody_attends_a_session_that_ends_now(control: Control) -> None:
    attended = control.expected_records("attendees")["attendees"]
    begun = {row["webinarKey"] for row in control.expected_records()["webinars"] if row["times"][0]["startTime"] < NOW}
    webinar = control.add_webinar()
    (named,) = control.add_registrants(webinar)
    assert main(["do", "attend"]) == main(["do", "attend", named]) == 0
    made_up, asked_for = [row for row in control.expected_records("attendees")["attendees"] if row not in attended]
    assert made_up["webinarKey"] in begun
    assert (asked_for["webinarKey"], asked_for["registrantKey"]) == (webinar, named)
    ended = {row["sessionKey"]: row["endTime"] for row in control.expected_records("sessions")["sessions"]}
    assert {ended[made_up["sessionKey"]], ended[asked_for["sessionKey"]]} == {NOW}


def test_webinars_come_and_go(control: Control, capsys: pytest.CaptureFixture[str]) -> None:
    before = {row["webinarKey"] for row in control.expected_records()["webinars"]}
    assert main(["do", "add-webinar", "--subject=Grafting", "--starts-at=2026-03-12T09:00:00+01:00", "--manual"]) == 0
    (added,) = [row for row in control.expected_records()["webinars"] if row["webinarKey"] not in before]
    assert added["webinarKey"] in capsys.readouterr().out
    assert (added["subject"], added["approvalType"]) == ("Grafting", "MANUAL")
    assert added["times"] == [{"startTime": "2026-03-12T08:00:00Z", "endTime": "2026-03-12T09:00:00Z"}]
    assert main(["do", "cancel-webinar", added["webinarKey"]]) == main(["do", "cancel-webinar"]) == 0
    gone = control.expected_records("webinar_removals")["webinar_removals"]
    assert [row["removedAt"] for row in gone] == [NOW, NOW]
    assert {row["webinarKey"] for row in control.expected_records()["webinars"]} == before - {
        row["webinarKey"] for row in gone
    }


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--url=", "register"], "no sandbox is named"),
        (["--url=http://127.0.0.1:9", "register"], "no sandbox responds at http://127.0.0.1:9"),
        (["register", "12"], "there is no webinar 12"),
        (["deny", "12"], "there is no registrant 12"),
        (["attend", "12"], "there is no registrant 12"),
        (["add-webinar", "--starts-at=tomorrow"], "tomorrow"),
    ],
)
@pytest.mark.usefixtures("control")
def test_an_action_that_is_not_possible_is_one_line(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["do", *arguments]) == 1
    error = capsys.readouterr().err
    assert (problem in error, error.count("\n")) == (True, 1)


def test_nobody_waits_where_approval_is_automatic(control: Control, capsys: pytest.CaptureFixture[str]) -> None:
    for row in people(control).values():
        control.approve_registrant(row["webinarKey"], row["registrantKey"])
    assert main(["do", "approve"]) == 1
    assert "nobody waits for approval" in capsys.readouterr().err


# The file of variables


def test_the_file_of_variables_is_the_same_to_a_shell_and_to_readers_of_dotenv(tmp_path: Path) -> None:
    file = tmp_path / "an env file"
    with Sandbox(Options(webinars=1)) as sandbox:
        wanted = {**environment(sandbox), "ODD": 'blanks, $HOME, "quotes", `x` and #'}
    write_env_file(file, {"OLD": "1"})
    write_env_file(file, wanted)
    assert dotenv.dotenv_values(file, interpolate=False) == wanted
    shell = ["env", "-i", "sh", "-c", 'set -a; . "$0"; exec env', str(file)]
    said = dict(line.split("=", 1) for line in subprocess.check_output(shell, text=True).splitlines())
    assert wanted.items() <= said.items()
    assert "OLD" not in said


def test_a_file_of_something_else_and_a_value_that_readers_interpret_differently_are_errors(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    with pytest.raises(ValueError, match="cannot be written"):
        write_env_file(file, {"A": "it's"})
    file.write_text("MINE=1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="was not written by"):
        write_env_file(file, {})
    assert file.read_text(encoding="utf-8") == "MINE=1\n"
