"""The command at work, and the person who has to do with it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from tests.runs import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gotowebinar_sandbox import Sandbox

COMMAND: Final = str(Path(sys.executable).with_name("tap-gotowebinar-login"))
VARIABLES: Final = "TAP_GOTOWEBINAR_"
CLIENT: Final = ("api_url", "auth_url", "client_id", "client_secret")
NO_BROWSER: Final = {"BROWSER": "true"}
"""A browser that opens nothing: the test is the browser."""


def redirect_uri(sandbox: Sandbox) -> str:
    """Register a redirect URI with a port that is free, and return it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    uri = f"http://127.0.0.1:{port}/callback"
    sandbox.control.configure(redirect_uris=[uri])
    return uri


def environment(sandbox: Sandbox, *more: str, **others: str) -> dict[str, str]:
    """Return the variables of a client, and of more settings, without any other of the tap's."""
    given = {**sandbox.settings, "personal_access_token": sandbox.credentials["personal_access_token"]}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
    ours = {
        f"{VARIABLES}{name.upper()}": value
        for name, value in {**{n: given[n] for n in (*CLIENT, *more)}, **others}.items()
    }
    return {**kept, **NO_BROWSER, **ours}


class LoginRun:
    """The command, while a person logs in."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said = ""

    def address(self) -> str:
        """What the person is told to open."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said += line
            if found := re.search(r"http\S+/oauth/authorize\S+", line):
                return found[0]
        raise AssertionError(self._said + self.ended().stderr)

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self, typed: str | None = None) -> Run:
        out, err = self._process.communicate(typed, timeout=60)
        return Run(self._process.returncode, self._said + out, err)


@contextlib.contextmanager
def logging_in(env: dict[str, str], *arguments: str, folder: Path | None = None) -> Iterator[LoginRun]:
    """Start the command."""
    with subprocess.Popen(
        [COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=env,
        cwd=folder,
    ) as process:
        try:
            yield LoginRun(process)
        finally:
            process.kill()


def login(env: dict[str, str], *arguments: str, folder: Path | None = None, typed: str | None = None) -> Run:
    """Run the command to its end."""
    with logging_in(env, *arguments, folder=folder) as run:
        return run.ended(typed)


def click(address: str, decision: str = "allow", *, follow: bool = True) -> requests.Response:
    """Click a button of the authorize page, and go where it leads."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(address, data={"decision": decision}, allow_redirects=follow, timeout=10)
