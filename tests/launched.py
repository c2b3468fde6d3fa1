"""The other end of a `Launcher`: imports the tap once, then forks a process for each run it is asked for.

A run so started is the command line from its first argument to its exit code, only without half a second of imports.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import socket
import sys
from typing import Any, ClassVar

import backoff
from typing_extensions import override

from tap_gotowebinar.connection import Connection
from tap_gotowebinar.tap import TapGoToWebinar
from tap_gotowebinar.writer import StateWriter
from tests.talking import quick_budget

MAX_REQUEST = 1 << 16


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
        whole = super().connection
        if not self.hurries:
            return whole
        transport, authenticator = whole._transport, whole._authenticator
        waits = functools.partial(backoff.expo, factor=0.005)
        return Connection(self.settings.connection.api_url, transport, authenticator, quick_budget(), waits=waits)


def main() -> None:
    """Fork a run for each request, one after the other: its pid is the first answer, its exit code the second."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, descriptors, *_ = socket.recv_fds(channel, MAX_REQUEST, 2)
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


def _run(request: dict[str, Any], output: int, errors: int) -> None:
    os.dup2(output, 1)
    os.dup2(errors, 2)
    for descriptor in (output, errors):
        os.close(descriptor)
    if request["now"]:
        LaunchedTap.stopped_at = dt.datetime.fromisoformat(request["now"])
    if request["state_interval"] is not None:
        StateWriter.interval = request["state_interval"]
    LaunchedTap.hurries = request["hurries"]
    code: object = 1
    try:
        LaunchedTap.cli(request["arguments"])
    except SystemExit as end:
        code = end.code
    finally:
        # The last thing an interpreter does, too.
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
