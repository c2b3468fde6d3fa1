"""What ASGI does not offer: waiting for the whole request, and closing the connection."""

from starlette.types import Message, Receive, Scope, Send

TRANSPORT = "sandbox.transport"


def with_transport(scope: Scope, send: Send) -> Scope:
    """Return a scope with the transport, for `close_connection`; uvicorn's `send` belongs to the object that has it."""
    return {**scope, TRANSPORT: send.__self__.transport}  # type: ignore[attr-defined]


async def whole_request(receive: Receive) -> Receive | None:
    """Wait for the whole request and return a ``receive`` that replays it; None if the client disconnects first."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay


async def close_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection after everything is sent, and wait until it is closed."""
    scope[TRANSPORT].close()
    await wait_for_disconnect(receive)


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
