"""HTTP/1.1 as uvicorn speaks it, plus the one thing an application cannot do there: hang up on the client."""

import asyncio
from typing import cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

TRANSPORT = "sandbox.transport"


class HangUpProtocol(H11Protocol):
    """Puts the connection into the scope of each call, for `hang_up`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Begin a connection."""
        super().__init__(config, server_state, app_state, _loop)
        self._application = cast("ASGIApp", self.app)
        self.app = self._with_transport

    async def _with_transport(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = self.transport
        await self._application(scope, receive, send)


async def whole_request(receive: Receive) -> Receive | None:
    """Wait for the rest of a request, and return what gives it again, whatever its sender does in the meantime.

    Returns:
        None if the connection is closed before that: a request that has not arrived.
    """
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def again() -> Message:
        return whole.pop() if whole else await receive()

    return again


async def hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection once what was sent is out, and wait until it is closed."""
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.close()
    await client_gone(receive)


async def client_gone(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass
