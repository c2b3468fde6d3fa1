"""What an ASGI application cannot do with a connection by itself: wait for the whole request, hang up on the client."""

from starlette.types import Message, Receive, Scope, Send

TRANSPORT = "sandbox.transport"


def with_transport(scope: Scope, send: Send) -> Scope:
    """Return a scope that knows its connection, for `hang_up`: uvicorn's `send` is a method of what holds it."""
    return {**scope, TRANSPORT: send.__self__.transport}  # type: ignore[attr-defined]


async def whole_request(receive: Receive) -> Receive | None:
    """Return what gives a request again when all of it is there; None if its connection is closed before that."""
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
    scope[TRANSPORT].close()
    await client_gone(receive)


async def client_gone(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass
