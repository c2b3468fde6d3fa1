"""HTTP connections over which an answer has to be complete in time, however slowly it trickles in.

The time-out of a socket bounds one silence: a server that sends a byte now and then would hold a call for ever.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer
    from urllib3 import HTTPConnectionPool

RESPONSE_DEADLINE_FACTOR: Final = 5
"""Times the allowed silence in which an answer has to be complete, from its first byte to its last."""

BUFFER_SIZE: Final = 32 * 1024
"""Bytes that are taken from a connection at once."""

INTERIM: Final = range(100, 200)
"""Statuses that announce an answer, 103 Early Hints for one; the library knows 100 only."""


class TimedAdapter(HTTPAdapter):
    """A pool of such connections for `requests`."""

    @override
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _TIMED.get(pool.ConnectionCls, pool.ConnectionCls)
        return pool  # type: ignore[no-any-return]


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a moment.

    Args:
        raw: What `socket.makefile` gave.
        connection: The socket; its time-out is the silence allowed.
    """

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._socket = connection
        self._silence = connection.gettimeout()
        self._until = time.monotonic() + RESPONSE_DEADLINE_FACTOR * (self._silence or 0)

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        if self._silence is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(min(self._silence, left))
        return self._raw.readinto(buffer)

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the library's
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock), BUFFER_SIZE)

    @override
    def begin(self) -> None:
        super().begin()
        while self.status in INTERIM:
            # It would be taken for the answer, and the answer for that to the next call.
            self.headers = None  # type: ignore[assignment]  # says that nothing has begun
            super().begin()
        lengths = ",".join(self.headers.get_all("Content-Length", [])).split(",")
        if len({length.strip() for length in lengths}) > 1:
            # The library would blame the request, and keep the connection open.
            raise http.client.HTTPException


class _TimedHTTPConnection(HTTPConnection):
    response_class = _TimedResponse


class _TimedHTTPSConnection(HTTPSConnection):
    response_class = _TimedResponse


_TIMED: Final[dict[Any, Any]] = {HTTPConnection: _TimedHTTPConnection, HTTPSConnection: _TimedHTTPSConnection}
