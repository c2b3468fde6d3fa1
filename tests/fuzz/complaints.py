"""How a program may end, whatever it was given."""

from typing import Final

from tests.runs import Run

PLANTED: Final = "planted-secret-9f8e7d"


def complaints(program: str, done: Run, *, is_path: bool = False) -> list[str]:
    """Return the lines in which a run says what is wrong; none that ends well has any.

    Args:
        program: Which program.
        done: How it ended.
        is_path: Whether what was set is the path of a file, which may be told.
    """
    said = done.stdout + done.stderr if program == "login" else done.stderr
    assert "Traceback" not in said
    assert "internal error" not in said
    assert is_path or PLANTED not in said
    # The login logs nothing, nor does who cannot set up its log.
    starts = ("tap-gotowebinar-login: ", "logging cannot be set up")
    found = done.errors + [line for line in done.stderr.splitlines() if line.startswith(starts)]
    assert done.exit_code in {0, 1}, done.stderr
    assert bool(found) == (done.exit_code == 1), done.stderr
    assert is_path or all(len(line) < 1000 for line in found)
    assert program == "login" or {message["type"] for message in done.messages} <= {"SCHEMA", "RECORD", "STATE"}
    return found
