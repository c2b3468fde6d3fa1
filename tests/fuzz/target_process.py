"""The target as people run it, on input of any kind, and what holds however it ends."""

import json
import re
from dataclasses import dataclass
from typing import Final

from jsonschema import Draft202012Validator

from tests.forkserver import Launcher
from tests.schema_files import TARGET_SCHEMAS
from tests.target.registering import RunResult, TargetHarness

LONGEST_LINE: Final = 2_000
"""Characters of a line of the log, and then some."""

ROWS: Final = Draft202012Validator(TARGET_SCHEMAS["registration_result"])


@dataclass
class TargetRunner:
    """A harness at which the target runs as a process of its own."""

    harness: TargetHarness
    launcher: Launcher

    def clear(self) -> None:
        for row in self.harness.control.expected_records()["registrants"]:
            self.harness.control.cancel_registrant(row["webinarKey"], row["registrantKey"])

    def run(self, given: bytes, *arguments: str, hurries: bool = False, **settings: object) -> RunResult:
        """Run it on these bytes, with an empty file of results."""
        self.harness.results.unlink(missing_ok=True)
        self.harness.control.reset_calls()
        config = self.harness.config(**settings)
        done = self.launcher.launch(config, *arguments, program="target", given=given, hurries=hurries).finish()
        return RunResult(
            done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], self.harness.rows(), done.stderr
        )


def assert_clean(done: RunResult, *secrets: str) -> None:
    """It ended in good order, gave a reason unless it is complete, and told no secret."""
    assert done.exit_code in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert not [secret for secret in secrets if secret in done.stderr]
    assert bool(done.error_lines) == (done.exit_code == 1), done.stderr
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in done.stderr.splitlines()), done.stderr
    assert max(map(len, done.stderr.splitlines())) < LONGEST_LINE
    for row in done.rows:
        ROWS.validate(row)
