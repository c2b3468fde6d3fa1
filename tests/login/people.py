"""The command at work, and the person who has to do with it."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from demo.postgres import free_port
from gotowebinar_sandbox import Sandbox
from tests.forkserver import SHARED, Launched
from tests.runs import Run

COMMAND: Final = str(Path(sys.executable).with_name("tap-gotowebinar-login"))
ADDRESS: Final = re.compile(r"(http\S+/oauth/authorize\S+)\s")
ENV_PREFIX: Final = "TAP_GOTOWEBINAR_"
CLIENT: Final = ("api_url", "auth_url", "client_id", "client_secret")
NO_BROWSER: Final = {"BROWSER": "true"}
"""A browser that opens nothing: the test is the browser."""


def redirect_uri(sandbox: Sandbox) -> str:
    """Register a redirect URI with a port that is free, and return it."""
    uri = f"http://127.0.0.1:{free_port()}/callback"
    sandbox.control.configure(redirect_uris=[uri])
    return uri


def environment(sandbox: Sandbox, *more: str, **others: str) -> dict[str, str]:
    """Return the variables of a client, and of more settings, without any other of the tap's."""
    given = {**sandbox.settings, "personal_access_token": sandbox.credentials["personal_access_token"]}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    ours = {
        f"{ENV_PREFIX}{name.upper()}": value
        for name, value in {**{n: given[n] for n in (*CLIENT, *more)}, **others}.items()
    }
    return {**kept, **NO_BROWSER, **ours}


class LoginRun:
    """The command, while a person logs in."""

    def __init__(self, launched: Launched) -> None:
        self._launched = launched

    def address(self) -> str:
        """What the person is told to open."""
        self._launched.wait_for(lambda: ADDRESS.search(self._said) is not None)
        found = ADDRESS.search(self._said)
        assert found is not None, self._said + self.ended().stderr
        return found[1]

    def interrupt(self) -> None:
        self._launched.send(signal.SIGINT)

    def ended(self, typed: str = "") -> Run:
        assert self._launched.inlet is not None
        with contextlib.suppress(BrokenPipeError):
            self._launched.inlet.write(typed.encode())
        return self._launched.finish()

    @property
    def _said(self) -> str:
        return self._launched.received.decode()


@contextlib.contextmanager
def logging_in(env: dict[str, str], *arguments: str, folder: Path | None = None) -> Iterator[LoginRun]:
    """Start the command."""
    launched = SHARED.launch(None, *arguments, program="login", folder=folder, given=None, environ=env)
    try:
        yield LoginRun(launched)
    finally:
        launched.send(signal.SIGKILL)


def login(env: dict[str, str], *arguments: str, folder: Path | None = None, typed: str = "") -> Run:
    """Run the command to its end."""
    with logging_in(env, *arguments, folder=folder) as run:
        return run.ended(typed)
