"""The HTTP server of a sandbox: one event loop in a thread of its own."""

import asyncio
import socket
import threading

import uvicorn

from gotowebinar_sandbox.server.app import make_app
from gotowebinar_sandbox.state import SandboxState

# Clients keep connections open between two steps of their work.
KEEP_ALIVE = 300
SHUTDOWN_GRACE = 1.0


class LoopServer(uvicorn.Server):
    """A uvicorn server that another thread can stop at once."""

    def __init__(self, state: SandboxState) -> None:
        """Serve a sandbox."""
        config = uvicorn.Config(
            make_app(state),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        super().__init__(config)
        self._state = state
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ready = threading.Event()

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until stopped."""
        asyncio.run(self.serve(sockets=[listener]))

    def stop(self) -> None:
        """Stop serving; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._state.closing.set)

    async def main_loop(self) -> None:
        """Wait until stopped; uvicorn's own loop polls, and stops up to 0.1 s later."""
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._state.closing.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Respond to the requests that have arrived, and close every connection, also one that is being accepted.

        uvicorn would wait 0.1 s first, and would miss the connections that are being accepted.
        """
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listener in server.sockets:
                # Closed at the end: what is being accepted from a closed one would never be closed.
                loop.remove_reader(listener)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            _, tasks = await asyncio.wait(tasks, timeout=SHUTDOWN_GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        await asyncio.sleep(0)
