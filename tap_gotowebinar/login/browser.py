"""The redirect URI on this machine: serves the one request of the browser that GoTo redirects (RFC 8252, 7.3)."""

import contextlib
import errno
import html
import http.server
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.api.transport import is_loopback
from tap_gotowebinar.login.messages import DONE, FAILED, TOO_LATE

SHUTDOWN_POLL: Final = 0.05
"""Seconds until a server notices that it is to stop."""

SIGNAL_POLL: Final = 0.5
"""Seconds until Ctrl-C is noticed at the latest."""

ADDRESS_UNAVAILABLE: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""Errors of binding to an address that this machine does not have, often an IPv6 one."""

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
  main {{ max-width: 34rem; margin: 15vh auto; padding: 0 1rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""


class RedirectListener:
    """Listens at a redirect URI from entering the context to leaving it; the first request finishes the login."""

    def __init__(self, redirect_uri: str, finish: Callable[[str], object]) -> None:
        """Open nothing yet; `finish` takes the path and query of the first request.

        Raises:
            GoToWebinarError: the redirect URI is no http address of this machine.
        """
        self._target = _target(redirect_uri)
        self._finish = finish
        self._is_taken = threading.Lock()
        self._finished = threading.Event()
        self._failure: BaseException | None = None
        self.path = self._target.path or "/"

    def __enter__(self) -> Self:
        """Begin to listen; raises GoToWebinarError if the port is in use."""
        host, port = self._target.hostname or "", self._target.port or 80
        with contextlib.ExitStack() as opened:
            # Browsers take `localhost` for either.
            for address in ("127.0.0.1", "::1") if host == "localhost" else (host,):
                try:
                    server = opened.enter_context(_Server(address, port, self))
                except OSError as error:
                    if error.errno in ADDRESS_UNAVAILABLE:
                        continue
                    msg = (
                        f"port {port} of this machine cannot be listened on ({error.strerror}): close what uses it, or "
                        "register another redirect URI and give it with --redirect-uri; --no-browser needs no port"
                    )
                    raise GoToWebinarError(msg) from None
                threading.Thread(target=server.serve_forever, args=(SHUTDOWN_POLL,), daemon=True).start()
                opened.callback(server.shutdown)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._opened.close()

    def wait(self, seconds: float) -> None:
        """Wait until the login is finished and the browser has the page; raises what `finish` raised.

        Raises:
            GoToWebinarError: no request came in time.
        """
        deadline = time.monotonic() + seconds
        while self._is_taken.locked() or time.monotonic() < deadline:
            # In pieces: Ctrl-C just before a wait is only noticed after it.
            if self._finished.wait(min(seconds, SIGNAL_POLL)):
                if self._failure is not None:
                    raise self._failure
                return
        msg = (
            f"no answer from the browser within {seconds} seconds: if GoTo showed an error, register "
            f"{self._target.geturl()} with the OAuth client; then start again, perhaps with a longer --timeout"
        )
        raise GoToWebinarError(msg)

    def serve(self, address: str, show: Callable[[str, str], None]) -> None:
        """Finish the login with the path and query of the first request, and show a page with a title and a text."""
        if not self._is_taken.acquire(blocking=False):
            show(*TOO_LATE)
            return
        try:
            self._finish(address)
        except BaseException as error:  # noqa: BLE001 - raised by `wait`
            self._failure = error
        with contextlib.suppress(OSError):  # the browser may be gone
            show(*(FAILED if self._failure else DONE))
        self._finished.set()


class _Server(socketserver.ThreadingTCPServer):
    # Not the one of `http.server`: that looks up the name of the address, which may take long.
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, port: int, listener: RedirectListener) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = listener
        super().__init__((address, port), _Handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: the browser may close a connection at any time."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    # Seconds of silence: browsers open connections that they never use.
    timeout = 10.0

    def do_GET(self) -> None:
        if urlsplit(self.path).path == self.server.listener.path:
            self.server.listener.serve(self.path, self._show)
        else:
            self.send_error(404)

    def _show(self, title: str, text: str) -> None:
        page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the code."""


def _target(redirect_uri: str) -> SplitResult:
    try:
        target = urlsplit(redirect_uri)
        is_usable = is_loopback(target.hostname or "") and target.scheme == "http" and target.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        msg = (
            "--redirect-uri is no http address of this machine, like http://localhost:8914/callback: "
            "correct it, or use --no-browser, which takes any"
        )
        raise GoToWebinarError(msg)
    return target
