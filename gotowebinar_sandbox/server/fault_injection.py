"""Applies faults to calls, so that a client sees them."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gotowebinar_sandbox.endpoints.errors import INVALID_TOKEN, ProductError, json_response
from gotowebinar_sandbox.faults import Fault
from gotowebinar_sandbox.server.connections import close_connection, wait_for_disconnect
from gotowebinar_sandbox.state import SandboxState
from gotowebinar_sandbox.traffic import retry_after

# Personal data in bodies, which a careless error message would repeat.
EMBEDDED_EMAIL = "planted.person@example.com"
EMBEDDED_LINK = "https://global.gotowebinar.com/join/8114402279905634571/100200300"
JSON = "application/json"
PIECES = 20
BOMB_BLOCK = 1 << 20
BOMB_BLOCKS = 256
SERVER_ERROR = 500
TOO_MANY = 429


@dataclass
class BufferedResponse:
    """The response that the application gives to a call, kept until all of it is there."""

    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    body: bytes = b""

    async def keep(self, message: Message) -> None:
        """Keep a part of the response instead of sending it; the `send` of an ASGI application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")

    def change(self, fault: Fault) -> None:
        """Change the content, for the faults that do so."""
        if fault.kind == "truncate":
            self.body = self.body[: len(self.body) // 2]
        elif fault.kind == "not_gzip":
            self.headers["content-encoding"] = "gzip"
        elif fault.kind == "mistyped":
            self.headers["content-type"] = "text/html; charset=ebcdic-fr"
        elif fault.kind == "hidden":
            self.body = _without_rows(self.body)


class FaultInjector:
    """Responds to calls as faults demand."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Wrap an application."""
        self._inside = inside
        self._state = state

    async def apply(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a call."""
        if fault.kind == "slow":
            await self._state.pause(fault.seconds)
            await self._inside(scope, receive, send)
            return
        response = BufferedResponse()
        if fault.after or fault.kind not in {*REPLACEMENTS, "reset", "endless"}:
            await self._inside(scope, receive, response.keep)
        if fault.kind in REPLACEMENTS:
            await REPLACEMENTS[fault.kind](fault, self._state.options.rate_window)(scope, receive, send)
        elif fault.kind == "reset":
            await close_connection(scope, receive)
        elif fault.kind == "endless":
            await _endless(fault, receive, send)
        else:
            response.change(fault)
            await self._send(response, fault, send)
            if fault.kind == "cut":
                await close_connection(scope, receive)

    async def _send(self, response: BufferedResponse, fault: Fault, send: Send) -> None:
        """Send a response whole, in pieces with pauses, or only half of what its length promises."""
        body, length = response.body, len(response.body)
        if fault.kind == "cut":
            body, length = body[: length // 2], length + 1
        headers = {**response.headers, "content-length": str(length)}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        size = max(1, -(-length // PIECES)) if fault.kind == "drip" else max(1, length)
        for start in range(0, len(body), size):
            if fault.kind == "drip":
                await self._state.pause(fault.seconds / PIECES)
            await send(_part(body[start : start + size]))
        if fault.kind != "cut":
            await send({"type": "http.response.body"})


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _endless(fault: Fault, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", JSON.encode())]})
    gone = asyncio.ensure_future(wait_for_disconnect(receive))
    try:
        while not gone.done():
            await send(_part(b" "))
            await asyncio.wait({gone}, timeout=fault.seconds)
    finally:
        gone.cancel()


def _status(status: int, headers: dict[str, str]) -> Response:
    if status >= SERVER_ERROR:
        page = f"<html><h1>{status}</h1><p>Session of {EMBEDDED_EMAIL} ({EMBEDDED_LINK}) failed.</p></html>"
        return HTMLResponse(page, status, headers)
    if status == TOO_MANY:
        return json_response({"message": "Too Many Requests"}, TOO_MANY, headers)
    text = f"Refused for {EMBEDDED_EMAIL}, see {EMBEDDED_LINK}."
    response = ProductError(status, "PlantedError", text).response()
    response.headers.update(headers)
    return response


def _bomb() -> Response:
    # Compressed blocks in a row are one valid gzip file.
    body = gzip.compress(bytes(BOMB_BLOCK)) * BOMB_BLOCKS
    return Response(body, headers={"Content-Encoding": "gzip"}, media_type=JSON)


def _without_rows(body: bytes) -> bytes:
    content = msgspec.json.decode(body or b"null")
    fields = content.items() if isinstance(content, dict) else ()
    return msgspec.json.encode({name: value for name, value in fields if name not in {"_embedded", "data"}})


# Faults that replace the response; the functions take the fault and the seconds until a call would be allowed again.
REPLACEMENTS: dict[str, Callable[[Fault, float], Response]] = {
    "status": lambda fault, wait: _status(fault.status or 503, retry_after(fault.retry_after, wait)),
    "html": lambda fault, _: HTMLResponse(f"<html><p>Welcome back, {EMBEDDED_EMAIL}!</p></html>", fault.status or 200),
    "empty": lambda fault, _: Response(b"", fault.status or 200, media_type=JSON),
    "invalid_token": lambda _fault, _: json_response(INVALID_TOKEN, 403),
    "json": lambda fault, _: json_response(fault.value),
    "raw": lambda fault, _: Response(str(fault.value).encode("latin-1"), fault.status or 200, media_type=JSON),
    "redirect": lambda fault, _: Response(status_code=fault.status or 302, headers={"Location": fault.value}),
    "bomb": lambda _fault, _: _bomb(),
}
