"""The other end of a `Launcher`: imports the programs once, then forks a process for each run it is asked for.

A run so started is the command line from its first argument to its exit code, only without half a second of imports.
Several may run at the same time.
"""

import datetime as dt
import functools
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

from typing_extensions import override

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.login.command import cli as login
from tap_gotowebinar.settings.tap import Settings
from tap_gotowebinar.sync.state_writer import StateWriter
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.target import TargetGoToWebinar
from tests.canned_server import quick_client

LONGEST_PATH = 1 << 12
DESCRIPTORS = 4
"""Standard input, output and error, and where to say how the run ended."""


class LaunchedTap(TapGoToWebinar):
    __doc__ = TapGoToWebinar.__doc__  # `--about` shows it.

    stopped_at: ClassVar[dt.datetime | None] = None
    """The time the clock shows; None: the real one."""

    hurries: ClassVar[bool] = False
    """Whether it waits a hundredth of what it should, between tries and when GoTo asks for a pause."""

    @staticmethod
    @override
    def now() -> dt.datetime:
        return LaunchedTap.stopped_at or TapGoToWebinar.now()

    @override
    def connect(self, settings: Settings) -> ApiClient:
        return quick_client(settings.connection) if self.hurries else super().connect(settings)


class LaunchedTarget(TargetGoToWebinar):
    __doc__ = TargetGoToWebinar.__doc__

    @functools.cached_property
    @override
    def connection(self) -> ApiClient:
        return quick_client(self.settings.connection) if LaunchedTap.hurries else super().connection


PROGRAMS: Final[dict[str, Callable[[], Callable[[list[str]], object]]]] = {
    "tap-gotowebinar": lambda: LaunchedTap.cli,
    "tap-gotowebinar-login": lambda: login,
    "target-gotowebinar": lambda: LaunchedTarget.cli,
}
"""The command line of each program, made anew for each run: it reads the environment."""


def main() -> None:
    """Fork a run for each request: its pid is the first answer, its exit code the second."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    woken, alarm = socket.socketpair()
    alarm.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(alarm.fileno())
    runs: dict[int, socket.socket] = {}
    gc.freeze()
    while True:
        ready, *_ = select.select([channel, woken], [], [])
        if woken in ready:
            woken.recv(LONGEST_PATH)
            _tell_ends(runs)
        if channel in ready:
            data, descriptors, *_ = socket.recv_fds(channel, LONGEST_PATH, DESCRIPTORS)
            if not data:
                return
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                channel.close()
                _run(json.loads(Path(data.decode()).read_bytes()), *descriptors)
            for descriptor in descriptors[:-1]:
                os.close(descriptor)
            runs[pid] = socket.socket(fileno=descriptors[-1])
            runs[pid].sendall(f"{pid}\n".encode())


def _tell_ends(runs: dict[int, socket.socket]) -> None:
    for pid in list(runs):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with runs.pop(pid) as teller:
                teller.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(request: dict[str, Any], *descriptors: int) -> None:
    for number, descriptor in enumerate(descriptors[:-1]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    # Tests that run in the background, or with `nohup`, let these be ignored, and all programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    if request["now"]:
        LaunchedTap.stopped_at = dt.datetime.fromisoformat(request["now"])
    if request["state_interval"] is not None:
        StateWriter.interval = request["state_interval"]
    if request["file_size"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_size"], resource.RLIM_INFINITY))
    LaunchedTap.hurries = request["hurries"]
    sys.argv = [request["program"], *request["arguments"]]
    code: object = 1
    try:
        PROGRAMS[request["program"]]()(request["arguments"])
    except SystemExit as end:
        code = end.code
    finally:
        # The last thing an interpreter does, too.
        sys.stdout.flush()
        # The disk is full for the program, not for what measures its coverage.
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
