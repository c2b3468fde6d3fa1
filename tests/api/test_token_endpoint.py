"""Asking for a token: for how long, and what is told of an answer that holds none."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.auth.authenticator import MISSING
from tap_gotowebinar.api.errors import AuthenticationError, RateLimitedError, RetriesExhaustedError
from tests.api.test_authenticator import OAUTH, authenticator
from tests.canned_server import Canned, api_calls, in_threads, raw, talk, token_answer, token_calls

# Credentials ---------------------------------------------------------------------------------------------------------


CLIENT = "client_id and client_secret are not those of an OAuth client that GoTo knows; correct them"


@pytest.mark.parametrize(
    ("wrong", "said", "remedy"),
    [
        ("client_id", "401, invalid_client: The client id or secret is wrong.", CLIENT),
        ("client_secret", "401, invalid_client: The client id or secret is wrong.", CLIENT),
        (
            "refresh_token",
            "400, invalid_grant: The refresh token is invalid or expired.",
            "refresh_token is wrong, expired or used up; get a new one with tap-gotowebinar-login",
        ),
        (
            "personal_access_token",
            "400, invalid_grant: The personal access token is invalid.",
            "personal_access_token is wrong, expired or used up; get a new one and set it",
        ),
    ],
)
def test_wrong_credentials_are_one_clear_line(sandbox: Sandbox, wrong: str, said: str, remedy: str) -> None:
    with talk(sandbox, settings={wrong: "mistyped"}) as talking, pytest.raises(AuthenticationError) as caught:
        talking.get()
    assert str(caught.value) == f"no access token from {sandbox.url}/oauth/token (status {said}): {remedy}"
    assert api_calls(sandbox) == []


def test_without_any_proof_of_who_the_user_is_there_is_one_clear_line() -> None:
    with Canned(token_answer()) as server, authenticator(server.url, refresh_token="") as auth:
        with pytest.raises(AuthenticationError) as caught:
            auth.token()
        assert (str(caught.value), server.requests) == (MISSING, [])


def test_a_refresh_token_that_dies_in_mid_run_is_one_clear_line(sandbox: Sandbox) -> None:
    with talk(sandbox) as talking:
        talking.get()
        sandbox.control.expire_access_tokens()
        sandbox.control.revoke_refresh_token()
        with pytest.raises(AuthenticationError, match="refresh_token is wrong, expired or used up"):
            talking.get()


def test_refused_credentials_are_shown_once_however_many_ask(sandbox: Sandbox) -> None:
    with talk(sandbox, settings={"refresh_token": "mistyped"}) as talking:
        # At once, and later.
        endings = in_threads(20, talking.get) + in_threads(1, talking.get)
    assert {type(ending) for ending in endings} == {AuthenticationError}
    assert token_calls(sandbox) == 1


# Answers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (raw(b"{}"), 200),
        (raw(b"[]"), 200),
        (token_answer(token="null"), 200),
        (token_answer(token='""'), 200),
        (token_answer(token="17"), 200),
        (token_answer(token='"two words"'), 200),
        (token_answer(token='"line\\nbreak"'), 200),
        (token_answer(token='"tok\\u20acn"'), 200),
        (raw(b'{"message": "No longer here"}', "404 Not Found"), "404, No longer here"),
        (raw(b"", "302 Found", Location="https://elsewhere.invalid/?secret=1"), 302),
    ],
)
def test_an_answer_without_a_usable_token_names_what_to_check(answer: bytes, status: object) -> None:
    with Canned(answer) as server, authenticator(server.url) as auth, pytest.raises(AuthenticationError) as caught:
        auth.token()
    assert str(caught.value) == (
        f"no access token from {server.url}/oauth/token (status {status}): "
        "check auth_url, client_id, client_secret and refresh_token"
    )
    assert len(server.requests) == 1


def test_a_secret_that_is_repeated_is_not_shown_however_short() -> None:
    said = b'{"error": "invalid_client", "error_description": "s3cr3t of Ada is wrong, and so is r3fr3sh"}'
    with (
        Canned(raw(said, "401 Unauthorized")) as server,
        authenticator(server.url, client_secret="s3cr3t", refresh_token="r3fr3sh") as auth,
        pytest.raises(AuthenticationError, match="client: <secret> of Ada is wrong, and so is <secret>"),
    ):
        auth.token()


# Trying again --------------------------------------------------------------------------------------------------------


NETWORK = "; check auth_url and the network"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(kind="html", path=OAUTH), rf"the answer is not JSON \(status 200, \d+ bytes\){NETWORK}"),
        (Fault(kind="truncate", path=OAUTH), rf"the answer is not JSON \(status 200, \d+ bytes\){NETWORK}"),
        (Fault(kind="empty", path=OAUTH), rf"the answer is not JSON \(status 200, 0 bytes\){NETWORK}"),
        (Fault(kind="reset", path=OAUTH), f"no connection to [0-9.:]+, or it was cut{NETWORK}"),
        (Fault(kind="cut", path=OAUTH), rf"the answer of [0-9.:]+ could not be read \(\w+\){NETWORK}"),
        (Fault(kind="status", status=503, path=OAUTH), f"http://[0-9.:]+/oauth/token answered 503{NETWORK}"),
        (Fault(kind="status", status=408, path=OAUTH), f"http://[0-9.:]+/oauth/token answered 408{NETWORK}"),
        (
            Fault(kind="status", status=429, path=OAUTH),
            "http://[0-9.:]+/oauth/token answered 429, because too many were asked for; .* the same token_path",
        ),
    ],
    ids=["html", "truncate", "empty", "reset", "cut", "503", "408", "429"],
)
def test_a_token_endpoint_that_stays_broken_is_given_up_and_one_that_stumbles_is_asked_again(
    make_sandbox: Callable[..., Sandbox], fault: Fault, reason: str
) -> None:
    sandbox = make_sandbox(faults=(replace(fault, times=6 + 5),))
    with talk(sandbox) as talking:
        with pytest.raises(RetriesExhaustedError) as caught:
            talking.get()
        assert re.fullmatch(f"gave up asking for an access token: {reason}", str(caught.value))
        assert (token_calls(sandbox), talking.stats.calls) == (6, 0)

        assert talking.get()["id"]
    assert (token_calls(sandbox), talking.stats.calls) == (6 + 6, 1)


def test_a_token_endpoint_that_asks_for_a_long_pause_ends_the_run(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", status=429, path=OAUTH, retry_after=301),))
    with talk(sandbox) as talking, pytest.raises(RateLimitedError) as caught:
        talking.get()
    assert re.fullmatch(
        rf"GoTo gives out no more access tokens for now \({sandbox.url}/oauth/token answered 429\): "
        r"start again after \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ",
        str(caught.value),
    )
    assert token_calls(sandbox) == 1


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
    with Canned(later) as server, authenticator(server.url) as auth:
        with pytest.raises(RateLimitedError, match="start again after"):
            auth._endpoint.request("refresh", hurry)
        assert (hurry.waits, len(server.requests)) == ([140, 140], 3)


def test_who_waits_for_a_renewal_that_is_given_up_does_not_wait_for_another(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", path="/oauth/", status=503),), latency=0.02)
    with talk(sandbox) as talking:
        endings = in_threads(10, talking.get)
    assert {type(ending) for ending in endings} == {RetriesExhaustedError}
    assert token_calls(sandbox) < 5 * 6
