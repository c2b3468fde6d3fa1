"""What goes wrong on request: one method per kind of fault, as a client would see it."""

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gotowebinar_sandbox.data.clock import instant
from gotowebinar_sandbox.endpoints.errors import INVALID_TOKEN, ProductError, json_response
from gotowebinar_sandbox.options import Fault
from gotowebinar_sandbox.server.protocol import client_gone, hang_up
from gotowebinar_sandbox.server.retry_after import retry_after
from gotowebinar_sandbox.state import SandboxState

# Personal data and secrets that careless error messages would repeat.
EMBEDDED_EMAIL = "planted.person@example.com"
EMBEDDED_LINK = "https://global.gotowebinar.com/join/8114402279905634571/100200300"
PIECES = 20
BOMB_BLOCK = 1 << 20
BOMB_BLOCKS = 256
SERVER_ERROR = 500
OUT_OF_ORDER = 503
FOUND = 302
TOO_MANY = 429
# What names a row, the narrowest first.
KEYS = ("recordingAssetKey", "panelistId", "memberKey", "registrantKey", "sessionKey", "webinarKey", "question")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


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

    async def persist(self, message: Message) -> None:
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


class FaultInjector:
    """Applies faults to calls."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Break the answers of an application."""
        self._inside = inside
        self._state = state
        self._before: dict[str, Breaking] = {
            "status": self._status,
            "reset": self._reset,
            "html": self._html,
            "empty": self._empty,
            "invalid_token": self._invalid_token,
            "json": self._json,
            "raw": self._raw,
            "bomb": self._bomb,
            "redirect": self._redirect,
            "endless": self._endless,
        }
        self._upon: dict[str, Breaking] = {
            "truncate": self._truncate,
            "cut": self._cut,
            "drip": self._drip,
            "hidden": self._hidden,
            "not_gzip": self._not_gzip,
            "mistyped": self._mistyped,
            "extra_row": self._extra_row,
            "epoch": self._epoch,
        }

    async def apply(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call the way the fault wants it."""
        if fault.kind == "slow":
            await self._state.pause(fault.seconds)
            await self._inside(scope, receive, send)
            return
        exchange = Exchange(fault, scope, receive, send)
        if fault.after or fault.kind in self._upon:
            await self._inside(scope, receive, exchange.persist)
        breaking = self._before.get(fault.kind) or self._upon[fault.kind]
        await breaking(exchange)

    async def _status(self, exchange: Exchange) -> None:
        status = exchange.fault.status or OUT_OF_ORDER
        headers = retry_after(exchange.fault.retry_after, self._state.options.rate_window)
        if status >= SERVER_ERROR:
            page = f"<html><h1>{status}</h1><p>Session of {EMBEDDED_EMAIL} ({EMBEDDED_LINK}) failed.</p></html>"
            await exchange.answer(HTMLResponse(page, status, headers))
        elif status == TOO_MANY:
            await exchange.answer(json_response({"message": "Too Many Requests"}, TOO_MANY, headers))
        else:
            text = f"Refused for {EMBEDDED_EMAIL}, see {EMBEDDED_LINK}."
            answer = ProductError(status, "PlantedError", text).response()
            answer.headers.update(headers)
            await exchange.answer(answer)

    async def _reset(self, exchange: Exchange) -> None:
        await hang_up(exchange.scope, exchange.receive)

    async def _html(self, exchange: Exchange) -> None:
        await exchange.answer(
            HTMLResponse(f"<html><p>Welcome back, {EMBEDDED_EMAIL}!</p></html>", exchange.fault.status or 200)
        )

    async def _empty(self, exchange: Exchange) -> None:
        await exchange.answer(Response(b"", exchange.fault.status or 200, media_type="application/json"))

    async def _invalid_token(self, exchange: Exchange) -> None:
        await exchange.answer(json_response(INVALID_TOKEN, 403))

    async def _json(self, exchange: Exchange) -> None:
        await exchange.answer(json_response(exchange.fault.value))

    async def _raw(self, exchange: Exchange) -> None:
        fault = exchange.fault
        body = str(fault.value).encode("latin-1")
        await exchange.answer(Response(body, fault.status or 200, media_type="application/json"))

    async def _bomb(self, exchange: Exchange) -> None:
        # Packed blocks one after the other are one packed file.
        body = gzip.compress(bytes(BOMB_BLOCK)) * BOMB_BLOCKS
        await exchange.answer(Response(body, headers={"Content-Encoding": "gzip"}, media_type="application/json"))

    async def _redirect(self, exchange: Exchange) -> None:
        fault = exchange.fault
        await exchange.answer(Response(status_code=fault.status or FOUND, headers={"Location": fault.value}))

    async def _endless(self, exchange: Exchange) -> None:
        headers = [(b"content-type", b"application/json")]
        await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(client_gone(exchange.receive))
        try:
            while not gone.done():
                await exchange.body_part(b" ", last=False)
                await asyncio.wait({gone}, timeout=exchange.fault.seconds)
        finally:
            gone.cancel()

    async def _not_gzip(self, exchange: Exchange) -> None:
        exchange.headers["content-encoding"] = "gzip"
        await self._whole(exchange)

    async def _mistyped(self, exchange: Exchange) -> None:
        exchange.headers["content-type"] = "text/html; charset=ebcdic-fr"
        await self._whole(exchange)

    @staticmethod
    async def _whole(exchange: Exchange) -> None:
        await exchange.start(len(exchange.body))
        await exchange.body_part(exchange.body, last=True)

    async def _truncate(self, exchange: Exchange) -> None:
        exchange.body = exchange.body[: len(exchange.body) // 2]
        await self._whole(exchange)

    async def _cut(self, exchange: Exchange) -> None:
        await exchange.start(len(exchange.body) + 1)
        await exchange.body_part(exchange.body[: len(exchange.body) // 2], last=False)
        await hang_up(exchange.scope, exchange.receive)

    async def _drip(self, exchange: Exchange) -> None:
        await exchange.start(len(exchange.body))
        size = max(1, -(-len(exchange.body) // PIECES))
        for start in range(0, len(exchange.body), size):
            await self._state.pause(exchange.fault.seconds / PIECES)
            await exchange.body_part(exchange.body[start : start + size], last=False)
        await exchange.body_part(b"", last=True)

    async def _hidden(self, exchange: Exchange) -> None:
        whole = msgspec.json.decode(exchange.body or b"null")
        fields = whole.items() if isinstance(whole, dict) else ()
        left = {name: value for name, value in fields if name not in {"_embedded", "data"}}
        await exchange.answer(json_response(left, exchange.status))

    async def _extra_row(self, exchange: Exchange) -> None:
        body = msgspec.json.decode(exchange.body or b"null")
        rows, counters, total = _list_of(body)
        if rows and not counters.get("number", counters.get("page", 0)):
            fields = exchange.fault.value
            rows.append({**rows[0], **({_key_name(rows[0]): None} if fields is None else fields)})
        if rows and counters:
            counters[total] += 1
        await exchange.answer(json_response(body, exchange.status))

    async def _epoch(self, exchange: Exchange) -> None:
        await exchange.answer(json_response(_in_milliseconds(msgspec.json.decode(exchange.body)), exchange.status))


def _list_of(body: Any) -> tuple[list[dict[str, Any]], dict[str, Any], str]:  # noqa: ANN401 - JSON
    """Return the rows of a list, what counts them, and the name of the total in there."""
    if isinstance(body, list):
        return body, {}, ""
    if isinstance(body, dict) and "_embedded" in body:
        (rows,) = body["_embedded"].values()
        return rows, body["page"], "totalElements"
    return (body["data"], body, "total") if isinstance(body, dict) and "data" in body else ([], {}, "")


def _key_name(row: dict[str, Any]) -> str:
    """Return the name of the field that tells rows of a list apart."""
    return next(name for name in KEYS if name in row)


def _in_milliseconds(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _in_milliseconds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_milliseconds(item) for item in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return round(instant(value).timestamp() * 1000)
    return value
