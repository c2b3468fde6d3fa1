"""How a program may end, whatever it was given."""

import re
from typing import Final

from jsonschema import Draft202012Validator

from tests.runs import Run
from tests.schema_files import TARGET_SCHEMAS
from tests.target.registering import RunResult

PLANTED: Final = "planted-secret-9f8e7d"
LONGEST_LINE: Final = 2_000
"""Characters of a line of the log, and then some."""

ROWS: Final = Draft202012Validator(TARGET_SCHEMAS["registration_result"])


def complaints(program: str, done: Run, *, is_path: bool = False) -> list[str]:
    """Return the lines in which a run says what is wrong; the path of a file that was set may be told."""
    said = done.stdout + done.stderr if program == "login" else done.stderr
    # The login logs nothing, nor does who cannot set up its log.
    starts = ("tap-gotowebinar-login: ", "logging cannot be set up")
    found = done.errors + [line for line in done.stderr.splitlines() if line.startswith(starts)]
    _assert_in_good_order(done.exit_code, said, found, *([] if is_path else [PLANTED]))
    assert is_path or all(len(line) < 1000 for line in found)
    assert program == "login" or {message["type"] for message in done.messages} <= {"SCHEMA", "RECORD", "STATE"}
    return found


def assert_clean(done: RunResult, *secrets: str) -> None:
    """The target ended in good order, with lines of ordinary length and rows of results that fit their schema."""
    _assert_in_good_order(done.exit_code, done.stderr, done.error_lines, *secrets)
    assert all(re.match(r"\d{4}-\d\d-\d\d ", line) for line in done.stderr.splitlines()), done.stderr
    assert max(map(len, done.stderr.splitlines())) < LONGEST_LINE
    for row in done.rows:
        ROWS.validate(row)


def _assert_in_good_order(exit_code: int, said: str, errors: list[str], *secrets: str) -> None:
    """It gave a reason unless all was well, did not stumble, and told no secret."""
    assert "Traceback" not in said
    assert "internal error" not in said
    assert not [secret for secret in secrets if secret in said]
    assert exit_code in {0, 1}, said
    assert bool(errors) == (exit_code == 1), said
