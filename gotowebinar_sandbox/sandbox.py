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
    """A sandbox that runs while its context is entered.

    Attributes:
        options: Its options.
    """

    def __init__(self, options: Options | None = None, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Take the options, a loopback address and a TCP port (0: a free one); nothing runs yet.

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
        """``client_id``, ``client_secret``, ``refresh_token`` and ``personal_access_token``, as at the start."""
        return credentials(self.options.seed)._asdict()

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a tap or target that uses this sandbox.

        Tokens are stored in a folder that is deleted with the sandbox.
        """
        given = {name: value for name, value in self.credentials.items() if name != "personal_access_token"}
        kept = {"token_path": str(pathlib.Path(self._folder.name) / "tokens.json")} if self._folder else {}
        return {**given, **kept, "api_url": self.url, "auth_url": self.url}

    @property
    def control(self) -> Control:
        """The client of the control interface."""
        return Control(self.url)

    def __enter__(self) -> Self:
        """Make the world and start serving.

        Raises:
            ModuleNotFoundError: The extra that brings the server is not installed.
            OSError: The port is taken.
        """
        # Imported late: without the libraries of the server the command line still says which one is missing.
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
        """Stop serving and wait until every connection is closed."""
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
    # Connections inherit it. asyncio sets it only on sockets that name their protocol, which this one does not; without
    # it each response is about 40 ms late.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
