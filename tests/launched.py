"""The other end of a `Launcher`: imports tap and target once, then forks a process for each run it is asked for.

A run so started is the command line from its first argument to its exit code, only without half a second of imports.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import resource
import socket
import sys
from typing import Any, ClassVar

import backoff
from typing_extensions import override

from tap_gotowebinar.connection import Connection
from tap_gotowebinar.tap import TapGoToWebinar
from tap_gotowebinar.writer import StateWriter
from target_gotowebinar.target import TargetGoToWebinar
from tests.talking import quick_budget

MAX_REQUEST = 1 << 16
STREAMS = 3
"""Standard input, output and error."""


class LaunchedTap(TapGoToWebinar):
    """The tap, with a clock that can be stopped.

    Attributes:
        stopped_at: The time the clock shows; None: the real one.
        hurries: Whether it waits a hundredth of what it should, between tries and when GoTo asks for a pause.
    """

    stopped_at: ClassVar[dt.datetime | None] = None
    hurries: ClassVar[bool] = False

    @staticmethod
    @override
    def now() -> dt.datetime:
        return LaunchedTap.stopped_at or TapGoToWebinar.now()

    @functools.cached_property
    @override
    def connection(self) -> Connection:
        return _hurried(super().connection) if self.hurries else super().connection


class LaunchedTarget(TargetGoToWebinar):
    """The target.

    Attributes:
        hurries: As for the tap.
    """

    hurries: ClassVar[bool] = False

    @functools.cached_property
    @override
    def connection(self) -> Connection:
        return _hurried(super().connection) if self.hurries else super().connection


PROGRAMS: dict[str, type[LaunchedTap | LaunchedTarget]] = {"tap": LaunchedTap, "target": LaunchedTarget}


def _hurried(whole: Connection) -> Connection:
    waits = functools.partial(backoff.expo, factor=0.005)
    whole._authenticator._endpoint._waits = waits
    return Connection(whole._origin, whole._transport, whole._authenticator, quick_budget(), waits=waits)


def main() -> None:
    """Fork a run for each request, one after the other: its pid is the first answer, its exit code the second."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, descriptors, *_ = socket.recv_fds(channel, MAX_REQUEST, STREAMS)
        if not data:
            return
        pid = os.fork()
        if not pid:
            channel.close()
            _run(json.loads(data), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        channel.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(request: dict[str, Any], *descriptors: int) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if request["now"]:
        LaunchedTap.stopped_at = dt.datetime.fromisoformat(request["now"])
    if request["state_interval"] is not None:
        StateWriter.interval = request["state_interval"]
    if request["file_size"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], resource.RLIM_INFINITY))
    program = PROGRAMS[request["program"]]
    program.hurries = request["hurries"]
    code: object = 1
    try:
        program.cli(request["arguments"])
    except SystemExit as end:
        code = end.code
    finally:
        # The last thing an interpreter does, too.
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
