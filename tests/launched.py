"""The other end of a `Launcher`: imports the programs once, then forks a process for each run it is asked for.

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
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import backoff
from typing_extensions import override

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.login.command import cli as login
from tap_gotowebinar.sync.state_writer import StateWriter
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.target import TargetGoToWebinar
from tests.talking import SPEED, quick_budget

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gotowebinar.settings.tap import Settings

LONGEST_PATH = 1 << 12
STREAMS = 3
"""Standard input, output and error."""


class HurriedEvent(threading.Event):
    """One that is waited for a hundredth of the time."""

    @override
    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(None if timeout is None else timeout / SPEED)


def hurried(whole: ApiClient) -> ApiClient:
    """Return a connection that waits a hundredth of what it should, between tries and when GoTo asks for a pause."""
    waits = functools.partial(backoff.expo, factor=0.5 / SPEED)
    whole._authenticator._closing = HurriedEvent()
    return ApiClient(whole._origin, whole._transport, whole._authenticator, quick_budget(), waits=waits)


class LaunchedTap(TapGoToWebinar):
    """The tap, with a clock that can be stopped.

    Attributes:
        stopped_at: The time the clock shows; None: the real one.
        hurries: Whether its connection is `hurried`.
    """

    stopped_at: ClassVar[dt.datetime | None] = None
    hurries: ClassVar[bool] = False

    @staticmethod
    @override
    def now() -> dt.datetime:
        return LaunchedTap.stopped_at or TapGoToWebinar.now()

    @override
    def connect(self, settings: Settings) -> ApiClient:
        return hurried(super().connect(settings)) if self.hurries else super().connect(settings)


class LaunchedTarget(TargetGoToWebinar):
    """The target."""

    @functools.cached_property
    @override
    def connection(self) -> ApiClient:
        return hurried(super().connection) if LaunchedTap.hurries else super().connection


def command(program: str) -> Callable[[list[str]], object]:
    """Return the command line of a program, made anew: it reads the environment."""
    if program == "login":
        return login
    return LaunchedTap.cli if program == "tap" else LaunchedTarget.cli


def main() -> None:
    """Fork a run for each request, one after the other: its pid is the first answer, its exit code the second."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, descriptors, *_ = socket.recv_fds(channel, LONGEST_PATH, STREAMS)
        if not data:
            return
        pid = os.fork()
        if not pid:
            channel.close()
            _run(json.loads(Path(data.decode()).read_bytes()), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        channel.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(request: dict[str, Any], *descriptors: int) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(request["folder"])
    os.environ.update(request["environ"])
    if request["now"]:
        LaunchedTap.stopped_at = dt.datetime.fromisoformat(request["now"])
    if request["state_interval"] is not None:
        StateWriter.interval = request["state_interval"]
    if request["file_size"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], resource.RLIM_INFINITY))
    LaunchedTap.hurries = request["hurries"]
    code: object = 1
    try:
        command(request["program"])(request["arguments"])
    except SystemExit as end:
        code = end.code
    finally:
        # The last thing an interpreter does, too.
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
