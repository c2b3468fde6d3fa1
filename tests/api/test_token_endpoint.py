"""Asking for a token: how long, and what is told of the answer."""

import contextlib
import threading
import time

import pytest

from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.api.errors import AuthenticationError, RateLimitedError
from tap_gotowebinar.api.transport import Transport
from tests.canned_server import AT_ONCE, Canned, raw


class Hurry(threading.Event):
    """Nobody asks for the end, and every wait is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return False


def test_pauses_that_are_asked_for_again_and_again_have_an_end_together() -> None:
    hurry = Hurry()
    later = raw(b"{}", "429 Too Many Requests", Retry_After="140")
    transport = Transport(request_timeout=5, user_agent="tests")
    with Canned(later) as server, contextlib.closing(transport):
        endpoint = TokenEndpoint(Credentials("client", "secret"), transport, f"{server.url}/oauth/token", AT_ONCE)
        with pytest.raises(RateLimitedError, match="start again after"):
            endpoint.request("refresh", time.monotonic, hurry)

    assert hurry.waits == [140, 140]
    assert len(server.requests) == 3


def test_a_secret_that_is_repeated_is_not_shown_however_short() -> None:
    said = b'{"error": "invalid_client", "error_description": "s3cr3t of Ada is wrong, and so is r3fr3sh"}'
    transport = Transport(request_timeout=5, user_agent="tests")
    with Canned(raw(said, "401 Unauthorized")) as server, contextlib.closing(transport):
        known = Credentials("client", "s3cr3t", refresh_token="r3fr3sh")
        endpoint = TokenEndpoint(known, transport, f"{server.url}/oauth/token", AT_ONCE)
        with pytest.raises(AuthenticationError) as caught:
            endpoint.request("r3fr3sh", time.monotonic, Hurry())

    assert "invalid_client: <secret> of Ada is wrong, and so is <secret>" in str(caught.value)
