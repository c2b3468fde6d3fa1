"""What never ends, or is too much, is given up in time, with a line that says what it was."""

import contextlib
import gzip
import io
import logging
import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.api.errors import (
    AuthenticationError,
    MalformedResponseError,
    ResponseTooLargeError,
    RetriesExhaustedError,
    TransientError,
)
from tap_gotowebinar.api.retries import TRIES
from tap_gotowebinar.api.transport import MAX_RESPONSE_BYTES, Transport
from tests.canned_server import AT_ONCE, ME, SECRETS, Canned, api_calls, raw, talk, token_answer
from tests.forkserver import run_command
from tests.runs import FAST, run_here
from tests.selection import selecting

TIMEOUT = 0.2
MIB = 1024**2
BOMB = gzip.compress(bytes(MIB)) * (MAX_RESPONSE_BYTES // MIB + 1)

BEGINNINGS = {
    "status line": b"HTTP/1.1 2",
    "one endless header": b"HTTP/1.1 200 OK\r\nX-Endless: ",
    "body with a length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "body to the end of the connection": b"HTTP/1.1 200 OK\r\n\r\n",
    "one endless chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n",
    "length of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "please go on": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: ",
}
"""What comes before the bytes that trickle in."""


class Trickling(Canned):
    """Answers with some bytes at once and then one after the other, until nobody listens."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__(beginning)
        self.stopped = threading.Event()

    @override
    def answer(self, client: io.BufferedIOBase, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            client.write(answer)
            while not self.stopped.wait(TIMEOUT / 4):
                client.write(b"1")

    @override
    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        super().__exit__()


@pytest.fixture
def patient() -> Iterator[Transport]:
    with contextlib.closing(Transport(request_timeout=20, user_agent="tests")) as transport:
        yield transport


@pytest.fixture
def transport() -> Iterator[Transport]:
    with contextlib.closing(Transport(request_timeout=TIMEOUT, user_agent="tests")) as transport:
        yield transport


# Time ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(sent, marks=() if "body" in name else pytest.mark.slow, id=name)
        for name, sent in BEGINNINGS.items()
    ],
)
def test_an_answer_that_trickles_in_without_end_is_given_up(transport: Transport, beginning: bytes) -> None:
    with Trickling(beginning) as server, pytest.raises(TransientError) as caught:
        transport.send("GET", server.url)

    assert str(caught.value) == f"{server.host} did not finish its answer within {5 * TIMEOUT:g} seconds"


def test_a_slow_answer_that_ends_in_time_is_taken(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="drip", path=ME, seconds=0.6),))
    with talk(sandbox, timeout=0.2) as talking:
        assert talking.get()["id"]
    assert talking.stats.retries == 0


def test_all_tries_of_a_call_have_an_end_together(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="endless", path=ME, seconds=TIMEOUT / 4),))
    began = time.monotonic()
    with talk(sandbox, timeout=TIMEOUT) as talking, pytest.raises(RetriesExhaustedError) as caught:
        talking.get()

    late = rf"\S+ did not finish its answer within {5 * TIMEOUT:g} seconds"
    assert re.fullmatch(rf"gave up on {ME} after {10 * TIMEOUT:g} seconds of tries: {late}", str(caught.value))
    assert len(api_calls(sandbox)) <= 3
    assert time.monotonic() - began < 10


def test_tokens_that_expire_slowly_again_and_again_have_an_end_together(make_sandbox: Callable[..., Sandbox]) -> None:
    slowly = [Fault(kind="slow", path="/oauth/", seconds=0), Fault(kind="invalid_token", path=ME, after=True)]
    sandbox = make_sandbox(faults=slowly, latency=0.09)
    with talk(sandbox, timeout=TIMEOUT * 2) as talking, pytest.raises((RetriesExhaustedError, AuthenticationError)):
        talking.get()

    assert len(api_calls(sandbox)) <= 25


def test_a_token_endpoint_that_trickles_is_given_up_once_all_tries_took_too_long(
    transport: Transport,
) -> None:
    # No try ends before its first silence: three of them take longer than this, on a busy machine as well.
    transport.longest_call = 2.5 * TIMEOUT
    credentials = Credentials(SECRETS["client_id"], SECRETS["client_secret"], SECRETS["refresh_token"])
    with Trickling(BEGINNINGS["body with a length"]) as server:
        endpoint = TokenEndpoint(credentials, transport, server.url, waits=AT_ONCE)
        with pytest.raises(RetriesExhaustedError, match="gave up asking for an access token"):
            endpoint.request(credentials.credential, threading.Event())
        assert 1 <= len(server.requests) <= 3 < TRIES


# Size ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "503 Service Unavailable"])
@pytest.mark.parametrize(("packed", "encoding"), [(BOMB, "gzip"), (gzip.compress(BOMB), "gzip, gzip")])
def test_an_answer_of_any_status_is_bounded_however_often_it_is_packed(
    patient: Transport, packed: bytes, encoding: str, status: str
) -> None:
    answer = raw(packed, status, Content_Encoding=encoding, Location="/elsewhere")
    with Canned(answer) as server, pytest.raises(ResponseTooLargeError):
        patient.send("GET", server.url)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (ME, rf"gave up on {ME}: the answer of \S+ is larger than 64 MiB"),
        ("/oauth/token", r"gave up asking .*: the answer of \S+ is larger than 64 MiB; check auth_url.*"),
    ],
)
def test_too_large_an_answer_is_asked_for_once_and_named(
    make_sandbox: Callable[..., Sandbox], path: str, said: str
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="bomb", path=path),))
    with talk(sandbox) as talking, pytest.raises(RetriesExhaustedError) as caught:
        talking.get()
    assert re.fullmatch(said, str(caught.value))
    assert [call["path"] for call in sandbox.control.calls()].count(path) == 1


def test_an_answer_in_many_pieces_takes_no_more_memory_than_in_one(patient: Transport) -> None:
    pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"2\r\n11\r\n" * 100_000 + b"0\r\n\r\n"
    with Canned(pieces) as server:
        tracemalloc.start()
        with pytest.raises(MalformedResponseError, match=r"200000 bytes"):
            patient.send("GET", server.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2 * MIB


def test_a_list_too_large_for_one_answer_is_read_in_pages(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=1, registrants=10, faults=(Fault(kind="bomb", path="/registrants$", times=1),))
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("registrants"))
    assert done.exit_code == 0
    assert len(done.records("registrants")) == len(sandbox.control.expected_records()["registrants"])


def test_a_long_text_comes_out_whole(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=1)
    (webinar,) = (row["webinarKey"] for row in sandbox.control.expected_records()["webinars"])
    text = "lång " * (2 * MIB)
    row = {"registrantKey": 1, "firstName": text}
    sandbox.control.configure(faults=[Fault(kind="json", path=f"{webinar}/registrants$", value=[row])])
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("registrants"))
    assert done.exit_code == 0
    assert [record["firstName"] for record in done.records("registrants")] == [text]


# Pages ---------------------------------------------------------------------------------------------------------------


def page(number: int, rows: list[dict[str, Any]], total: int) -> dict[str, Any]:
    counters = {"size": 200, "totalElements": total, "totalPages": 10**6, "number": number}
    return {"_embedded": {"webinars": rows}, "page": counters}


def test_pages_that_repeat_themselves_end_and_are_said_to_be_incomplete(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    again = page(0, [{"webinarKey": str(key)} for key in range(1, 201)], 10**6)
    sandbox = make_sandbox(faults=(Fault(kind="json", path="/webinars$", value=again),))
    done = run_command({**sandbox.settings, **FAST}, tmp_path, catalog=selecting("webinars"))
    assert len(done.records("webinars")) == 200
    assert re.search(r"says it holds 1000000 rows and gave 200 different ones, read twice", done.stderr)
    assert len([call for call in sandbox.control.calls() if call["path"].endswith("/webinars")]) == 4


def test_pages_that_give_more_than_they_count_end(make_sandbox: Callable[..., Sandbox]) -> None:
    pages = [page(number, [{"webinarKey": str(1000 * number + key)} for key in range(200)], 250) for number in range(9)]
    faults = [Fault(kind="json", path="/webinars$", value=it, times=1) for it in pages]
    sandbox = make_sandbox(faults=faults)
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("webinars"))
    assert len([call for call in sandbox.control.calls() if call["path"].endswith("/webinars")]) == 4
    assert len(done.records("webinars")) == 400


def test_pages_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch, make_sandbox: Callable[..., Sandbox]) -> None:
    monkeypatch.setattr("tap_gotowebinar.api.pagination.MAX_PAGES", 7)
    pages = [page(number, [{"webinarKey": str(number + 1)}], 10**9) for number in range(9)]
    faults = [Fault(kind="json", path="/webinars$", value=it, times=1) for it in pages]
    sandbox = make_sandbox(faults=faults)
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("webinars"))
    assert (done.exit_code, done.records("webinars")) == (1, [])
    assert len([call for call in sandbox.control.calls() if call["path"].endswith("/webinars")]) == 7


# Redirects and headers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["http://[", "//", "\xff", "https://elsewhere.invalid/", ""])
def test_wherever_a_redirect_points_it_is_just_an_answer(transport: Transport, location: str) -> None:
    with Canned(raw(b"{}", "307 Temporary Redirect", Location=location)) as server:
        assert transport.send("GET", server.url).status == 307
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_secrets_are_not_taken_where_a_redirect_of_the_token_endpoint_points(status: str) -> None:
    with Canned(token_answer()) as elsewhere:
        moved = raw(b"", status, Location=f"{elsewhere.url}/oauth/token?secret=1")
        with Canned(moved) as server, talk(server) as talking, pytest.raises(AuthenticationError) as caught:
            talking.get()
    assert elsewhere.requests == []
    assert len(server.requests) == 1
    assert f"(status {status[:3]}): check auth_url" in str(caught.value)


@pytest.mark.parametrize("line", ["no colon", ": no name", " folded", "Set-Cookie", "X: \x00"])
def test_lines_that_are_no_headers_are_not_logged(
    transport: Transport, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    caplog.set_level(logging.WARNING)
    answer = raw(b"{}").replace(b"\r\n\r\n", f"\r\n{line} ada.berg@example.com\r\n\r\n".encode(), 1)
    with Canned(answer) as server, contextlib.suppress(TransientError):
        transport.send("GET", server.url)
    assert caplog.records == []
