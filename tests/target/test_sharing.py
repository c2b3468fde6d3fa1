"""Taps and a target at the same time: one connection, one token that is replaced at every refresh."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.runs import EXECUTABLE as TAP
from tests.target.registering import EXECUTABLE as TARGET
from tests.target.registering import Office, lines, person, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_two_taps_and_a_target_share_one_token_that_is_replaced_each_time(
    make_office: Callable[..., Office], tmp_path: Path
) -> None:
    office = make_office(
        webinars=4, registrants=40, rotate_refresh_tokens=True, token_lifetime=2.0, latency=0.05, seed=7
    )
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**office.config(), "max_concurrency": 2}))
    people = tmp_path / "people.jsonl"
    people.write_text(lines([schema(), *(record(person(number)) for number in range(60)), state("all")]))
    commands = [[TAP, "--config", str(config)]] * 2 + [[TARGET, "--config", str(config), "--input", str(people)]]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for command in commands]
    outputs = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs[-1][1].decode()
    assert outputs[-1][0] == b'"all"\n'
    assert [row["email"] for row in office.registered()] == [person(number)["email"] for number in range(60)]
    tokens = [call for call in office.control.calls() if call["path"] == "/oauth/token"]
    # More than one was needed, and nobody came with one that was replaced.
    assert len(tokens) > 1
    assert {call["status"] for call in tokens} == {200}
