"""One HTTP exchange: sends a request and returns a status and a decoded body, or raises one named error.

Exceptions of the HTTP library never leave this module, because their texts hold URLs and addresses of objects.
"""

import contextlib
import functools
import ipaddress
import json
import logging
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from requests.auth import HTTPBasicAuth
from typing_extensions import override
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from tap_gotowebinar.api.deadline_adapter import RESPONSE_DEADLINE_FACTOR, DeadlineAdapter
from tap_gotowebinar.api.errors import (
    ConnectError,
    GoToWebinarError,
    MalformedResponseError,
    ResponseTooLargeError,
    TransientError,
)
from tap_gotowebinar.api.redaction import without_secrets

CONNECT_TIMEOUT: Final = 10.0
"""Seconds in which a connection has to be made; after that the setting `request_timeout` bounds each silence."""

MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a response, unpacked: some 200,000 registrants."""

CALL_DEADLINE_FACTOR: Final = 10
"""Times `request_timeout` that all attempts of one call may take together."""

# It would log malformed header lines, with a traceback.
logging.getLogger("urllib3.connection").addFilter(lambda record: record.levelno < logging.WARNING)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response.

    Attributes:
        body: Decoded JSON; None for an error response that is not JSON. The texts of an error hold no secret.
        retry_after: The `Retry-After` header, or an empty string.
        location: Target of a redirect without its query, or an empty string.
    """

    status: int
    body: Any = field(repr=False)
    retry_after: str = ""
    location: str = ""
    is_empty: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def is_transient(status: int) -> bool:
    """Return whether a status says nothing about the request, so that another attempt may succeed."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


class _Session(requests.Session):
    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: otherwise the library reads the body of a redirect, however large, without following it."""


class Transport:
    """A pool of connections with one time-out and one user agent. Thread-safe."""

    def __init__(self, *, request_timeout: float, user_agent: str, secrets: Iterable[str | None] = ()) -> None:
        """Open no connection yet.

        An attempt fails after `request_timeout` seconds of silence. An error repeats none of `secrets`, nor those that
        its request holds.
        """
        self._secrets = tuple(secrets)
        self._timeout = (min(CONNECT_TIMEOUT, request_timeout), request_timeout)
        self.longest_call = CALL_DEADLINE_FACTOR * request_timeout
        self._session = _Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": user_agent})
        # More connections than calls are ever in flight.
        adapter = DeadlineAdapter(pool_connections=4, pool_maxsize=100)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # Also keeps a .netrc file from replacing our Authorization header.
        self._session.trust_env = False
        # Keeps no cookies.
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
        """Send one request and read the whole response. Redirects are not followed: they could take a token elsewhere.

        `auth` is user name and password, of a request without an access token; `data` is sent as a form, `content` as
        JSON.

        Raises:
            ConnectError: no connection.
            TransientError: no response in time, or it was cut off.
            MalformedResponseError: a 2xx that is not JSON.
            ResponseTooLargeError: more than `MAX_RESPONSE_BYTES` bytes.
            GoToWebinarError: the request cannot be made with this environment or these secrets.
        """
        scheme, host = urlsplit(url)[:2]
        # As bytes, in UTF-8 (RFC 7617): of texts, the library takes nothing beyond Latin-1.
        basic = HTTPBasicAuth(*(part.encode(errors="replace") for part in auth)) if auth else None
        began = time.monotonic()
        try:
            reply = self._session.request(
                method,
                url,
                params=params,
                data=data,
                json=content,
                headers={"Authorization": f"Bearer {token}"} if token else None,
                auth=basic,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
                **self._environment(f"{scheme}://{host}"),
            )
            body = _read(reply, host)
        except ValueError:
            msg = f"the request to {host} cannot be made: check the proxy settings, and the secrets for odd characters"
            raise GoToWebinarError(msg) from None
        except OSError as error:  # what the library raises, too
            raise self._failure(error, host, began) from None
        response = _decode(reply, body)
        if response.is_success:
            return response
        sent = [value for name, value in (data or {}).items() if name != "grant_type"]
        return replace(response, body=without_secrets(response.body, [*self._secrets, token, *(auth or ()), *sent]))

    def _failure(self, error: OSError, host: str, began: float) -> GoToWebinarError:
        """Return what an exception of the HTTP library means."""
        reason = getattr(error.args[0], "reason", None) if error.args else None
        was_not_sent = isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(reason, NewConnectionError)
        transient = ConnectError if was_not_sent else TransientError
        match error:
            case requests.exceptions.SSLError():
                return _tls_failure(reason, host)
            case requests.exceptions.Timeout():
                return transient(self._too_late(host, began))
            case requests.exceptions.ProxyError():
                return ConnectError(f"no connection to {host} through the proxy that the environment names")
            case requests.exceptions.ConnectionError():
                is_late = bool(error.args) and isinstance(error.args[0], ReadTimeoutError)
                return transient(self._too_late(host, began) if is_late else f"no connection to {host}, or it was cut")
            case requests.exceptions.RequestException():
                return TransientError(f"the answer of {host} could not be read ({type(error).__name__})")
        advice = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names certificates that are not there"
        return GoToWebinarError(f"no connection to {host}: {advice}")

    def _too_late(self, host: str, began: float) -> str:
        deadline = RESPONSE_DEADLINE_FACTOR * self._timeout[1]
        if time.monotonic() - began < deadline:
            return f"{host} did not answer in time"
        return f"{host} did not finish its answer within {deadline:g} seconds"


def _tls_failure(reason: object, host: str) -> TransientError:
    if isinstance(getattr(reason, "args", (None,))[0], ssl.SSLCertVerificationError):
        advice = "if your network inspects TLS, name its certificates in REQUESTS_CA_BUNDLE"
        return ConnectError(f"the certificate of {host} is not to be trusted; {advice}")
    # It may have failed after the request was sent.
    return TransientError(f"no trusted TLS connection to {host}")


def _environment(origin: str) -> dict[str, Any]:
    """Return the proxies and certificate bundle that the environment names for `origin`.

    Looked up once per origin: for every call it would cost as much as the call itself.
    """
    with requests.Session() as session:
        settings = session.merge_environment_settings(origin, {}, None, None, None)
    # What goes to this machine is not encrypted, so that no proxy may carry it.
    proxies = {} if is_loopback(urlsplit(origin).hostname or "") else settings["proxies"]
    return {"proxies": proxies, "verify": settings["verify"]}


def is_loopback(host: str) -> bool:
    """Return whether a host, as it stands in a URL, is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(reply: requests.Response, host: str) -> bytearray:
    """Return the unpacked body; raises ResponseTooLargeError."""
    with contextlib.closing(reply):
        # Not a list of its parts, which may be of one byte each.
        body = bytearray()
        for part in reply.iter_content(256 * 1024):
            body += part
            if len(body) > MAX_RESPONSE_BYTES:
                msg = f"the answer of {host} is larger than {MAX_RESPONSE_BYTES // 1024**2} MiB"
                raise ResponseTooLargeError(msg)
    return body


def _decode(reply: requests.Response, content: bytearray) -> ApiResponse:
    response = ApiResponse(
        reply.status_code,
        None,
        retry_after=reply.headers.get("Retry-After", ""),
        location=reply.headers.get("Location", "").partition("?")[0],
        is_empty=not content or content.isspace(),
    )
    for decode in (msgspec.json.decode, json.loads):  # the latter also takes lone surrogates, a byte order mark, NaN
        with contextlib.suppress(ValueError, RecursionError):
            return replace(response, body=decode(content))
    if response.is_success:
        msg = f"the answer is not JSON (status {response.status}, {len(content)} bytes)"
        raise MalformedResponseError(msg) from None
    return response
