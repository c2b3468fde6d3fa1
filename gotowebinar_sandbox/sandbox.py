"""A sandbox that runs inside this process."""

import ipaddress
import pathlib
import socket
import tempfile
import threading
from typing import TYPE_CHECKING, Self

from gotowebinar_sandbox.control.client import Control
from gotowebinar_sandbox.options import Options
from gotowebinar_sandbox.tokens import credentials

if TYPE_CHECKING:
    from gotowebinar_sandbox.server.http_server import LoopServer

LOOPBACK = "127.0.0.1"
START_TIMEOUT = 10.0


class Sandbox:
    """A GoToWebinar on this machine, from entering the context to leaving it.

    Attributes:
        options: What it was asked to be.
    """

    def __init__(self, options: Options | None = None, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Describe a sandbox at a loopback address and a TCP port, 0 for a free one; nothing runs yet.

        Raises:
            ValueError: The address is not a loopback one.
        """
        if not ipaddress.ip_address(host).is_loopback:
            message = f"the sandbox listens on loopback only, not on {host}"
            raise ValueError(message)
        self.options = options or Options()
        self._address = (host, port)
        self._server: LoopServer | None = None
        self._thread: threading.Thread | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """Origin of the API, of OAuth and of the control endpoints: ``http://127.0.0.1:PORT``."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def credentials(self) -> dict[str, str]:
        """``client_id``, ``client_secret``, ``refresh_token`` and ``personal_access_token``, as they were first."""
        return credentials(self.options.seed)._asdict()

    @property
    def settings(self) -> dict[str, str]:
        """Settings that point a tap here with the refresh token.

        The tokens of a world that will end are kept in a place that ends with it.
        """
        given = {name: value for name, value in self.credentials.items() if name != "personal_access_token"}
        kept = {"token_path": str(pathlib.Path(self._folder.name) / "tokens.json")} if self._folder else {}
        return {**given, **kept, "api_url": self.url, "auth_url": self.url}

    @property
    def control(self) -> Control:
        """The way to look into it and to let things happen."""
        return Control(self.url)

    def __enter__(self) -> Self:
        """Make the world and serve it.

        Raises:
            ModuleNotFoundError: The extra that brings the server is not installed.
            OSError: The port is taken.
        """
        # Only here: the command line must work, and say what is missing, without the server's libraries.
        from gotowebinar_sandbox.server.http_server import LoopServer  # noqa: PLC0415
        from gotowebinar_sandbox.state import SandboxState  # noqa: PLC0415

        self._server = LoopServer(SandboxState(self.options))
        listener = _listen(self._address)
        self._address = (self._address[0], listener.getsockname()[1])
        self._folder = tempfile.TemporaryDirectory(prefix="gotowebinar-sandbox-")
        self._thread = threading.Thread(target=self._server.serve_on, args=(listener,), name="sandbox", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(START_TIMEOUT):
            message = "the server did not start"
            raise TimeoutError(message)
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop serving."""
        self.stop()

    def stop(self) -> None:
        """Stop serving and wait until all is closed."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._server = self._thread = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _listen(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.create_server(address, family=family, backlog=512)
    # Inherited by each connection; asyncio sets it only where the socket names its protocol, which this one does not,
    # and without it every answer is some 40 ms late.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
