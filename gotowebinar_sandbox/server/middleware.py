"""The outermost middleware: logs each call, applies the rate limits, the latency and the faults."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.server.connections import whole_request, with_transport
from gotowebinar_sandbox.server.fault_injection import FaultInjector
from gotowebinar_sandbox.state import SandboxState
from gotowebinar_sandbox.traffic import Call, retry_after

CONTROL = "/_sandbox/"
OAUTH = "/oauth/"
ONE_SECOND = 1.0


class RequestMiddleware:
    """Wraps the application; calls to the control interface pass through unchanged."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Wrap an application."""
        self._inside = inside
        self._state = state
        self._fault_injector = FaultInjector(inside, state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a call."""
        if scope["path"].startswith(CONTROL):
            await self._inside(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        call = self._state.calls.arrive(time.monotonic(), scope["method"], scope["path"], query)

        async def send_logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        try:
            # A request that has arrived takes effect even if its client has disconnected since.
            if (request := await whole_request(receive)) is not None:
                await self._respond(call, with_transport(scope, send), request, send_logged)
        finally:
            self._state.calls.finish(call, time.monotonic())

    async def _respond(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._over_limit(call)
        await self._state.pause(self._state.delay())
        if headers is not None:
            await json_response({"message": "Too Many Requests"}, 429, headers)(scope, receive, send)
            return
        fault = self._state.faults.match(call.method, call.path)
        if fault is None:
            await self._inside(scope, receive, send)
            return
        call.fault = fault.kind
        await self._fault_injector.apply(fault, scope, receive, send)

    def _over_limit(self, call: Call) -> dict[str, str] | None:
        """Return the headers of a 429 if the call exceeds a limit; token requests do not count."""
        if call.path.startswith(OAUTH):
            return None
        options = self._state.options
        limits = (
            (self._state.second, options.per_second, ONE_SECOND),
            (self._state.window, options.rate_limit, options.rate_window),
        )
        for window, _, length in limits:
            window.arrive(call.at, length)
        for window, limit, length in limits:
            if window.full(limit):
                self._state.calls.refused += 1
                return retry_after(options.retry_after, window.wait(call.at, length))
        for window, _, _ in limits:
            window.accept(call.at)
        return None
