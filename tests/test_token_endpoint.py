"""Asking for a token while GoTo asks to wait."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from tap_gotowebinar.errors import ComeBackLaterError
from tap_gotowebinar.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.transport import Transport
from tests.talking import AT_ONCE, Canned, raw


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
        with pytest.raises(ComeBackLaterError, match="start again after"):
            endpoint.ask("refresh", time.monotonic, hurry)

    assert hurry.waits == [140, 140]
    assert len(server.requests) == 3
