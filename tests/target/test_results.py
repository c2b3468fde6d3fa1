"""The file of results: for its owner only, a whole row for each record, and no STATE before its rows."""

import io
import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tap_gotowebinar.api.errors import OutputError
from tests.schema_files import TARGET_SCHEMAS
from tests.target.registering import ADA, GRACE, TargetHarness, lines, record, schema, state

SCHEMA = TARGET_SCHEMAS["registration_result"]


def test_every_row_fits_its_schema(harness: TargetHarness) -> None:
    harness.control.add_registrants(harness.webinar, people=[{"email": GRACE["email"]}])
    done = harness.run(record(ADA), record(GRACE), record({}), record(ADA, _sdc_deleted_at="now"))
    assert sorted(done.outcomes) == ["already_registered", "registered", "rejected", "skipped"]
    rows = Draft202012Validator(SCHEMA)
    assert [error.message for row in done.rows for error in rows.iter_errors(row)] == []
    assert {tuple(row) for row in done.rows} == {tuple(SCHEMA["properties"])} == {tuple(SCHEMA["required"])}


def test_it_is_for_its_owner_only_and_grows(harness: TargetHarness) -> None:
    harness.run(record(ADA))
    with harness.results.open("a") as file:
        file.write("[]")
    harness.results.chmod(0o644)
    harness.run(record(GRACE))
    first, cut_off, second = harness.results.read_text().splitlines()
    assert cut_off == "[]"
    assert [json.loads(line)["email"] for line in (first, second)] == [ADA["email"], GRACE["email"]]
    assert harness.results.stat().st_mode & 0o777 == 0o600


def test_it_may_be_in_the_home_folder_or_not_be_at_all(
    harness: TargetHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert harness.target(results_path="").run(io.StringIO(lines([schema(), record(GRACE)]))) == 0
    assert ({*tmp_path.iterdir()} <= {tmp_path / "state"}, len(harness.registered())) == (True, 1)
    harness.run(record(ADA), results_path="~/results.jsonl")
    assert [row["email"] for row in harness.rows()] == [ADA["email"]]


def test_where_it_cannot_be_opened_the_run_ends_before_anybody_is_sent(harness: TargetHarness, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the file of results_path cannot be written \(Is a directory\)"):
        harness.run(record(ADA), results_path=str(tmp_path))
    assert harness.control.calls() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_the_run_and_passes_no_state_on(harness: TargetHarness) -> None:
    output = io.BytesIO()
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        harness.target(output, results_path="/dev/full").run(io.StringIO(lines([schema(), record(ADA), state(1)])))
    assert output.getvalue() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_a_file_of_somebody_else_is_not_written_to(harness: TargetHarness, mode: int) -> None:
    harness.results.touch(mode)
    os.chown(harness.results, 1234, 1234)
    with pytest.raises(OutputError, match="it belongs to another user"):
        harness.run(record(ADA))
    assert harness.results.read_bytes() == b""
    assert harness.posts() == []
