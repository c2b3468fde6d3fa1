"""HTTP connections with a deadline for the whole response.

The time-out of a socket bounds one silence: a server that sends a byte now and then would hold a call forever.
"""

import http.client
import io
import socket
import time
from http import HTTPStatus
from typing import Any, Final

from requests.adapters import HTTPAdapter
from typing_extensions import Buffer, override
from urllib3 import HTTPConnectionPool

RESPONSE_DEADLINE_FACTOR: Final = 5
"""Times the allowed silence in which a response has to be complete, from its first byte to its last."""


class DeadlineAdapter(HTTPAdapter):
    """A pool of such connections, for `requests`."""

    @override
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if pool.ConnectionCls.response_class is not _Response:
            pool.ConnectionCls = type("DeadlineConnection", (pool.ConnectionCls,), {"response_class": _Response})
        return pool  # type: ignore[no-any-return]


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline; the time-out of the socket is the silence allowed."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        super().__init__()
        self._raw = raw
        self._socket = connection
        self._silence = connection.gettimeout()
        self._deadline = time.monotonic() + RESPONSE_DEADLINE_FACTOR * (self._silence or 0)

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        if self._silence is not None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(min(self._silence, left))
        return self._raw.readinto(buffer)

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the library's
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock), 32 * 1024)

    @override
    def begin(self) -> None:
        super().begin()
        while self.status < HTTPStatus.OK:
            # The library skips 100 only: 103 Early Hints would be taken for the response, and the response for the
            # one to the next call.
            self.headers = None  # type: ignore[assignment]  # says that nothing has begun
            super().begin()
        lengths = ",".join(self.headers.get_all("Content-Length", [])).split(",")
        if len({length.strip() for length in lengths}) > 1:
            # The library would take it for a mistake in the request.
            raise http.client.HTTPException
