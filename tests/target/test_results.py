"""The file of results: for its owner only, a whole row for each record, and no STATE before its rows."""

import io
import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tap_gotowebinar.api.errors import OutputError
from target_gotowebinar.results import FIELDS
from tests.schema_files import TARGET_SCHEMAS
from tests.target.registering import ADA, GRACE, Office, lines, record, schema, state

SCHEMA = TARGET_SCHEMAS["registration_result"]


def test_every_row_fits_its_schema(office: Office) -> None:
    office.control.add_registrants(office.webinar, people=[{"email": GRACE["email"]}])
    done = office.run(record(ADA), record(GRACE), record({}), record(ADA, _sdc_deleted_at="now"))
    assert sorted(done.outcomes) == ["already_registered", "registered", "rejected", "skipped"]
    rows = Draft202012Validator(SCHEMA)
    assert [error.message for row in done.rows for error in rows.iter_errors(row)] == []
    assert {tuple(row) for row in done.rows} == {FIELDS}
    assert set(FIELDS) == set(SCHEMA["required"]) == SCHEMA["properties"].keys()


def test_it_is_for_its_owner_only_and_grows(office: Office) -> None:
    office.run(record(ADA))
    with office.results.open("a") as file:
        file.write("[]")
    office.results.chmod(0o644)
    office.run(record(GRACE))
    first, cut_off, second = office.results.read_text().splitlines()
    assert cut_off == "[]"
    assert [json.loads(line)["email"] for line in (first, second)] == [ADA["email"], GRACE["email"]]
    assert office.results.stat().st_mode & 0o777 == 0o600


def test_it_may_be_in_the_home_folder(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    office.run(record(ADA), results_path="~/results.jsonl")
    assert [row["email"] for row in office.rows()] == [ADA["email"]]


def test_without_a_path_there_is_none(office: Office, tmp_path: Path) -> None:
    before = {*tmp_path.iterdir()}
    assert office.target(results_path="").run(io.StringIO(lines([schema(), record(ADA)]))) == 0
    assert {*tmp_path.iterdir()} - before <= {tmp_path / "state"}
    assert len(office.registered()) == 1


def test_where_it_cannot_be_opened_the_run_ends_before_anybody_is_sent(office: Office, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the file of results_path cannot be written \(Is a directory\)"):
        office.run(record(ADA), results_path=str(tmp_path))
    assert office.control.calls() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_the_run_and_passes_no_state_on(office: Office) -> None:
    output = io.BytesIO()
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        office.target(output, results_path="/dev/full").run(io.StringIO(lines([schema(), record(ADA), state(1)])))
    assert output.getvalue() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_a_file_of_somebody_else_is_not_written_to(office: Office, mode: int) -> None:
    office.results.touch(mode)
    os.chown(office.results, 1234, 1234)
    with pytest.raises(OutputError, match="it belongs to another user"):
        office.run(record(ADA))
    assert office.results.read_bytes() == b""
    assert office.posts() == []
