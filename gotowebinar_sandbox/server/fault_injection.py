"""Applies faults to calls, as a client would see them."""

import asyncio
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gotowebinar_sandbox.data.models import parse_time
from gotowebinar_sandbox.endpoints.errors import INVALID_TOKEN, ProductError, json_response
from gotowebinar_sandbox.faults import Fault
from gotowebinar_sandbox.server.connections import client_gone, hang_up
from gotowebinar_sandbox.state import SandboxState
from gotowebinar_sandbox.traffic import retry_after

# Personal data and secrets that careless error messages would repeat.
EMBEDDED_EMAIL = "planted.person@example.com"
EMBEDDED_LINK = "https://global.gotowebinar.com/join/8114402279905634571/100200300"
JSON = "application/json"
PIECES = 20
BOMB_BLOCK = 1 << 20
BOMB_BLOCKS = 256
SERVER_ERROR = 500
TOO_MANY = 429
# What names a row, the narrowest first.
KEYS = ("recordingAssetKey", "panelistId", "memberKey", "registrantKey", "sessionKey", "webinarKey", "question")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass
class Answer:
    """The answer that a call would have got."""

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

    def change(self, fault: Fault) -> None:
        """Change the answer, for the faults that are about its content."""
        if fault.kind == "truncate":
            self.body = self.body[: len(self.body) // 2]
        elif fault.kind == "not_gzip":
            self.headers["content-encoding"] = "gzip"
        elif fault.kind == "mistyped":
            self.headers["content-type"] = "text/html; charset=ebcdic-fr"
        elif fault.kind in REWRITES:
            body = msgspec.json.decode(self.body or b"null")
            self.body = msgspec.json.encode(REWRITES[fault.kind](body, fault))


class FaultInjector:
    """Answers calls the way faults want it."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Break the answers of an application."""
        self._inside = inside
        self._state = state

    async def apply(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        if fault.kind == "slow":
            await self._state.pause(fault.seconds)
            await self._inside(scope, receive, send)
            return
        answer = Answer()
        if fault.after or fault.kind not in {*REPLACEMENTS, "reset", "endless"}:
            await self._inside(scope, receive, answer.keep)
        if fault.kind in REPLACEMENTS:
            await REPLACEMENTS[fault.kind](fault, self._state.options.rate_window)(scope, receive, send)
        elif fault.kind == "reset":
            await hang_up(scope, receive)
        elif fault.kind == "endless":
            await _endless(fault, receive, send)
        else:
            answer.change(fault)
            await self._send(answer, fault, send)
            if fault.kind == "cut":
                await hang_up(scope, receive)

    async def _send(self, answer: Answer, fault: Fault, send: Send) -> None:
        """Send an answer whole, in pieces with pauses, or only half of what its length promises."""
        body, length = answer.body, len(answer.body)
        if fault.kind == "cut":
            body, length = body[: length // 2], length + 1
        headers = {**answer.headers, "content-length": str(length)}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
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
    gone = asyncio.ensure_future(client_gone(receive))
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
    answer = ProductError(status, "PlantedError", text).response()
    answer.headers.update(headers)
    return answer


def _bomb() -> Response:
    # Packed blocks one after the other are one packed file.
    body = gzip.compress(bytes(BOMB_BLOCK)) * BOMB_BLOCKS
    return Response(body, headers={"Content-Encoding": "gzip"}, media_type=JSON)


def _without_rows(body: Any, _fault: Fault) -> object:  # noqa: ANN401 - JSON
    fields = body.items() if isinstance(body, dict) else ()
    return {name: value for name, value in fields if name not in {"_embedded", "data"}}


def _with_extra_row(body: Any, fault: Fault) -> object:  # noqa: ANN401 - JSON
    rows, counters, total = _list_of(body)
    if rows and not counters.get("number", counters.get("page", 0)):
        fields = fault.value
        if fields is None:
            fields = {next(name for name in KEYS if name in rows[0]): None}
        rows.append({**rows[0], **fields})
    if rows and counters:
        counters[total] += 1
    return body


def _list_of(body: Any) -> tuple[list[dict[str, Any]], dict[str, Any], str]:  # noqa: ANN401 - JSON
    """Return the rows of a list, what counts them, and the name of the total in there."""
    if isinstance(body, list):
        return body, {}, ""
    if isinstance(body, dict) and "_embedded" in body:
        (rows,) = body["_embedded"].values()
        return rows, body["page"], "totalElements"
    return (body["data"], body, "total") if isinstance(body, dict) and "data" in body else ([], {}, "")


def _in_milliseconds(value: Any, fault: Fault) -> object:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _in_milliseconds(item, fault) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_milliseconds(item, fault) for item in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return round(parse_time(value).timestamp() * 1000)
    return value


# Faults whose answer does not depend on the right one, of the seconds after which a call would be let in.
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
# Faults that change the JSON of the right answer.
REWRITES: dict[str, Callable[[Any, Fault], object]] = {
    "hidden": _without_rows,
    "extra_row": _with_extra_row,
    "epoch": _in_milliseconds,
}
