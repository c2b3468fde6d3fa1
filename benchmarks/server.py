"""The sandbox as a process of its own, so that it does not share an interpreter with what is measured."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from gotowebinar_sandbox import Control, Options
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.tokens import credentials

USER_TICKS, SYSTEM_TICKS = 11, 12
"""Fields of CPU time in `/proc/PID/stat`, after the name of the command."""

TICKS_PER_SECOND = 100
TIMEOUT = 10


class SandboxProcess:
    """A sandbox that runs while its context is entered."""

    def __init__(self, options: Options) -> None:
        """Take the options; nothing runs yet."""
        self._options = options

    def __enter__(self) -> Self:
        """Start it and wait until it serves."""
        command = [sys.executable, "-m", "gotowebinar_sandbox.cli", "serve", *_flags(self._options)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self._process.stdout is not None  # noqa: S101 - tells the type checker
        self.url = self._process.stdout.readline().partition(" ")[0]
        self.control = Control(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.communicate(timeout=TIMEOUT)

    @property
    def organizer_key(self) -> str:
        """The key of the organizer, which depends on the seed alone."""
        return str(World(dataclasses.replace(self._options, webinars=0)).owner.key)

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a tap that reads from it."""
        known = credentials(self._options.seed)
        names = ("client_id", "client_secret", "refresh_token")
        return {**{name: getattr(known, name) for name in names}, "api_url": self.url, "auth_url": self.url}

    def cpu(self) -> float:
        """Return its CPU time in seconds; 0 where the system does not report it."""
        stat = Path(f"/proc/{self._process.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text(encoding="utf-8").rpartition(") ")[2].split()
        return (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS_PER_SECOND


def _flags(options: Options) -> list[str]:
    flags = []
    for option in dataclasses.fields(options):
        value = getattr(options, option.name)
        if value != option.default:
            flags.append(f"--{option.name.replace('_', '-')}={value}")
    return flags
