"""Taps and a target at the same time: one connection, one token that is replaced at every refresh."""

from pathlib import Path

from tests.forkserver import Launcher
from tests.target.registering import MakeHarness, lines, person, record, schema, state


def test_two_taps_and_a_target_share_one_token_that_is_replaced_each_time(
    make_harness: MakeHarness, tmp_path: Path, launcher: Launcher
) -> None:
    harness = make_harness(
        webinars=4, registrants=40, rotate_refresh_tokens=True, token_lifetime=2.0, latency=0.05, seed=7
    )
    given = lines([schema(), *(record(person(number)) for number in range(60)), state("all")]).encode()
    settings = {**harness.config(), "max_concurrency": 2, "token_path": str(tmp_path / "tokens.json")}
    running = [launcher.launch(settings) for _ in range(2)] + [launcher.launch(settings, program="target", given=given)]
    done = [run.finish() for run in running]
    assert [run.exit_code for run in done] == [0, 0, 0], done[-1].stderr
    assert done[-1].stdout == '"all"\n'
    assert [row["email"] for row in harness.registered()] == [person(number)["email"] for number in range(60)]
    tokens = [call for call in harness.control.calls() if call["path"] == "/oauth/token"]
    # More than one was needed, and nobody came with one that was replaced.
    assert len(tokens) > 1
    assert {call["status"] for call in tokens} == {200}
