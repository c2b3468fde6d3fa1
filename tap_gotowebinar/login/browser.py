"""The address on this machine that GoTo sends the browser back to, open for one answer (RFC 8252, section 7.3)."""

from __future__ import annotations

import contextlib
import errno
import html
import http.server
import ipaddress
import os
import queue
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

IDLE: Final = 10.0
"""Seconds of silence after which a connection is dropped: browsers open some that they never use."""

LOOPBACK: Final = ("127.0.0.1", "::1")
"""What browsers take `localhost` for."""

HTTP_PORT: Final = 80
"""Where a redirect URI without a port points to."""

POLL: Final = 0.05
"""Seconds until a listener notices that it is to stop."""

HEED: Final = 0.5
"""Seconds until a Ctrl-C is heard at the latest."""

LAST_WORDS: Final = 5.0
"""Seconds that the browser has to take the last page."""

NOT_HERE: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What binding to an address ends with that this machine does not have: IPv6, often."""

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


class BrowserAnswer:
    """What the browser brought; it waits for a page until it is told how the login went.

    Attributes:
        address: The path and query it was sent to.
    """

    def __init__(self, address: str) -> None:
        """Keep the browser waiting."""
        self.address = address
        self._page = b""
        self._written = threading.Event()
        self._taken = threading.Event()

    def write(self, title: str, text: str) -> None:
        """Say what the page says."""
        self._page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self._written.set()

    def reply(self, title: str, text: str) -> None:
        """Show a page in the browser: it is there when this returns."""
        self.write(title, text)
        self._taken.wait(LAST_WORDS)

    @contextlib.contextmanager
    def page(self) -> Iterator[bytes]:
        """Wait for the page, and note when it is sent."""
        self._written.wait()
        try:
            yield self._page
        finally:
            self._taken.set()


class RedirectListener:
    """Listens where a redirect URI points to, from entering the context to leaving it."""

    def __init__(self, redirect_uri: str) -> None:
        """Open nothing yet.

        Raises:
            GoToWebinarError: No http address of this machine.
        """
        self._target = _target(redirect_uri)
        self._answers: queue.SimpleQueue[BrowserAnswer] = queue.SimpleQueue()
        self._has_come = threading.Lock()

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            GoToWebinarError: The port is taken.
        """
        host, port = self._target.hostname or "", self._target.port or HTTP_PORT
        with contextlib.ExitStack() as opened:
            for address in LOOPBACK if host == "localhost" else (host,):
                try:
                    server = opened.enter_context(_Server(address, port, self._target.path or "/", self._came))
                except OSError as error:
                    if error.errno in NOT_HERE:
                        continue
                    msg = (
                        f"port {port} of this machine cannot be listened on ({error.strerror}): close what uses it, or "
                        "register another redirect URI and give it with --redirect-uri; --no-browser needs no port"
                    )
                    raise GoToWebinarError(msg) from None
                threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True).start()
                opened.callback(server.shutdown)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._opened.close()

    def wait(self, seconds: float) -> BrowserAnswer:
        """Return the first answer.

        Raises:
            GoToWebinarError: None came in time.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                # In pieces: a Ctrl-C that comes just before a wait begins is not heard until it ends.
                return self._answers.get(timeout=min(left, HEED))
        msg = (
            f"no answer from the browser within {seconds} seconds: if GoTo showed an error, register "
            f"{self._target.geturl()} with the OAuth client; then start again, perhaps with a longer --timeout"
        )
        raise GoToWebinarError(msg)

    def _came(self, address: str) -> BrowserAnswer:
        """Take what a browser brought: the first time it is the answer."""
        answer = BrowserAnswer(address)
        if self._has_come.acquire(blocking=False):
            self._answers.put(answer)
        else:
            answer.write("Too late", "This login has had its answer. You can close this window.")
        return answer


class _Server(socketserver.ThreadingTCPServer):
    # Not the one of `http.server`: that looks up the name of the address, which may take long.
    daemon_threads = True
    # Elsewhere it would let two programs listen on one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, address: str, port: int, path: str, came: Callable[[str], BrowserAnswer]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.path = path
        self.came = came
        super().__init__((address, port), _Handler)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that went away is no trouble of ours."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = IDLE

    def do_GET(self) -> None:
        if urlsplit(self.path).path != self.server.path:
            self.send_error(404)
            return
        with self.server.came(self.path).page() as page:
            self.send_response(200)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(page))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the code."""


def _target(redirect_uri: str) -> SplitResult:
    try:
        target = urlsplit(redirect_uri)
        here = target.hostname == "localhost" or ipaddress.ip_address(target.hostname or "").is_loopback
        usable = here and target.scheme == "http" and target.port != 0
    except ValueError:
        usable = False
    if not usable:
        msg = (
            "--redirect-uri is no http address of this machine, like http://localhost:8914/callback: "
            "correct it, or use --no-browser, which takes any"
        )
        raise GoToWebinarError(msg)
    return target
