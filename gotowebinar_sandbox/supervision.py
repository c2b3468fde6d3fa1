"""Runs a command and stays out of its way: signals go to it, its exit code comes back."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOT_FOUND = 127
KILLED = 128


def run_command(words: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command to its end.

    Args:
        words: The command and its arguments.
        variables: What to add to its environment.

    Returns:
        Its exit code; 128 plus the signal's number if a signal ended it, 127 if there is no such command.
    """
    pending: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            pending.append(number)
        elif not (number == signal.SIGINT and _typed_at_terminal()):
            process.send_signal(number)

    with _handling(forward):
        try:
            process = subprocess.Popen(list(words), env={**os.environ, **variables})  # noqa: S603 - the user's own command
        except OSError as error:
            sys.stderr.write(f"gotowebinar-sandbox: {words[0]}: {error.strerror}\n")
            return NOT_FOUND
        for number in pending:
            process.send_signal(number)
        code = process.wait()
    return KILLED - code if code < 0 else code


def _typed_at_terminal() -> bool:
    """Tell whether a SIGINT is Ctrl-C, which the terminal has sent to the command already."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


@contextmanager
def _handling(handler: "signal._HANDLER") -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
