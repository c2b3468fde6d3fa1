"""Runs a command and prints its cost as JSON.

A process of its own, of the standard library alone: the peak memory that the system reports for a process starts with
that of the process it was forked from.
"""

import json
import os
import sys
import time
from pathlib import Path
from subprocess import Popen

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Unit of `ru_maxrss` in bytes."""


def main(output: str, log: str, *command: str) -> None:
    """Run a command.

    Args:
        output: File that takes its standard output.
        log: File that takes its standard error.
        command: Its words.
    """
    with Path(output).open("wb") as stdout, Path(log).open("wb") as stderr:
        started = time.monotonic()
        process = Popen(command, stdout=stdout, stderr=stderr)  # noqa: S603
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "exit_code": process.returncode,
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * MAXRSS_UNIT,
    }
    sys.stdout.write(json.dumps(cost))


if __name__ == "__main__":
    main(*sys.argv[1:])
