"""What goes wrong on request: one method per kind of fault, as a client would see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tap_gotowebinar.sandbox.errors import INVALID_TOKEN, ProductError, json_response
from tap_gotowebinar.sandbox.live import Live
from tap_gotowebinar.sandbox.options import Fault
from tap_gotowebinar.sandbox.protocol import hang_up
from tap_gotowebinar.sandbox.waiting import retry_after

# Personal data and secrets that careless error messages would repeat.
PLANTED_EMAIL = "planted.person@example.com"
PLANTED_LINK = "https://global.gotowebinar.com/join/8114402279905634571/100200300"
PIECES = 20
SERVER_ERROR = 500
TOO_MANY = 429


@dataclass
class Exchange:
    """One call that a fault strikes, and the answer it would have got."""

    fault: Fault
    scope: Scope
    receive: Receive
    send: Send
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    body: bytes = b""

    async def keep(self, message: Message) -> None:
        """Take the answer from the application instead of sending it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")

    async def answer(self, response: Response) -> None:
        """Send an answer."""
        await response(self.scope, self.receive, self.send)

    async def start(self, length: int) -> None:
        """Send the status and headers of the answer kept, with a Content-Length of one's own."""
        headers = {**self.headers, "content-length": str(length)}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": self.status, "headers": raw})

    async def body_part(self, body: bytes, *, last: bool) -> None:
        """Send part of a body."""
        await self.send({"type": "http.response.body", "body": body, "more_body": not last})


Breaking = Callable[[Exchange], Awaitable[None]]


class Breakage:
    """Applies faults to calls."""

    def __init__(self, inside: ASGIApp, live: Live) -> None:
        """Break the answers of an application."""
        self._inside = inside
        self._live = live
        self._before: dict[str, Breaking] = {
            "status": self._status,
            "reset": self._reset,
            "html": self._html,
            "empty": self._empty,
            "invalid_token": self._invalid_token,
            "json": self._json,
        }
        self._upon: dict[str, Breaking] = {
            "truncate": self._truncate,
            "cut": self._cut,
            "drip": self._drip,
            "hidden": self._hidden,
        }

    async def apply(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call the way the fault wants it."""
        if fault.kind == "slow":
            await self._live.pause(fault.seconds)
            await self._inside(scope, receive, send)
            return
        exchange = Exchange(fault, scope, receive, send)
        if fault.after or fault.kind in self._upon:
            await self._inside(scope, receive, exchange.keep)
        breaking = self._before.get(fault.kind) or self._upon[fault.kind]
        await breaking(exchange)

    async def _status(self, exchange: Exchange) -> None:
        fault = exchange.fault
        headers = retry_after(fault.retry_after, self._live.options.rate_window)
        if fault.status >= SERVER_ERROR:
            page = f"<html><h1>{fault.status}</h1><p>Session of {PLANTED_EMAIL} ({PLANTED_LINK}) failed.</p></html>"
            await exchange.answer(HTMLResponse(page, fault.status, headers))
        elif fault.status == TOO_MANY:
            await exchange.answer(json_response({"message": "Too Many Requests"}, TOO_MANY, headers))
        else:
            text = f"Refused for {PLANTED_EMAIL}, see {PLANTED_LINK}."
            answer = ProductError(fault.status, "PlantedError", text).response()
            answer.headers.update(headers)
            await exchange.answer(answer)

    async def _reset(self, exchange: Exchange) -> None:
        await hang_up(exchange.scope, exchange.receive)

    async def _html(self, exchange: Exchange) -> None:
        await exchange.answer(HTMLResponse(f"<html><p>Welcome back, {PLANTED_EMAIL}!</p></html>"))

    async def _empty(self, exchange: Exchange) -> None:
        await exchange.answer(Response(b"", media_type="application/json"))

    async def _invalid_token(self, exchange: Exchange) -> None:
        await exchange.answer(json_response(INVALID_TOKEN, 403))

    async def _json(self, exchange: Exchange) -> None:
        await exchange.answer(json_response(exchange.fault.value))

    async def _truncate(self, exchange: Exchange) -> None:
        half = exchange.body[: len(exchange.body) // 2]
        await exchange.start(len(half))
        await exchange.body_part(half, last=True)

    async def _cut(self, exchange: Exchange) -> None:
        await exchange.start(len(exchange.body) + 1)
        await exchange.body_part(exchange.body[: len(exchange.body) // 2], last=False)
        await hang_up(exchange.scope, exchange.receive)

    async def _drip(self, exchange: Exchange) -> None:
        await exchange.start(len(exchange.body))
        size = max(1, -(-len(exchange.body) // PIECES))
        for start in range(0, len(exchange.body), size):
            await self._live.pause(exchange.fault.seconds / PIECES)
            await exchange.body_part(exchange.body[start : start + size], last=False)
        await exchange.body_part(b"", last=True)

    async def _hidden(self, exchange: Exchange) -> None:
        whole = msgspec.json.decode(exchange.body or b"null")
        fields = whole.items() if isinstance(whole, dict) else ()
        left = {name: value for name, value in fields if name not in {"_embedded", "data"}}
        await exchange.answer(json_response(left, exchange.status))
