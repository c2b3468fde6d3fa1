"""A client of a sandbox, made of the real parts, and a server that answers with the very bytes it is given."""

import contextlib
import functools
import io
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import backoff
from typing_extensions import override

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.api.auth.authenticator import Authenticator
from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.api.auth.token_store import TokenStore
from tap_gotowebinar.api.client import FORBIDDEN_STATUSES, ApiClient
from tap_gotowebinar.api.rate_limiter import WINDOW, RateLimiter
from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.api.transport import Transport
from tap_gotowebinar.settings.connection import ConnectionSettings
from tap_gotowebinar.settings.tap import Settings
from tap_gotowebinar.tap import TapGoToWebinar

ME: Final = "/identity/v1/Users/me"
"""A path that every sandbox answers."""

AT_ONCE: Final = functools.partial(backoff.expo, factor=0)
"""No waits between tries."""

SECRETS: Final = {"client_id": "our-client", "client_secret": "our-secret", "refresh_token": "our-refresh"}
"""Credentials for who does not check them."""

GOOD: Final = '"good-token"'
"""An access token in JSON."""

SPEED: Final = 100.0
"""How much faster than the wall's the clock of `quick_budget` runs."""


def quick_budget(per_window: int = 1_000_000, per_second: float = 1_000_000, window: float = WINDOW) -> RateLimiter:
    """Return a budget for which a minute passes in 0.6 seconds."""
    return RateLimiter(
        per_window,
        per_second,
        window=window,
        clock=lambda: time.monotonic() * SPEED,
        wait=lambda condition, delay: condition.wait(None if delay is None else delay / SPEED),
    )


class QuickEvent(threading.Event):
    """One that is waited for a hundredth of the time."""

    @override
    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(None if timeout is None else timeout / SPEED)


def quick_client(settings: ConnectionSettings) -> ApiClient:
    """Return a client that waits a hundredth of what it should, between tries and when GoTo asks for a pause."""
    waits = functools.partial(backoff.expo, factor=0.5 / SPEED)
    transport = Transport(request_timeout=settings.request_timeout, user_agent=settings.user_agent)
    endpoint = TokenEndpoint(settings.credentials, transport, f"{settings.auth_url}/oauth/token", waits)
    authenticator = Authenticator(settings.credentials, endpoint, settings.token_store, closing=QuickEvent())
    budget = quick_budget(settings.requests_per_minute, settings.requests_per_second)
    return ApiClient(settings.api_url, transport, authenticator, budget, waits=waits)


class QuickTap(TapGoToWebinar):
    """The tap, with such a client."""

    @override
    def connect(self, settings: Settings) -> ApiClient:
        return quick_client(settings.connection)


@dataclass
class Talk:
    """A client, its parts, and what it counted."""

    client: ApiClient
    authenticator: Authenticator
    budget: RateLimiter | SharedRateLimiter
    stats: StreamStats = field(default_factory=StreamStats)

    def get(
        self,
        path: str = ME,
        read: Callable[[object], object] = lambda body: body,
        forbidden_statuses: frozenset[int] = FORBIDDEN_STATUSES,
    ) -> Any:  # noqa: ANN401 - JSON
        return self.client.get(path, read, self.stats, forbidden_statuses=forbidden_statuses)


@contextlib.contextmanager
def talk(
    sandbox: "Sandbox | Canned",
    *,
    timeout: float = 5,
    budget: RateLimiter | SharedRateLimiter | None = None,
    clock: Callable[[], float] = time.monotonic,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Talk]:
    """Connect to a sandbox; settings replace those that point there."""
    given = {**sandbox.settings, **(settings or {})}
    credentials = Credentials(
        given["client_id"],
        given["client_secret"],
        given.get("refresh_token", ""),
        given.get("personal_access_token", ""),
    )
    transport = Transport(request_timeout=timeout, user_agent="tests")
    endpoint = TokenEndpoint(credentials, transport, f"{given['auth_url']}/oauth/token", waits=AT_ONCE)
    store = TokenStore(None, given["auth_url"], given["client_id"])
    authenticator = Authenticator(credentials, endpoint, store, clock=clock)
    budget = budget or quick_budget()
    client = ApiClient(given["api_url"], transport, authenticator, budget, waits=AT_ONCE)
    with contextlib.closing(client):
        yield Talk(client, authenticator, budget)


def token_calls(sandbox: Sandbox) -> int:
    return sum(call["path"] == "/oauth/token" for call in sandbox.control.calls())


def api_calls(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [call for call in sandbox.control.calls() if call["path"] != "/oauth/token"]


def in_threads(count: int, work: Callable[[], object]) -> list[BaseException | None]:
    """Do the same in so many threads at once, and return how each ended."""
    endings: list[BaseException | None] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            endings.append(error)
        else:
            endings.append(None)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return endings


def token_answer(lifetime: str = "3600", *, token: str = GOOD) -> bytes:
    """Return an answer of the token endpoint; both parts as JSON."""
    return raw(b'{"access_token": %b, "expires_in": %b}' % (token.encode(), lifetime.encode()))


def raw(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer as it goes over the wire; underscores of header names become hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Canned:
    """Answers each request with the next of some answers, the last of them for ever, and keeps what it was sent."""

    def __init__(self, *answers: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[str] = []
        canned = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                lines = list(iter(self.rfile.readline, b"\r\n"))
                length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
                canned.requests.append((b"".join(lines) + self.rfile.read(length)).decode())
                canned.answer(self.wfile, answers[min(len(canned.requests), len(answers)) - 1])

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            # Who is not trusted may never be sent anything.
            self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self.settings = {**SECRETS, "api_url": self.url, "auth_url": self.url}

    def answer(self, client: io.BufferedIOBase, answer: bytes) -> None:
        client.write(answer)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
