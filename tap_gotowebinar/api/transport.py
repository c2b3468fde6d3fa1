"""One HTTP exchange: a request goes out, a status and a decoded body come back, or one named failure.

Knows nothing of tokens, budgets or retries. Exceptions of the HTTP library never leave this module, because their
texts hold URLs and addresses of objects.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import ipaddress
import json
import logging
import ssl
import time
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from typing_extensions import override
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from tap_gotowebinar.api.deadline_adapter import RESPONSE_DEADLINE_FACTOR, TimedAdapter
from tap_gotowebinar.api.errors import (
    ConnectError,
    GoToWebinarError,
    MalformedResponseError,
    ResponseTooLargeError,
    TransientError,
)
from tap_gotowebinar.api.redaction import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONNECT_TIMEOUT: Final = 10.0
"""Seconds for a connection to come about; the setting `request_timeout` bounds the silence after that."""

POOL_SIZE: Final = 100
"""Connections kept open to one host: more than calls are ever in flight."""

MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024
"""Bytes of an answer, unpacked: some 200,000 registrants. A larger one would take memory without end."""

MAX_JSON_NODES: Final = 4_000_000
"""Values of an answer, about. Each takes memory, however short: 22 million fit into `MAX_RESPONSE_BYTES`."""

CHUNK: Final = 256 * 1024
"""Bytes of an answer that are unpacked at once."""

CALL_DEADLINE_FACTOR: Final = 10
"""Times `request_timeout` that all tries of one call may take together."""

# It would log what came instead of a header, with a traceback.
logging.getLogger("urllib3.connection").addFilter(lambda record: record.levelno < logging.WARNING)

SUCCESS: Final = range(200, 300)
"""Statuses that come with a body of JSON."""

REQUEST_TIMEOUT: Final = 408
"""What a server says that did not see all of a request in time; nothing about what was asked (RFC 9110, 15.5.9)."""

SERVER_ERROR: Final = 500
"""The first status that says: it is the server's fault."""


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """What came back.

    Attributes:
        status: HTTP status.
        body: Decoded JSON. None for an error answer that is not JSON. The texts of an error hold no secret.
        is_empty: Whether it came without a body.
        retry_after: The `Retry-After` header as it came, or an empty string.
        location: Where a redirect points, without its query, or an empty string.
    """

    status: int
    body: Any = field(repr=False)
    retry_after: str = ""
    location: str = ""
    is_empty: bool = False


def is_transient(status: int) -> bool:
    """Return whether a status says nothing about the request, so that the same one may fare better later."""
    return status >= SERVER_ERROR or status == REQUEST_TIMEOUT


class _Session(requests.Session):
    """A session for which no answer is a redirect; the library would read its body and its target all the same."""

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Transport:
    """A pool of connections with one time-out and one user agent, for any thread."""

    def __init__(self, *, request_timeout: float, user_agent: str, secrets: Iterable[str | None] = ()) -> None:
        """Open nothing yet.

        Args:
            request_timeout: Seconds of silence after which a call is given up.
            user_agent: How the program introduces itself.
            secrets: What no error may repeat, beside what is sent with a request.
        """
        self._secrets = tuple(secrets)
        self._timeout = (min(CONNECT_TIMEOUT, request_timeout), request_timeout)
        self.longest_call = CALL_DEADLINE_FACTOR * request_timeout
        self._session = _Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": user_agent})
        adapter = TimedAdapter(pool_connections=4, pool_maxsize=POOL_SIZE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # Also keeps a .netrc file from replacing our Authorization header.
        self._session.trust_env = False
        # Whatever a server wants us to remember, nothing is taken from one call to the next.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._environment = functools.cache(_environment)

    def close(self) -> None:
        """Close every connection; a later call would open one again."""
        self._session.close()

    def send(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        auth: tuple[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        data: Mapping[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> ApiResponse:
        """Send one request and read its answer to the end. Redirects are not followed: a token stays where it was sent.

        Args:
            method: HTTP method.
            url: Where to.
            token: Access token.
            auth: Name and password, where there is no token yet.
            params: Query parameters.
            data: Form fields.
            content: What goes as JSON.

        Raises:
            ConnectError: no connection.
            TransientError: no answer in time, an answer cut off.
            MalformedResponseError: a status of success without JSON.
            ResponseTooLargeError: more than `MAX_RESPONSE_BYTES` bytes, or `MAX_JSON_NODES` values.
            GoToWebinarError: the request cannot be made with this environment or these secrets.
        """
        scheme, host = urlsplit(url)[:2]
        headers = {"Authorization": f"Bearer {token}" if token else _basic(auth)}
        began = time.monotonic()
        try:
            response = self._session.request(
                method,
                url,
                params=params,
                data=data,
                json=content,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **self._environment(f"{scheme}://{host}"),
            )
            body = _body(response, host)
        except ValueError:
            msg = f"the request to {host} cannot be made: check the proxy settings, and the secrets for odd characters"
            raise GoToWebinarError(msg) from None
        except requests.exceptions.SSLError as error:
            raise _tls_failure(error, host) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout) as error:
            raise _transient(error)(self._too_late(host, began)) from None
        except requests.exceptions.ProxyError:
            msg = f"no connection to {host} through the proxy that the environment names"
            raise ConnectError(msg) from None
        except requests.exceptions.ConnectionError as error:
            is_late = bool(error.args) and isinstance(error.args[0], ReadTimeoutError)
            msg = self._too_late(host, began) if is_late else f"no connection to {host}, or it was cut"
            raise _transient(error)(msg) from None
        except requests.exceptions.RequestException as error:
            msg = f"the answer of {host} could not be read ({type(error).__name__})"
            raise TransientError(msg) from None
        except OSError:
            msg = f"no connection to {host}: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names certificates that are not there"
            raise GoToWebinarError(msg) from None
        _count_values(body, host)
        answer = _answer(response, body)
        if answer.status in SUCCESS:
            return answer
        sent = [value for name, value in (data or {}).items() if name != "grant_type"]
        return replace(answer, body=without_secrets(answer.body, [*self._secrets, token, *(auth or ()), *sent]))

    def _too_late(self, host: str, began: float) -> str:
        longest = RESPONSE_DEADLINE_FACTOR * self._timeout[1]
        if time.monotonic() - began < longest:
            return f"{host} did not answer in time"
        return f"{host} did not finish its answer within {longest:g} seconds"


def _basic(auth: tuple[str, str] | None) -> str | None:
    if auth is None:
        return None
    # In UTF-8 (RFC 7617); the HTTP library would take nothing beyond Latin-1.
    return "Basic " + base64.b64encode(":".join(auth).encode(errors="replace")).decode()


def _transient(error: requests.exceptions.RequestException) -> type[TransientError]:
    """Return which kind of transient failure it was: whether the request may have arrived."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    was_not_sent = isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return ConnectError if was_not_sent else TransientError


def _environment(origin: str) -> dict[str, Any]:
    """Return the proxies and certificate bundle that the environment names for `origin`.

    Looked up once per origin: for every call it costs as much as the call itself.
    """
    with requests.Session() as session:
        settings = session.merge_environment_settings(origin, {}, None, None, None)
    # What is meant for this machine goes in the clear, which is why nobody else may carry it.
    proxies = {} if is_loopback(urlsplit(origin).hostname or "") else settings["proxies"]
    return {"proxies": proxies, "verify": settings["verify"]}


def is_loopback(host: str) -> bool:
    """Whether a host, as it stands in a URL, is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls_failure(error: requests.exceptions.SSLError, host: str) -> TransientError:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(getattr(reason, "args", (None,))[0], ssl.SSLCertVerificationError):
        advice = "if your network inspects TLS, name its certificates in REQUESTS_CA_BUNDLE"
        return ConnectError(f"the certificate of {host} is not to be trusted; {advice}")
    # It may have broken after the request was sent.
    return TransientError(f"no trusted TLS connection to {host}")


def _body(response: requests.Response, host: str) -> bytes:
    """Read an answer to its end, unpacked, as long as it is not too large.

    Raises:
        ResponseTooLargeError: it is.
    """
    with contextlib.closing(response):
        # Not a list of its parts: they may be of one byte each.
        body = bytearray()
        for part in response.iter_content(CHUNK):
            body += part
            if len(body) > MAX_RESPONSE_BYTES:
                msg = f"the answer of {host} is larger than {MAX_RESPONSE_BYTES // 1024**2} MiB"
                raise ResponseTooLargeError(msg)
    return bytes(body)


def _count_values(content: bytes, host: str) -> None:
    """Let no answer be decoded that may hold more values than the memory has room for.

    Raises:
        ResponseTooLargeError: it may.
    """
    if len(content) > MAX_JSON_NODES and sum(map(content.count, (b",", b"[", b"{"))) > MAX_JSON_NODES:
        msg = f"the answer of {host} holds more than {MAX_JSON_NODES / 10**6:g} million values"
        raise ResponseTooLargeError(msg)


def _answer(response: requests.Response, content: bytes) -> ApiResponse:
    status = response.status_code
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = _tolerantly_decoded(status, content)
    return ApiResponse(
        status,
        body,
        retry_after=response.headers.get("Retry-After", ""),
        location=response.headers.get("Location", "").partition("?")[0],
        is_empty=not content.strip(),
    )


def _tolerantly_decoded(status: int, content: bytes) -> object:
    """Decode what the fast decoder is too strict for: lone surrogates, a byte order mark, NaN."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        if status in SUCCESS:
            msg = f"the answer is not JSON (status {status}, {len(content)} bytes)"
            raise MalformedResponseError(msg) from None
        return None
