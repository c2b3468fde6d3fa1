"""What others put in the way of the target: pages without end, names that write log lines, files that are theirs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.errors import OutputError
from target_gotowebinar.errors import InputError
from target_gotowebinar.target import TargetGoToWebinar
from tests.target.registering import ADA, Office, record, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from gotowebinar_sandbox import Sandbox

LISTED = r"/registrants$"
FAKE = "people\n2026-01-01 | ERROR | \x1b[31mall is lost\u202e"


def page(number: int) -> dict[str, Any]:
    return {"data": [{"registrantKey": number, "email": f"p.{number}@example.com"}], "total": 10**9, "page": number}


@pytest.mark.parametrize(
    ("pages", "calls"), [([page(0)], 5), ([page(number) for number in range(20)], 8)], ids=["the same", "others"]
)
def test_a_list_without_end_ends_the_search_for_somebody_in_it(
    make_sandbox: Callable[..., Sandbox],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pages: list[dict[str, Any]],
    calls: int,
) -> None:
    monkeypatch.setattr("tap_gotowebinar.api.pagination.MAX_PAGES", 7)
    office = Office(make_sandbox(), tmp_path)
    office.control.configure(
        faults=[
            Fault(kind="reset", path=LISTED, method="POST", after=True, times=1),
            *(Fault(kind="json", path=LISTED, method="GET", value=it, times=1) for it in pages[:-1]),
            Fault(kind="json", path=LISTED, method="GET", value=pages[-1]),
        ]
    )
    done = office.run(record(ADA), resend_confirmation=True)
    assert (done.exit_code, done.outcomes) == (1, ["skipped"])
    assert re.search("does not come whole|there is no end to it", done.row["description"])
    assert (
        len([call for call in office.control.calls() if call["method"] == "GET" and LISTED[:-1] in call["path"]])
        == calls
    )


@pytest.mark.skipif(os.name != "posix", reason="needs /dev/zero")
@pytest.mark.parametrize("option", ["", "--input"])
def test_a_line_without_end_is_given_up(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr("target_gotowebinar.input.MAX_LINE", 1024**2)
    target = TargetGoToWebinar(config=Office(sandbox, tmp_path).config())
    with Path("/dev/zero").open(encoding="utf-8") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        with pytest.raises(InputError, match="a line of the input is longer than 1 MiB"):
            target.run(endless if option else None)


@pytest.mark.parametrize("message", [schema(stream=FAKE), record(ADA, stream=FAKE)], ids=["SCHEMA", "RECORD"])
def test_no_name_of_a_stream_writes_lines_of_the_log(sandbox: Sandbox, tmp_path: Path, message: dict[str, Any]) -> None:
    done = Office(sandbox, tmp_path).run_command(json.dumps(message) + "\n", tmp_path)
    assert done.exit_code == 1
    (line,) = done.error_lines
    assert f"is a {message['type']} message whose 'stream' is no name" in line
    assert not {"\x1b", "\u202e"} & set(done.stderr)


def test_no_name_of_a_field_writes_lines_of_the_log(sandbox: Sandbox, tmp_path: Path) -> None:
    office = Office(sandbox, tmp_path)
    row = office.run(record({**ADA, FAKE: 1}), strict_fields=True).row
    assert row["description"] == "fields that GoTo does not take: people 2026-01-01 | ERROR | [31mall is lost"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("mode", [0o600, 0o666])
def test_results_are_not_written_to_a_file_of_somebody_else(sandbox: Sandbox, tmp_path: Path, mode: int) -> None:
    office = Office(sandbox, tmp_path)
    office.results.touch(mode)
    os.chown(office.results, 1234, 1234)
    with pytest.raises(OutputError, match="it belongs to another user"):
        office.run(record(ADA))
    assert office.results.read_bytes() == b""
    assert office.posts() == []
